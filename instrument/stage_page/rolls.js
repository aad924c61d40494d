// The phrase that sounds and the one that comes, as piano rolls, and the playhead over the first.

import { draw } from "./frames.js";
import { clamp, pitchName } from "./numbers.js";
import { STEPS, layout, notesOf, pitchRange } from "./roll_shape.js";

const LEFT = 34; // for the names of the octaves
const STEPS_PER_BEAT = 4;
const MAX_DENSE = 2; // pixels to one of CSS; a phone has three, and nobody sees the third
const NAME_FROM_PX = 22; // a note this wide has room for its name
const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Rolls {
  // place() is where playing is in the two bars, 0..1, or null.
  constructor(state, place) {
    this.state = state;
    this.place = place;
    this.drawSounds = this.drawSounds.bind(this);
    this.drawComes = this.drawComes.bind(this);
    this.drawPlayhead = this.drawPlayhead.bind(this);
    this.colours = coloursOf(document.documentElement);
    const both = () => {
      draw(this.drawSounds);
      draw(this.drawComes);
    };
    for (const what of ["phrase", "stage"]) state.on(what, both);
    this.drawnRange = ""; // of the sheet that sounds
    state.on("next", () => {
      draw(this.drawComes);
      if (this.drawnRange !== String(this.range())) draw(this.drawSounds);
    });
    for (const what of ["bar", "playing", "main"]) state.on(what, () => draw(this.drawPlayhead));
    this.width = this.height = 0; // of a sheet, looked up when it changes and not once a frame
    const resized = new ResizeObserver(() => {
      ({ clientWidth: this.width, clientHeight: this.height } = $("roll-sounds"));
      both();
    });
    for (const id of ["roll-sounds", "roll-comes"]) resized.observe($(id));
  }

  voices() {
    return [...this.state.phrases].filter(([voice]) => voice <= (this.state.stage?.voices ?? 1));
  }

  range() {
    return pitchRange(...this.voices().map(([, steps]) => steps), this.state.next?.steps ?? []);
  }

  drawSounds() {
    const phrases = this.voices().map(([voice, steps]) => ({
      steps,
      colour: this.colours[`voice-${voice}`],
      named: voice === 1, // names of two voices would lie on one another
    }));
    this.drawnRange = String(this.range());
    this.drawSheet($("roll-sounds"), phrases.reverse());
    this.describe("sounds", "the phrase that sounds", this.state.phrases.get(1));
  }

  drawComes() {
    const steps = this.state.next?.steps;
    const now = this.state.phrases.get(1) ?? [];
    const phrases = steps ? [{ steps, colour: this.colours.asked, before: now, named: true }] : [];
    this.drawSheet($("roll-comes"), phrases);
    this.describe("comes", "the phrase that comes", steps, now);
  }

  drawSheet(canvas, phrases) {
    const { width, height } = this;
    if (!width || !height) return;
    const dense = Math.min(MAX_DENSE, devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * dense)) canvas.width = Math.round(width * dense);
    if (canvas.height !== Math.round(height * dense)) canvas.height = Math.round(height * dense);
    const context = canvas.getContext("2d");
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.clearRect(0, 0, width, height);
    const range = this.range();
    const place = layout(width, height, range, LEFT);
    this.drawGrid(context, place, width, height, range);
    for (const phrase of phrases) this.drawNotes(context, place, phrase);
  }

  drawGrid(context, place, width, height, [low, high]) {
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let pitch = low; pitch <= high; pitch++) {
      if (pitch % 12 !== 0) continue;
      const y = Math.round(place.y(pitch) + place.line) - 0.5;
      this.line(context, LEFT, y, width, y, "line-strong");
      context.fillStyle = this.colours.muted;
      context.fillText(pitchName(pitch), 4, place.y(pitch) + place.line / 2);
    }
    for (let step = 0; step <= STEPS; step += STEPS_PER_BEAT) {
      const x = Math.min(width - 1, Math.round(place.x(step))) + 0.5;
      const bar = step % 16 === 0;
      if (bar) this.line(context, x, 0, x, height, "bar-line", 2);
      else this.line(context, x, 0, x, height, "line");
    }
  }

  line(context, fromX, fromY, toX, toY, colour, width = 1) {
    context.strokeStyle = this.colours[colour];
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  }

  drawNotes(context, place, { steps, colour, before, named }) {
    const { notes } = notesOf(steps);
    for (const { pitch, step, length } of notes) {
      const same = before !== undefined && before[step] === pitch;
      const [x, y] = [place.x(step) + 1, place.y(pitch)];
      const [wide, high] = [place.x(step + length) - x - 1, clamp(place.line * 1.6, 8, 18)];
      context.fillStyle = context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.beginPath();
      context.roundRect(x, y + (place.line - high) / 2, wide, high, 4);
      context.globalAlpha = same ? 0.2 : 1; // what stays as it is steps back
      context.fill();
      context.globalAlpha = 1;
      context.stroke();
      if (!named || wide < NAME_FROM_PX) continue;
      context.fillStyle = this.colours.text;
      context.font = "600 12px system-ui, sans-serif";
      context.textBaseline = "alphabetic";
      const above = y > 16;
      context.fillText(pitchName(pitch).replace(/-?\d+$/, ""), x + 1, above ? y - 6 : y + high + 13);
    }
  }

  describe(which, what, steps, before) {
    const notes = steps ? notesOf(steps).notes : [];
    const names = notes.map(({ pitch }) => pitchName(pitch)).join(" ");
    const canvas = $(`roll-${which}`);
    canvas.setAttribute("aria-label", steps ? `${what}: ${notes.length} notes, ${names}` : `${what}: not known yet`);
    const same = before && steps && steps.every((value, i) => value === before[i]);
    $(`${which}-says`).textContent = steps ? (same ? "the same" : `${notes.length} notes`) : "";
  }

  // As long as it plays, once a frame; a moved element costs no drawing.
  drawPlayhead() {
    const at = this.place();
    const head = $("playhead");
    head.hidden = at === null;
    if (at === null) return;
    const shown = still.matches ? Math.floor(at * STEPS) / STEPS : at;
    head.style.transform = `translateX(${(LEFT + (this.width - LEFT) * shown).toFixed(1)}px)`;
    draw(this.drawPlayhead);
  }
}

// Looked up once: to ask for a style again makes the browser compute all styles first.
function coloursOf(root) {
  const style = getComputedStyle(root);
  const names = ["asked", "muted", "text", "line", "line-strong", "bar-line"];
  for (let voice = 1; voice <= 4; voice++) names.push(`voice-${voice}`);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
