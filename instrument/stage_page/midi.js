// The notes, out of a MIDI port of the browser's, where it has any.

export class MidiOut {
  constructor() {
    this.port = null;
    this.sounding = new Set();
    this.select = document.getElementById("midi-out");
    this.select.addEventListener("change", () => this.choose(this.select.value));
    window.addEventListener("pagehide", () => this.silence());
    if (!navigator.requestMIDIAccess) return;
    document.getElementById("midi").hidden = false;
    this.select.replaceChildren(new Option("off", ""), new Option("look for ports …", "?"));
  }

  async choose(id) {
    this.silence();
    if (id === "?") {
      await this.look();
      return;
    }
    this.port = this.access?.outputs.get(id) ?? null;
  }

  async look() {
    try {
      this.access = await navigator.requestMIDIAccess();
      const ports = [...this.access.outputs.values()].map((port) => new Option(port.name, port.id));
      this.select.replaceChildren(new Option(ports.length ? "off" : "no port is here", ""), ...ports, new Option("look again …", "?"));
    } catch {
      this.select.replaceChildren(new Option("the browser does not allow it", ""), new Option("try again …", "?"));
    }
    this.port = null;
  }

  /** `channel` from 1; at a moment by performance.now(). */
  note(channel, pitch, velocity, atMs) {
    if (!this.port) return;
    const status = (velocity > 0 ? 0x90 : 0x80) | (channel - 1);
    this.port.send([status, pitch, velocity > 0 ? velocity : 64], atMs);
    this.sounding[velocity > 0 ? "add" : "delete"](`${channel - 1}/${pitch}`);
  }

  /** Let everything go now. */
  silence() {
    for (const key of this.sounding) {
      const [channel, pitch] = key.split("/").map(Number);
      this.port?.send([0x80 | channel, pitch, 64]);
    }
    this.sounding.clear();
  }
}
