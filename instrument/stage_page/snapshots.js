// Snapshots: kept under a name, recalled at a touch, over so many bars.

import { clamp } from "./numbers.js";

const $ = (id) => document.getElementById(id);
const MORPH = "/glisser/morph-bars";

export class Snapshots {
  constructor(state, send) {
    this.state = state;
    this.send = send;
    this.shown = null;
    state.on("stage", () => this.list());
    state.on("value", (address) => address === MORPH && this.bars());
    $("save").onsubmit = (event) => {
      event.preventDefault();
      const name = $("snapshot-name").value.trim();
      if (name && send("/glisser/snapshot/save", name)) $("save").reset();
    };
    $("morph-bars").onchange = () => {
      const bars = clamp($("morph-bars").valueAsNumber || 0, 0, 64);
      if (send(MORPH, bars)) state.wish(MORPH, bars);
    };
  }

  list() {
    const names = this.state.stage.snapshots ?? [];
    if (this.shown === names.join("\n")) return;
    this.shown = names.join("\n");
    const buttons = names.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      // Without a number of bars: then morph-bars decides, which the field above sets.
      button.onclick = () => this.send("/glisser/snapshot/recall", name);
      return button;
    });
    const none = document.createElement("p");
    none.className = "quiet";
    none.textContent = "None yet: save where everything stands now.";
    $("snapshots").replaceChildren(...(names.length ? buttons : [none]));
  }

  bars() {
    if (document.activeElement !== $("morph-bars")) $("morph-bars").value = this.state.value(MORPH);
  }
}
