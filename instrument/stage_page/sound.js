// The notes, played by the browser: for whoever has no synth at hand.
//
// A note is two partials a little apart, a triangle and a sine an octave up, through a lowpass that
// closes as the note fades; all of them in a small room, made of noise that dies away.

const ATTACK_S = 0.006;
const RELEASE_S = 0.16;
const SUSTAIN = 0.45;
const DECAY_S = 0.7;
const SILENCE_S = 0.02; // fast, but without a click
const MAX_VOICES = 48;
const LATE_MS = 150; // a note later than that is left out; its end is not
const ROOM_S = 1.6;

export class Sound {
  constructor() {
    this.context = null;
    this.voices = new Map(); // "channel/pitch" -> voices, the oldest first
    this.alive = new Set(); // those not ended yet, also while they fade
    this.volume = 0.7;
    this.on = false;
    this.shiftS = -Infinity;
  }

  // How many voices sound, or fade.
  get sounding() {
    return this.alive.size;
  }

  // By a hand on the page: browsers make no sound unasked.
  async start() {
    this.context ??= this.build();
    this.on = true;
    this.shiftS = -Infinity;
    await this.context.resume();
  }

  stop() {
    this.on = false;
    this.silence();
  }

  // Sets how loud it is, 0..1.
  loud(volume) {
    this.volume = volume;
    this.master?.gain.setTargetAtTime(volume * volume, this.context.currentTime, 0.02);
  }

  build() {
    const context = new AudioContext({ latencyHint: "interactive" });
    const limiter = new DynamicsCompressorNode(context, { threshold: -12, ratio: 8, attack: 0.003 });
    this.master = new GainNode(context, { gain: this.volume ** 2 });
    this.bus = new GainNode(context, { gain: 0.5 });
    const room = new ConvolverNode(context, { buffer: impulse(context) });
    this.bus.connect(this.master);
    this.bus.connect(room).connect(new GainNode(context, { gain: 0.3 })).connect(this.master);
    this.master.connect(limiter).connect(context.destination);
    return context;
  }

  // A note of the instrument, due at `dueMs` of performance.now(); velocity 0 is its end.
  note(channel, pitch, velocity, dueMs) {
    if (!this.on) return;
    const late = performance.now() - dueMs > LATE_MS;
    const atS = this.seconds(dueMs);
    const key = `${channel}/${pitch}`;
    if (velocity === 0) this.release(this.voices.get(key)?.shift(), atS, RELEASE_S);
    else if (!late) this.strike(key, pitch, velocity, atS);
  }

  // The same moment on the context's clock. That clock advances in steps and is never ahead, so the
  // largest difference seen is the true one.
  seconds(dueMs) {
    const nowS = this.context.currentTime;
    this.shiftS = Math.max(this.shiftS - 1e-5, nowS - performance.now() / 1000);
    return Math.max(nowS, dueMs / 1000 + this.shiftS);
  }

  strike(key, pitch, velocity, atS) {
    const { context } = this;
    const hz = 440 * 2 ** ((pitch - 69) / 12);
    const loud = 0.05 + 0.3 * (velocity / 127) ** 1.6;
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, atS);
    gain.gain.linearRampToValueAtTime(loud, atS + ATTACK_S);
    gain.gain.setTargetAtTime(loud * SUSTAIN, atS + ATTACK_S, DECAY_S / 3);
    const open = Math.min(9000, hz * (2.5 + (5 * velocity) / 127));
    const filter = new BiquadFilterNode(context, { type: "lowpass", frequency: open, Q: 0.6 });
    filter.frequency.setValueAtTime(open, atS);
    filter.frequency.setTargetAtTime(Math.max(500, hz * 1.8), atS + ATTACK_S, 0.35);
    filter.connect(gain).connect(this.bus);
    const voice = { gain, partials: [], atS };
    this.partial(voice, filter, { type: "triangle", frequency: hz, detune: -4 }, 1);
    this.partial(voice, filter, { type: "triangle", frequency: hz, detune: 5 }, 0.7);
    this.partial(voice, filter, { type: "sine", frequency: hz * 2, detune: 2 }, 0.22);
    voice.partials[0].onended = () => {
      this.alive.delete(voice);
      gain.disconnect();
    };
    this.alive.add(voice);
    if (!this.voices.has(key)) this.voices.set(key, []);
    this.voices.get(key).push(voice);
    if (this.alive.size > MAX_VOICES) this.release(this.alive.values().next().value, atS, SILENCE_S);
  }

  partial(voice, filter, shape, loudness) {
    const partial = new OscillatorNode(this.context, shape);
    partial.connect(new GainNode(this.context, { gain: loudness })).connect(filter);
    partial.start(voice.atS);
    voice.partials.push(partial);
  }

  release(voice, atS, fadeS) {
    if (!voice) return;
    const { gain, partials } = voice;
    const fromS = Math.max(atS, this.context.currentTime);
    gain.gain.cancelAndHoldAtTime?.(fromS);
    gain.gain.setTargetAtTime(0, fromS, fadeS / 4);
    for (const partial of partials) partial.stop(fromS + fadeS * 1.5);
  }

  // Everything ends now, also what has not begun yet.
  silence() {
    for (const voice of this.alive) this.release(voice, 0, SILENCE_S);
    this.voices.clear();
  }
}

// A room: noise that dies away, another in each ear.
function impulse(context) {
  const length = Math.round(ROOM_S * context.sampleRate);
  const buffer = context.createBuffer(2, length, context.sampleRate);
  for (const ear of [0, 1]) {
    const samples = buffer.getChannelData(ear);
    let dull = 0;
    for (let i = 0; i < length; i++) {
      dull += 0.35 * (2 * Math.random() - 1 - dull);
      samples[i] = dull * (1 - i / length) ** 3;
    }
  }
  return buffer;
}
