// A small synth of this page's own, so that nobody needs one to hear the instrument.

const LOUD = 0.22;
const ATTACK_S = 0.006;
const BODY_S = 0.5; // how fast the first brightness goes
const RELEASE_S = 0.16;
const ROOM_S = 1.6;
const ROOM_LOUD = 0.22;

export class Sound {
  constructor(changed) {
    this.changed = changed; // is told how many notes sound
    this.context = null;
    this.voices = new Map();
    this.on = false;
  }

  /** From a click, or the browser lets nothing sound. */
  start() {
    this.context ??= new AudioContext({ latencyHint: "interactive" });
    this.out ??= this.wired();
    this.context.resume();
    this.on = true;
  }

  stop() {
    this.on = false;
    this.silence();
  }

  /** Strike (velocity above 0) or let go, at a moment by performance.now(). */
  note(channel, pitch, velocity, atMs) {
    if (!this.on) return;
    const at = this.context.currentTime + Math.max(0, (atMs - performance.now()) / 1000);
    const key = `${channel}/${pitch}`;
    this.letGo(key, at);
    if (velocity > 0) {
      this.voices.set(key, this.struck(pitch, velocity, at));
      this.changed(this.voices.size);
    }
  }

  /** Let everything go now. */
  silence() {
    for (const key of [...this.voices.keys()]) this.letGo(key, this.context.currentTime);
  }

  letGo(key, at) {
    const voice = this.voices.get(key);
    if (!voice) return;
    this.voices.delete(key);
    voice.level.gain.cancelScheduledValues(at);
    voice.level.gain.setTargetAtTime(0, at, RELEASE_S / 3);
    for (const source of voice.sources) source.stop(at + 3 * RELEASE_S);
    this.changed(this.voices.size);
  }

  struck(pitch, velocity, at) {
    const { context } = this;
    const hertz = 440 * 2 ** ((pitch - 69) / 12);
    const hard = velocity / 127;
    const level = new GainNode(context, { gain: 0 });
    const bright = new BiquadFilterNode(context, { type: "lowpass", Q: 0.4, frequency: hertz * 2 });
    level.gain.setValueAtTime(0, at);
    level.gain.linearRampToValueAtTime(LOUD * hard, at + ATTACK_S);
    level.gain.setTargetAtTime(LOUD * hard * 0.7, at + ATTACK_S, BODY_S);
    bright.frequency.setValueAtTime(Math.min(9000, hertz * (3 + 6 * hard)), at);
    bright.frequency.setTargetAtTime(hertz * 2.2, at, BODY_S / 2);
    const partials = [["triangle", 1, -4, 0.9], ["triangle", 1, 4, 0.9], ["sine", 2, 0, 0.25]];
    const sources = partials.map(([type, times, detune, gain]) => {
      const source = new OscillatorNode(context, { type, frequency: hertz * times, detune });
      source.connect(new GainNode(context, { gain })).connect(bright);
      source.start(at);
      return source;
    });
    bright.connect(level).connect(this.out);
    return { level, sources };
  }

  wired() {
    const { context } = this;
    const out = new GainNode(context);
    const room = new ConvolverNode(context, { buffer: this.room() });
    const limit = new DynamicsCompressorNode(context, { threshold: -12, ratio: 8 });
    out.connect(limit);
    out.connect(room).connect(new GainNode(context, { gain: ROOM_LOUD })).connect(limit);
    limit.connect(context.destination);
    return out;
  }

  /** Noise that dies away: a room. */
  room() {
    const length = Math.round(ROOM_S * this.context.sampleRate);
    const buffer = new AudioBuffer({ length, numberOfChannels: 2, sampleRate: this.context.sampleRate });
    for (const channel of [0, 1]) {
      const samples = buffer.getChannelData(channel);
      for (let n = 0; n < length; n += 1) samples[n] = (Math.random() * 2 - 1) * (1 - n / length) ** 3;
    }
    return buffer;
  }
}
