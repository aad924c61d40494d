// The knobs: what each moves, what it promises, and what is heard of it.

import { redraw } from "./frame.js";
import { promised, short } from "./music.js";

const FULL_TURN_PX = 220;
const SMALL = 0.01;
const LARGE = 0.1;
const SVG = "http://www.w3.org/2000/svg";
const ARC = "M 20.9 79.1 A 41 41 0 1 1 79.1 79.1"; // three quarters of a circle, open below

export function knobs(state, connection) {
  const homes = { true: document.getElementById("true-knobs"), false: document.getElementById("other-knobs") };
  let shown = "";
  let turned = [];

  state.on("stage", () => {
    const key = JSON.stringify(state.stage.knobs);
    if (key === shown) return;
    shown = key;
    turned.forEach((knob) => knob.end());
    turned = state.stage.knobs.map((knob) => new Knob(knob, state, connection));
    for (const [kind, home] of Object.entries(homes)) {
      const its = turned.filter((each) => String(each.knob.true) === kind);
      home.replaceChildren(...its.map((each) => each.element));
      home.hidden = !home.childElementCount;
    }
  });
}

class Knob {
  constructor(knob, state, connection) {
    Object.assign(this, { knob, state, connection });
    this.draw = () => this.show();
    this.element = this.build();
    this.listen();
    this.ends = [knob.address, "heard"].map((topic) => state.on(topic, () => redraw(this.draw)));
    redraw(this.draw);
  }

  /** Another song has other knobs: hear of this one no more. */
  end() {
    this.ends.forEach((end) => end());
  }

  build() {
    const element = document.createElement("div");
    element.className = "knob";
    element.setAttribute("role", "slider");
    element.tabIndex = 0;
    element.setAttribute("aria-label", `${nameOf(this.knob)}, knob ${this.knob.number}`);
    element.setAttribute("aria-valuemin", "0");
    element.setAttribute("aria-valuemax", "100");
    element.dataset.address = this.knob.address;
    const dial = svg("svg", { viewBox: "0 0 100 92", "aria-hidden": "true" });
    this.arc = svg("path", { d: ARC, class: "value", pathLength: "100" });
    this.hand = svg("line", { x1: "50", y1: "50", x2: "50", y2: "20", class: "hand" });
    dial.append(svg("path", { d: ARC, class: "track", pathLength: "100" }), this.arc, this.hand);
    const title = text("span", "title", nameOf(this.knob));
    this.number = text("span", "number", "");
    this.told = text("span", "told", "");
    element.append(title, dial, this.number, this.told);
    return element;
  }

  get position() {
    return this.state.value(this.knob.address, 0.5);
  }

  show() {
    const { knob, position } = this;
    this.arc.style.strokeDasharray = `${100 * position} 200`;
    this.hand.style.transform = `rotate(${270 * position - 135}deg)`;
    const asked = promised(knob.promise, position);
    const heard = this.state.heard[knob.address];
    const percent = Math.round(100 * position);
    this.element.setAttribute("aria-valuenow", String(percent));
    if (!knob.true) {
      this.number.textContent = String(percent);
      this.element.setAttribute("aria-valuetext", `${percent} percent`);
      return;
    }
    this.number.textContent = short(asked, knob.unit);
    this.told.textContent = `heard ${short(heard, knob.unit)}`;
    this.element.setAttribute("aria-valuetext",
      `${knob.label} ${short(asked, knob.unit)}, heard ${short(heard, knob.unit)}`);
  }

  turn(position) {
    const within = Math.min(1, Math.max(0, position));
    this.state.move(this.knob.address, within);
    this.connection.set(this.knob.address, within);
  }

  listen() {
    const { element } = this;
    let from = null;
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      element.focus({ preventScroll: true });
      from = { x: event.clientX, y: event.clientY, position: this.position };
      event.preventDefault();
    });
    element.addEventListener("pointermove", (event) => {
      if (!element.hasPointerCapture(event.pointerId) || !from) return;
      const moved = (from.y - event.clientY) + (event.clientX - from.x); // up, or to the right
      this.turn(from.position + moved / FULL_TURN_PX / (event.shiftKey ? 5 : 1));
    });
    element.addEventListener("dblclick", () => this.turn(0.5));
    element.addEventListener("wheel", (event) => {
      if (document.activeElement !== element) return; // else one only scrolls by
      event.preventDefault();
      this.turn(this.position - Math.sign(event.deltaY) * SMALL);
    }, { passive: false });
    element.addEventListener("keydown", (event) => {
      const to = {
        ArrowUp: this.position + SMALL, ArrowRight: this.position + SMALL,
        ArrowDown: this.position - SMALL, ArrowLeft: this.position - SMALL,
        PageUp: this.position + LARGE, PageDown: this.position - LARGE, Home: 0, End: 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.turn(to);
    });
  }
}

function nameOf(knob) {
  return knob.voice === 1 ? knob.label : `${knob.label}, voice ${knob.voice}`;
}

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function text(tag, name, content) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = content;
  return element;
}
