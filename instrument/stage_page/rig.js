// Ports, clock, lateness and faults; what was lost; what happened last.

import { redraw } from "./frame.js";

const LINES = 6;

export function rig(state) {
  const list = document.getElementById("rig");
  const log = document.getElementById("log");
  const lost = document.getElementById("lost");

  function draw() {
    const stats = counters(state.values.get("/glisser/get/stats") ?? []);
    const facts = [...(state.stage?.doors ?? []).map(parted)];
    if (state.stage) facts.push(["clock", clockOf(state.stage.clock, stats)]);
    if ("misses" in stats) {
      facts.push(["late phrases", String(stats.misses)]);
      facts.push(["a knob counts until", `${Number(stats.cutoff_ms).toFixed(1)} ms before the bar`]);
      const again = (stats.engine_starts ?? 1) + (stats.player_starts ?? 1) - 2;
      if (again > 0) facts.push(["started again", `${again} times`]);
    }
    list.replaceChildren(...facts.map(([what, is]) => {
      const fact = element("div", "");
      fact.append(element("dt", what), element("dd", is));
      return fact;
    }));
  }

  function told(kind) {
    return ([line]) => {
      const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
      const item = element("li", line);
      item.className = kind;
      item.prepend(element("time", time), " ");
      log.prepend(item);
      while (log.childElementCount > LINES) log.lastElementChild.remove();
    };
  }

  function link() {
    const text = !state.linked
      ? "The stage's server does not answer. The music may go on; this page connects again by itself."
      : state.main ? "" : "Glisser does not answer. This page goes on when it is back.";
    lost.hidden = !text;
    lost.textContent = text;
    document.body.classList.toggle("away", Boolean(text));
  }

  state.on("stage", () => redraw(draw));
  state.on("/glisser/get/stats", () => redraw(draw));
  state.on("/glisser/status", told("said"));
  state.on("/glisser/error", told("fault"));
  state.on("link", link);
}

function counters(list) {
  return Object.fromEntries(Array.from({ length: list.length / 2 }, (_, n) => [list[2 * n], list[2 * n + 1]]));
}

function clockOf(clock, stats) {
  if (clock === "internal") return "its own";
  const locked = stats.clock_locked ? `locked at ${Number(stats.clock_bpm).toFixed(1)} bpm` : "not locked";
  return `${clock === "midi" ? "MIDI clock" : "Ableton Link"}, ${locked}`;
}

function parted(door) {
  const place = door.indexOf(":");
  return place < 0 ? ["open", door] : [door.slice(0, place), door.slice(place + 1).trim()];
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
