// The notes to a MIDI port of this browser, where it has any.

const $ = (id) => document.getElementById(id);
const NOTE_ON = 0x90;
const NOTE_OFF = 0x80;
const CONTROL = 0xb0;
const ALL_NOTES_OFF = 123;
const LATE_MS = 150;

export class WebMidi {
  constructor() {
    this.access = null;
    this.output = null;
    this.sounding = new Set(); // "channel/pitch", channels from 1
    this.lastDueMs = -Infinity; // of the notes sent
    $("web-midi-ask").onclick = () => this.ask();
    $("web-midi").onchange = () => this.choose($("web-midi").value);
    addEventListener("pagehide", () => this.silence());
    if (!navigator.requestMIDIAccess) {
      $("web-midi-ask").disabled = $("web-midi").disabled = true;
      this.say("This browser has none, or only over https or on localhost.");
    }
  }

  async ask() {
    try {
      this.access = await navigator.requestMIDIAccess();
    } catch {
      this.say("The browser does not allow it.");
      return;
    }
    this.access.onstatechange = () => this.list();
    this.list();
  }

  list() {
    const ports = [...this.access.outputs.values()].filter((port) => port.state === "connected");
    if (this.output && !ports.includes(this.output)) this.choose("");
    const options = [["", "off"], ...ports.map((port) => [port.id, port.name])];
    $("web-midi").replaceChildren(
      ...options.map(([id, name]) => {
        const option = document.createElement("option");
        option.value = id;
        option.textContent = name;
        return option;
      }),
    );
    $("web-midi").value = this.output?.id ?? "";
    this.say(ports.length ? "" : "No MIDI port was found.");
  }

  choose(id) {
    this.silence();
    this.output = id ? this.access.outputs.get(id) : null;
  }

  // A note due at `dueMs` of performance.now(), which is Web MIDI's clock as well.
  note(channel, pitch, velocity, dueMs) {
    if (!this.output) return;
    const key = `${channel}/${pitch}`;
    if (velocity > 0) {
      if (performance.now() - dueMs > LATE_MS) return;
      this.sounding.add(key);
      this.lastDueMs = Math.max(this.lastDueMs, dueMs);
      this.output.send([NOTE_ON | (channel - 1), pitch, velocity], dueMs);
    } else {
      this.sounding.delete(key);
      this.output.send([NOTE_OFF | (channel - 1), pitch, 0], dueMs);
    }
  }

  // Everything ends now. Not every browser takes back what has not gone out yet: where a note is
  // still to begin, everything ends once more after it.
  silence() {
    if (!this.output) return;
    this.output.clear?.();
    const nowMs = performance.now();
    this.close(nowMs);
    if (this.lastDueMs >= nowMs) this.close(this.lastDueMs + 1);
    this.sounding.clear();
  }

  close(atMs) {
    for (const key of this.sounding) {
      const [channel, pitch] = key.split("/").map(Number);
      this.output.send([NOTE_OFF | (channel - 1), pitch, 0], atMs);
    }
    for (let channel = 0; channel < 16; channel++) {
      this.output.send([CONTROL | channel, ALL_NOTES_OFF, 0], atMs);
    }
  }

  say(text) {
    $("web-midi-says").textContent = text;
  }
}
