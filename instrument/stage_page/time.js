// Where the song is, between one bar line that was told and the next.

const BEATS = 4;
const GONE_MS = 50; // a bar that is over and was not followed by another

export class SongTime {
  constructor(state) {
    this.state = state;
    this.bar = null;
    this.beganMs = 0;
    state.on("/glisser/bar", ([bar], atMs) => {
      this.bar = bar;
      this.beganMs = atMs;
    });
  }

  get playing() {
    return Boolean(this.state.value("/glisser/playing", 0)) && this.bar !== null;
  }

  get barMs() {
    return (BEATS * 60000) / this.state.value("/glisser/tempo", 120);
  }

  /** How much of the bar is over, 0..1, `lateMs` behind what the server says. */
  part(lateMs = 0) {
    const over = (performance.now() - lateMs - this.beganMs) / this.barMs;
    return Math.min(1 - GONE_MS / 1e5, Math.max(0, over));
  }

  /** The beat of now, from 1. */
  beat(lateMs = 0) {
    return 1 + Math.floor(this.part(lateMs) * BEATS);
  }

  /** The place in the phrase, 0..1 over its two bars. */
  place(lateMs = 0) {
    return (((this.bar - 1) % 2) + this.part(lateMs)) / 2;
  }
}
