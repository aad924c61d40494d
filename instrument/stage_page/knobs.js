// The knobs: where each stands, what it promises there, and what is heard of it.

import { draw } from "./frames.js";
import { amountOf, plain, positionOf, promised } from "./numbers.js";
import { slides } from "./slide.js";

export class Knobs {
  // send(address, value) passes a wish on.
  constructor(state, send, place) {
    this.state = state;
    this.send = send;
    this.place = place;
    this.built = "";
    this.knobs = new Map();
    this.drawAll = this.drawAll.bind(this);
    state.on("stage", () => this.begin());
    state.on("heard", () => draw(this.drawAll));
    state.on("value", (address) => {
      const knob = this.knobs.get(address);
      if (knob) draw(knob.draw);
    });
  }

  begin() {
    const knobs = JSON.stringify(this.state.stage.knobs);
    if (knobs !== this.built) {
      this.built = knobs;
      this.knobs = new Map(this.state.stage.knobs.map((knob) => [knob.address, this.make(knob)]));
      this.place.replaceChildren(...[...this.knobs.values()].map((each) => each.element));
    }
    draw(this.drawAll);
  }

  drawAll() {
    for (const knob of this.knobs.values()) knob.draw();
  }

  make(told) {
    const element = part("div", told.true ? "knob true" : "knob");
    const head = part("div", "knob-head", element);
    const name = part("span", "knob-name", head);
    name.textContent = (told.voice > 1 ? `voice ${told.voice} ` : "") + told.label;
    if (told.label !== `z${told.number}`) part("small", "", name).textContent = ` ${told.number}`;
    const asked = part("output", "asked", head);
    const heard = part("output", "heard", head);
    for (const each of [asked, heard]) each.setAttribute("aria-hidden", "true"); // the slider says it
    const area = part("div", "track-area", element);
    const track = part("div", "track", area);
    part("div", "fill", track);
    const mark = part("div", "heard-mark", track);
    const slider = part("div", "thumb", track);
    slider.tabIndex = 0;
    for (const [what, value] of Object.entries({
      role: "slider",
      "aria-label": `knob ${told.number}, ${name.firstChild.data}`,
      "aria-valuemin": "0",
      "aria-valuemax": "1",
    })) {
      slider.setAttribute(what, value);
    }
    if (told.promise.length) ends(part("div", "ends", element), told);
    const position = () => this.state.value(told.address) ?? 0.5;
    slides(area, slider, {
      get: () => [position(), 0],
      set: ([to]) => this.send(told.address, to) && this.state.wish(told.address, to),
      home: () => [this.middle(told.address), 0],
      flat: true,
    });
    const shown = { asked, heard, mark, slider, track };
    return { element, draw: () => this.drawOne(told, position(), shown) };
  }

  middle(address) {
    return this.state.stage.parameters.find((each) => each.address === address)?.default ?? 0.5;
  }

  drawOne(told, position, { asked, heard, mark, slider, track }) {
    const promise = promised(told.promise, position);
    const played = this.state.heard[told.address];
    const says = (amount) => amountOf(told.attribute, amount);
    const askedText = promise === null ? plain(position) : says(promise);
    const heardText = played === undefined ? "" : says(played);
    if (asked.textContent !== askedText) asked.textContent = askedText;
    if (heard.textContent !== heardText) heard.textContent = heardText;
    track.style.setProperty("--at", position);
    track.style.setProperty("--from", from(told));
    const where = played === undefined ? null : positionOf(told.promise, played);
    mark.hidden = where === null;
    track.style.setProperty("--heard-at", where ?? 0);
    slider.setAttribute("aria-valuenow", position.toFixed(3));
    const words = told.true ? [`${told.label} ${askedText}`] : [askedText];
    if (played !== undefined) words.push(`heard ${heardText}`);
    slider.setAttribute("aria-valuetext", words.join(", "));
  }
}

// Where nothing is asked for: its bar is drawn from there. The middle, but for what cannot be less
// than nothing.
function from({ true: tied, promise }) {
  if (!tied || promise.length < 2) return 0.5;
  return promise[0][1] < 0 && promise.at(-1)[1] > 0 ? positionOf(promise, 0) : 0;
}

function ends(element, { attribute, promise }) {
  for (const [, amount] of [promise[0], promise.at(-1)]) {
    part("span", "", element).textContent = amountOf(attribute, amount);
  }
  element.setAttribute("aria-hidden", "true");
}

function part(kind, className, within) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  within?.append(made);
  return made;
}
