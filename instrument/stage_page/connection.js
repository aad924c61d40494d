// The one WebSocket: frames in, OSC messages out, never absent long.

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 4000;
export const SOUND_DELAY_MS = 60; // what is played here waits so long, so that no jitter is heard

/** `hear` gets each frame; `linked` whether there is a server. */
export class Connection {
  constructor(hear, linked) {
    this.hear = hear;
    this.linked = linked;
    this.offset = Infinity; // our clock less the server's, by the quickest frame so far
    this.waiting = new Map(); // of an address the newest, until the next frame is drawn
    this.retryMs = FIRST_RETRY_MS;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.socket = socket;
    socket.onopen = () => {
      this.retryMs = FIRST_RETRY_MS;
      this.offset = Infinity;
      this.linked(true);
    };
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = () => {
      this.waiting.clear();
      this.linked(false);
      setTimeout(() => this.open(), this.retryMs);
      this.retryMs = Math.min(LAST_RETRY_MS, this.retryMs * 2);
    };
  }

  take(frame) {
    if ("at_ms" in frame) this.offset = Math.min(this.offset, performance.now() - frame.at_ms);
    this.hear(frame);
  }

  /** A moment of the server by our clock. */
  here(atMs) {
    return atMs + this.offset;
  }

  /** Where something stands now: of one address only the newest is sent, once a picture. */
  set(address, ...values) {
    if (!this.waiting.size) requestAnimationFrame(() => this.flush());
    this.waiting.delete(address);
    this.waiting.set(address, values);
  }

  /** What happens each time: sent at once, after what waits. */
  press(address, ...values) {
    this.flush();
    this.send({ osc: [[address, ...values]] });
  }

  flush() {
    if (!this.waiting.size) return;
    const messages = [...this.waiting].map(([address, values]) => [address, ...values]);
    this.waiting.clear();
    this.send({ osc: messages });
  }

  send(frame) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }
}
