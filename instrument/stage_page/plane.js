// The plane under the base point, coloured by the number of notes, and the cursor on it.

import { cssOf, rgbOf, FEWEST, MOST } from "./colour.js";
import { fresh, redraw, whenResized } from "./frame.js";
import { counted, short } from "./music.js";

const NUDGE = 0.1;
const LEAP = 0.5;

export function plane(state, connection) {
  const field = document.getElementById("field");
  const canvas = document.getElementById("plane");
  const cursor = document.getElementById("cursor");
  const selects = [document.getElementById("axis-x"), document.getElementById("axis-y")];
  let axes = [1, 2];
  let cells = null; // the newest picture, a pixel a cell

  const addresses = () => axes.map((dimension) => `/glisser/z/${dimension}`);
  const range = (n) => state.stage?.z_ranges[axes[n] - 1] ?? [-3, 3];
  const place = () => addresses().map((address, n) => {
    const [low, high] = range(n);
    return (state.value(address, 0) - low) / (high - low);
  });

  function draw() {
    const { context, width, height } = fresh(canvas);
    if (!cells) return;
    context.imageSmoothingEnabled = false;
    context.drawImage(cells, 0, 0, width, height);
  }

  function point() {
    const [across, up] = place();
    cursor.style.left = `${100 * across}%`;
    cursor.style.top = `${100 * (1 - up)}%`;
    const notes = countHere();
    const said = addresses().map((address, n) => `${labelOf(axes[n])} ${short(state.value(address, 0))}`);
    cursor.setAttribute("aria-valuenow", String(state.value(addresses()[0], 0)));
    cursor.setAttribute("aria-valuetext", `${said.join(", ")}${notes === null ? "" : `; ${counted(notes)}`}`);
    cursor.dataset.notes = notes ?? "";
  }

  function countHere() {
    const { plane: told } = state;
    if (!told || told.x !== axes[0] || told.y !== axes[1]) return null;
    const [column, row] = place().map((part) => Math.min(told.size - 1, Math.max(0, Math.floor(part * told.size))));
    return told.counts[row * told.size + column];
  }

  function labelOf(dimension) {
    const knob = state.stage?.knobs.find((each) => each.voice === 1 && each.dimension === dimension && each.true);
    return knob ? knob.label : `z${dimension}`;
  }

  function take() {
    const told = state.plane;
    if (!told || told.x !== axes[0] || told.y !== axes[1]) return;
    const picture = new ImageData(told.size, told.size);
    told.counts.forEach((count, n) => {
      const row = told.size - 1 - Math.floor(n / told.size); // row 0 is the lowest
      picture.data.set([...rgbOf(count), 255], 4 * (row * told.size + (n % told.size)));
    });
    cells = document.createElement("canvas");
    cells.width = cells.height = told.size;
    cells.getContext("2d").putImageData(picture, 0, 0);
    field.dataset.size = told.size;
    redraw(draw);
    redraw(point);
  }

  function go(parts) {
    parts.forEach((part, n) => {
      const [low, high] = range(n);
      const value = low + (high - low) * Math.min(1, Math.max(0, part));
      state.move(addresses()[n], value);
      connection.set(addresses()[n], value);
    });
  }

  function drag(event) {
    const box = field.getBoundingClientRect();
    go([(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height]);
  }

  field.addEventListener("pointerdown", (event) => {
    field.setPointerCapture(event.pointerId);
    cursor.focus({ preventScroll: true });
    drag(event);
    event.preventDefault();
  });
  field.addEventListener("pointermove", (event) => {
    if (field.hasPointerCapture(event.pointerId)) drag(event);
  });
  cursor.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? LEAP : NUDGE;
    const moves = { ArrowRight: [step, 0], ArrowLeft: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step], Home: null };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const by = moves[event.key];
    go(place().map((part, n) => {
      const [low, high] = range(n);
      return by === null ? -low / (high - low) : part + by[n] / (high - low);
    }));
  });

  selects.forEach((select, n) => select.addEventListener("change", () => {
    const chosen = Number(select.value);
    if (chosen === axes[1 - n]) axes[1 - n] = axes[n]; // they change places
    axes[n] = chosen;
    show();
  }));

  function show() {
    selects.forEach((select, n) => { select.value = String(axes[n]); });
    cells = null;
    connection.send({ plane: { x: axes[0], y: axes[1] } });
    redraw(draw);
    redraw(point);
    take();
  }

  state.on("stage", () => {
    const { dimensions } = state.stage;
    axes = axes.map((dimension, n) => (dimension <= dimensions ? dimension : n + 1));
    for (const select of selects) {
      const options = Array.from({ length: dimensions }, (_, n) => new Option(optionOf(n + 1), String(n + 1)));
      select.replaceChildren(...options);
    }
    for (let dimension = 1; dimension <= dimensions; dimension += 1) watch(`/glisser/z/${dimension}`);
    show();
  });
  state.on("plane", take);
  whenResized(canvas, draw);
  legend();

  const watched = new Set();
  function watch(address) {
    if (watched.has(address)) return;
    watched.add(address);
    state.on(address, () => redraw(point));
  }

  function optionOf(dimension) {
    const label = labelOf(dimension);
    return label === `z${dimension}` ? label : `z${dimension} ${label}`;
  }
}

function legend() {
  const canvas = document.getElementById("legend");
  document.getElementById("legend-low").textContent = String(FEWEST);
  document.getElementById("legend-high").textContent = String(MOST);
  const draw = () => {
    const { context, width, height } = fresh(canvas);
    const colours = MOST - FEWEST + 1;
    for (let n = 0; n < colours; n += 1) {
      context.fillStyle = cssOf(FEWEST + n);
      context.fillRect((n * width) / colours, 0, width / colours + 1, height);
    }
  };
  whenResized(canvas, draw);
}
