// The machine room: clock, doors, lateness, and what the instrument has said went wrong.

import { draw } from "./frames.js";
import { plain } from "./numbers.js";

const $ = (id) => document.getElementById(id);
const MAX_LINES = 8;
const SHOWN_MS = 7000; // so long the newest line is seen wherever one looks

export class Rig {
  constructor(state) {
    this.state = state;
    this.stats = {};
    this.drawFacts = this.drawFacts.bind(this);
    state.on("stage", () => this.doors());
    state.on("line", (kind, text) => this.log(kind, text));
    state.on("stats", (stats) => {
      this.stats = stats;
      draw(this.drawFacts);
    });
  }

  doors() {
    const doors = this.state.stage.doors.map((door) => {
      const item = document.createElement("li");
      item.textContent = door;
      return item;
    });
    $("doors").replaceChildren(...doors);
    draw(this.drawFacts);
  }

  drawFacts() {
    const { misses, cutoff_ms: cutoff, osc_refused: refused } = this.stats;
    const clock = this.clock();
    const facts = {
      clock,
      misses: misses === undefined ? "–" : String(misses),
      cutoff: cutoff === undefined ? "–" : `${plain(cutoff)} ms before`,
      refused: refused === undefined ? "–" : String(refused),
    };
    for (const [id, text] of Object.entries(facts)) {
      if ($(id).textContent !== text) $(id).textContent = text;
    }
  }

  clock() {
    const { clock_locked: locked, clock_bpm: bpm } = this.stats;
    const who = { internal: "our own", midi: "MIDI clock", link: "Link" }[this.state.stage?.clock] ?? "–";
    if (locked === undefined) return who;
    return locked ? `${who}, in sync at ${plain(bpm)} bpm` : `${who}, nobody heard`;
  }

  // One line more, with the time of day; the newest is seen for a while, and said by a screen reader.
  log(kind, text) {
    const line = document.createElement("li");
    line.classList.toggle("error-line", kind === "error");
    const time = document.createElement("time");
    time.textContent = new Date().toTimeString().slice(0, 8);
    line.append(time, ` ${text}`);
    const log = $("log");
    log.querySelector(".quiet")?.remove();
    log.prepend(line);
    while (log.childElementCount > MAX_LINES) log.lastElementChild.remove();
    $("status").textContent = text;
    $("status").classList.toggle("error", kind === "error");
    clearTimeout(this.fading);
    this.fading = setTimeout(() => ($("status").textContent = ""), SHOWN_MS);
  }
}
