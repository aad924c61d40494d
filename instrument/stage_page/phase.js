// Where in the bar we are, told only bar lines and the tempo. Pure: times are arguments, in ms.

export class Phase {
  constructor() {
    this.bar = 0;
    this.beats = 4;
    this.bpm = 120;
    this.sinceMs = null; // when `begun` of the bar was over; null: no bar line heard yet
    this.begun = 0; // 0..1 of the bar
  }

  // A bar line was heard.
  line(bar, nowMs) {
    this.bar = bar;
    this.sinceMs = nowMs;
    this.begun = 0;
  }

  // It stands still, or begins anew.
  stop() {
    this.sinceMs = null;
  }

  // From now on so fast; what is over of the bar is over.
  tempo(bpm, nowMs) {
    if (this.sinceMs !== null) {
      this.begun = this.at(nowMs);
      this.sinceMs = nowMs;
    }
    this.bpm = bpm;
  }

  // How much of the bar is over, 0..1; waits just before the next bar line until it is heard. null:
  // nobody knows.
  at(nowMs) {
    if (this.sinceMs === null) return null;
    const barMs = (this.beats * 60000) / this.bpm;
    return Math.min(0.9999, this.begun + Math.max(0, nowMs - this.sinceMs) / barMs);
  }

  // The same over the two bars of the phrase: odd bars play its first half.
  overPhrase(nowMs) {
    const at = this.at(nowMs);
    return at === null ? null : ((this.bar + 1) % 2) / 2 + at / 2;
  }
}
