// The WebSocket to the server: frames in, messages out, found again when it is lost.

const FIRST_RETRY_MS = 300;
const LAST_RETRY_MS = 5000;
const SEND_EVERY_MS = 8;
const SILENT_MS = 5000; // the counters come every second, whatever else happens
const LOOK_MS = 500;
const TRIGGER = /^\/glisser\/(play|stop|panic|capture|snapshot|song)(\/|$)/;
const MAX_MESSAGES = 64; // the server takes as many in one frame

export class Connection {
  // heard(frame) gets each frame as an object; changed(open) whether we are connected.
  constructor(heard, changed) {
    this.heard = heard;
    this.changed = changed;
    this.socket = null;
    this.retryMs = FIRST_RETRY_MS;
    this.retry = 0;
    this.waiting = new Map(); // by address: of all but triggers the newest will do
    this.timer = 0;
    this.axes = null;
    this.silentMs = SILENT_MS;
    this.heardMs = 0;
    this.quiet = false; // the server has said that there is nothing to be heard from it
    setInterval(() => this.look(), LOOK_MS);
    addEventListener("online", () => this.soon());
    document.addEventListener("visibilitychange", () => document.hidden || this.soon());
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.retry);
    this.retry = 0;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.socket = socket;
    this.heardMs = performance.now();
    socket.onopen = () => {
      this.retryMs = FIRST_RETRY_MS;
      this.changed(true);
      if (this.axes) this.say({ plane: this.axes });
    };
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.heardMs = performance.now();
      this.heard(JSON.parse(event.data));
    };
    socket.onclose = () => this.lost(socket);
  }

  // A wish: an OSC address and its arguments. One that cannot be sent now is not kept for later,
  // because later it would surprise.
  send(address, ...args) {
    if (!this.open) return false;
    if (TRIGGER.test(address)) {
      this.flush([[address, ...args]]);
      return true;
    }
    this.waiting.delete(address);
    this.waiting.set(address, [address, ...args]);
    this.timer ||= setTimeout(() => this.flush(), SEND_EVERY_MS);
    return true;
  }

  // Which two dimensions the plane shows; said again to a server that comes back.
  show(x, y) {
    this.axes = { x, y };
    this.say({ plane: this.axes });
  }

  flush(after = []) {
    clearTimeout(this.timer);
    this.timer = 0;
    const messages = [...this.waiting.values(), ...after];
    this.waiting.clear();
    for (let start = 0; start < messages.length; start += MAX_MESSAGES) {
      this.say({ osc: messages.slice(start, start + MAX_MESSAGES) });
    }
  }

  say(frame) {
    if (this.open) this.socket.send(JSON.stringify(frame));
  }

  lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.waiting.clear();
    this.changed(false);
    this.retry = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(LAST_RETRY_MS, this.retryMs * 2);
  }

  // A connection can end without a word, as when a tablet leaves the room.
  look() {
    if (!this.socket || this.quiet || performance.now() - this.heardMs < this.silentMs) return;
    const silent = this.socket;
    this.lost(silent);
    silent.close();
  }

  // Not to wait any longer: somebody looks again.
  soon() {
    if (this.retry) this.connect();
  }
}
