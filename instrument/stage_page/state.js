// What this page knows, and who wants to hear of it. Newest wins; nothing here draws.

const OURS_MS = 250; // what a hand has moved is not moved back by an echo that was on its way

export class State {
  constructor() {
    this.stage = null;
    this.values = new Map(); // by OSC address
    this.moved = new Map(); // when a hand of this page moved it
    this.heard = {}; // delivered, by the knob's address
    this.next = null;
    this.plane = null;
    this.linked = false; // with the server
    this.main = true; // whether the server hears the instrument
    this.listeners = new Map();
  }

  /** Call `listener` whenever `topic` changes: "stage", "heard", "next", "plane", "link", an address.
   *  What it returns ends that. */
  on(topic, listener) {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
    return () => this.listeners.set(topic, this.listeners.get(topic).filter((each) => each !== listener));
  }

  tell(topic, ...about) {
    for (const listener of this.listeners.get(topic) ?? []) listener(...about);
  }

  /** A frame of the server; `here` turns its moments into ours. */
  take(frame, here) {
    if (frame.stage) this.put("stage", frame.stage);
    for (const [address, ...values] of frame.osc ?? []) this.message(address, values, here(frame.at_ms));
    if (frame.heard) this.put("heard", frame.heard);
    if (frame.next) this.put("next", frame.next);
    if (frame.plane) this.put("plane", frame.plane);
    if ("main" in frame) {
      this.main = frame.main;
      this.tell("link");
    }
  }

  put(topic, value) {
    this[topic] = value;
    this.tell(topic);
  }

  message(address, values, atMs) {
    if (performance.now() - (this.moved.get(address) ?? -Infinity) < OURS_MS) return;
    this.values.set(address, values);
    this.tell(address, values, atMs);
  }

  /** A hand of this page sets it: shown at once, whatever comes back. */
  move(address, value) {
    this.moved.set(address, performance.now());
    this.values.set(address, [value]);
    this.tell(address, [value], performance.now());
  }

  /** The first value at an address, or `otherwise`. */
  value(address, otherwise = null) {
    return this.values.get(address)?.[0] ?? otherwise;
  }

  link(linked) {
    this.linked = linked;
    this.main = true;
    this.tell("link");
  }
}
