// The server's clock in terms of ours. Pure: times are arguments, in ms.
//
// A frame that came quickly tells the difference best, so the smallest seen is kept; of the last
// half minute or so, because two clocks drift apart.

const WINDOW_MS = 30000;

export class ServerTime {
  constructor() {
    this.reset();
  }

  reset() {
    this.recent = this.older = Infinity;
    this.sinceMs = -Infinity;
  }

  // A frame that the server dated `atMs` is here.
  hear(atMs, nowMs) {
    if (nowMs - this.sinceMs > WINDOW_MS) {
      this.older = this.recent;
      this.recent = Infinity;
      this.sinceMs = nowMs;
    }
    this.recent = Math.min(this.recent, nowMs - atMs);
  }

  // When that was by our clock.
  here(atMs) {
    return atMs + Math.min(this.recent, this.older);
  }
}
