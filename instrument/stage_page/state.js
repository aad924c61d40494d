// What the page knows: the newest of everything the server has told, and what the hand here asks for
// until it is told back.

const WISHED_MS = 800; // so long a value set here is shown before what was told is again

export class State {
  constructor() {
    this.stage = null;
    this.told = new Map(); // address -> number
    this.wished = new Map(); // address -> { value, untilMs }
    this.phrases = new Map(); // voice -> 32 steps
    this.heard = {};
    this.next = null;
    this.plane = null;
    this.playing = false;
    this.main = true;
    this.listeners = new Map();
    this.timer = 0;
  }

  // what: stage, value, phrase, heard, next, plane, playing, main, bar, note, line, stats, song.
  on(what, listener) {
    if (!this.listeners.has(what)) this.listeners.set(what, []);
    this.listeners.get(what).push(listener);
  }

  emit(what, ...about) {
    for (const listener of this.listeners.get(what) ?? []) listener(...about);
  }

  value(address) {
    return this.wished.get(address)?.value ?? this.told.get(address);
  }

  // The hand here has set it. It is shown so at once, not when the instrument has told it back.
  wish(address, value) {
    this.wished.set(address, { value, untilMs: performance.now() + WISHED_MS });
    this.timer ||= setTimeout(() => this.expire(), WISHED_MS);
    this.emit("value", address);
  }

  expire() {
    this.timer = 0;
    const nowMs = performance.now();
    for (const [address, wish] of this.wished) {
      if (wish.untilMs <= nowMs) {
        this.wished.delete(address);
        this.emit("value", address);
      }
    }
    if (this.wished.size) this.timer = setTimeout(() => this.expire(), 100);
  }

  // A frame of the server.
  take(frame) {
    if (frame.stage) this.takeStage(frame.stage);
    if (frame.osc) for (const message of frame.osc) this.takeOsc(message, frame.at_ms);
    for (const what of ["heard", "next", "plane", "main"]) {
      if (what in frame) {
        this[what] = frame[what];
        this.emit(what);
      }
    }
  }

  takeStage(stage) {
    if (stage.song?.number !== this.stage?.song?.number) {
      this.wished.clear();
      this.next = null;
      this.plane = null;
    }
    this.stage = stage;
    this.emit("stage");
  }

  takeOsc([address, ...args], atMs) {
    const path = address.slice("/glisser/".length);
    const voice = /^voice\/(\d+)\/phrase$/.exec(path);
    if (path === "note") this.emit("note", ...args, atMs);
    else if (path === "bar") this.emit("bar", args[0], atMs);
    else if (path === "phrase" || voice) this.takePhrase(voice ? Number(voice[1]) : 1, args);
    else if (path === "playing") this.takePlaying(args[0] === 1);
    else if (path === "status" || path === "error") this.emit("line", path, String(args[0]));
    else if (path === "song") this.emit("song", ...args);
    else if (path === "get/stats") this.emit("stats", pairs(args));
    else if (typeof args[0] === "number" && args.length === 1) this.takeValue(address, args[0]);
  }

  takePhrase(voice, steps) {
    this.phrases.set(voice, steps);
    this.emit("phrase", voice);
  }

  takePlaying(playing) {
    this.playing = playing;
    this.emit("playing");
  }

  takeValue(address, value) {
    this.told.set(address, value);
    if (!this.wished.has(address)) this.emit("value", address);
  }
}

function pairs(flat) {
  const found = {};
  for (let i = 0; i + 1 < flat.length; i += 2) found[flat[i]] = flat[i + 1];
  return found;
}
