// The phrase that sounds and the one that comes, as piano rolls.

import { colour, fresh, redraw, whenResized } from "./frame.js";
import { counted, nameOf, notesOf, spoken, STEPS, STEPS_PER_BAR } from "./music.js";

const LOWEST = 55; // the sopranos' range and a little more; other notes widen it
const HIGHEST = 82;
const GUTTER = 30; // for the names of octaves
const STEPS_PER_BEAT = 4;

export function rolls(state, time, lateMs) {
  const now = new Roll(document.getElementById("now"), document.getElementById("now-count"));
  const coming = new Roll(document.getElementById("coming"), document.getElementById("next-count"));

  function draw() {
    now.draw(time.playing ? time.place(lateMs()) : null);
    if (time.playing) redraw(draw); // the playhead moves on
  }

  state.on("/glisser/phrase", (steps) => {
    now.take(steps);
    redraw(draw);
    redraw(drawComing);
  });
  state.on("/glisser/playing", () => redraw(draw));
  state.on("/glisser/bar", () => redraw(draw));
  state.on("next", () => {
    coming.take(state.next.steps);
    redraw(drawComing);
  });
  whenResized(now.canvas, draw);
  whenResized(coming.canvas, drawComing);

  function drawComing() {
    coming.draw(null, now.steps);
  }
}

class Roll {
  constructor(canvas, count) {
    this.canvas = canvas;
    this.count = count;
    this.steps = null;
    this.notes = [];
  }

  take(steps) {
    this.steps = steps;
    this.notes = notesOf(steps);
    this.count.textContent = counted(this.notes.length);
    this.canvas.setAttribute("aria-label", spoken(steps));
    this.canvas.dataset.steps = steps.join(" ");
  }

  /** With a playhead at `place` 0..1; notes that are not in `others` stand out. */
  draw(place, others = null) {
    const { context, width, height } = fresh(this.canvas);
    const pitches = this.notes.map((note) => note.pitch);
    const [low, high] = [Math.min(LOWEST, ...pitches) - 1, Math.max(HIGHEST, ...pitches) + 1];
    const across = (step) => GUTTER + ((width - GUTTER) * step) / STEPS;
    const row = height / (high - low + 1);
    const down = (pitch) => (high - pitch) * row;
    this.grid(context, height, across, down, low, high);
    const played = place === null ? -1 : place * STEPS;
    for (const note of this.notes) {
      const sounds = note.onset <= played && played < note.onset + note.length;
      const stays = others === null || others[note.onset] === note.pitch;
      context.fillStyle = colour(sounds ? "--sounding" : stays ? "--note" : "--fresh");
      const tall = Math.max(5, row * 1.3);
      const [x, y] = [across(note.onset) + 1, down(note.pitch) + (row - tall) / 2];
      context.beginPath();
      context.roundRect(x, y, across(note.onset + note.length) - x - 1.5, tall, Math.min(4, tall / 2));
      context.fill();
    }
    if (place !== null) {
      context.fillStyle = colour("--light");
      context.fillRect(across(played) - 0.75, 0, 1.5, height);
    }
  }

  grid(context, height, across, down, low, high) {
    context.font = "11px ui-sans-serif, system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let pitch = low; pitch <= high; pitch += 1) {
      if (pitch % 12) continue;
      const y = down(pitch) + (down(pitch - 1) - down(pitch)) / 2;
      context.fillStyle = colour("--line");
      context.fillRect(GUTTER, Math.round(y), across(STEPS) - GUTTER, 1);
      context.fillStyle = colour("--dim");
      context.fillText(nameOf(pitch), 4, y);
    }
    for (let step = 0; step <= STEPS; step += STEPS_PER_BEAT) {
      const line = step % STEPS_PER_BAR === 0;
      context.fillStyle = colour(line ? "--bar-line" : "--line");
      context.fillRect(Math.round(across(step)) - (step === STEPS ? 1 : 0), 0, 1, height);
    }
  }
}
