// The latent plane under the present base point, coloured by note count, and the cursor on it.

import { colourOf, cssOf } from "./colours.js";
import { countRange, dimensionName, knobOf } from "./counts.js";
import { draw } from "./frames.js";
import { amountOf, clamp, plain, promised } from "./numbers.js";
import { slides } from "./slide.js";

const $ = (id) => document.getElementById(id);

export class Plane {
  // send(address, value) passes a wish on; show(x, y) has another plane drawn.
  constructor(state, send, show) {
    this.state = state;
    this.send = send;
    this.show = show;
    this.axes = [1, 2];
    this.dimensions = "";
    this.picture = null;
    const [x, y] = (this.selects = [$("axis-x"), $("axis-y")]);
    x.onchange = () => this.choose(0, Number(x.value));
    y.onchange = () => this.choose(1, Number(y.value));
    slides($("plane"), $("cursor"), {
      get: () => this.place(),
      set: (place) => this.move(place),
      home: () => this.axes.map((axis) => this.along(axis, 0)),
      absolute: true,
      step: 0.02,
      leap: 0.2,
    });
    this.drawCursor = this.drawCursor.bind(this);
    this.drawPicture = this.drawPicture.bind(this);
    this.size = 0;
    new ResizeObserver(([{ contentRect }]) => {
      this.size = contentRect.width;
      draw(this.drawCursor);
    }).observe($("plane"));
    state.on("stage", () => this.begin());
    state.on("plane", () => draw(this.drawPicture));
    state.on("value", (address) => this.concerns(address) && draw(this.drawCursor));
  }

  begin() {
    const { stage } = this.state;
    const names = Array.from({ length: stage.dimensions }, (_, i) => dimensionName(stage, i + 1));
    if (this.dimensions !== names.join()) {
      this.dimensions = names.join();
      for (const select of this.selects) {
        select.replaceChildren(...names.map((name, i) => option(i + 1, name)));
      }
      if (Math.max(...this.axes) > stage.dimensions) this.axes = [1, 2];
    }
    this.range = countRange(stage.knobs);
    this.makeLegend();
    this.name();
    draw(this.drawPicture);
  }

  // One axis shows another dimension; where that is the other axis's, they change places.
  choose(which, dimension) {
    const other = this.axes[1 - which];
    if (dimension === other) this.axes.reverse();
    else this.axes[which] = dimension;
    this.show(...this.axes);
    this.name();
    this.state.plane = null;
    draw(this.drawPicture);
  }

  name() {
    const { stage } = this.state;
    const [xName, yName] = this.axes.map((axis) => dimensionName(stage, axis));
    const titles = this.axes.map((axis, i) => ([xName, yName][i] === `z${axis}` ? "" : ` (z${axis})`));
    this.selects.forEach((select, i) => (select.value = String(this.axes[i])));
    $("x-name").textContent = xName + titles[0];
    $("y-name").textContent = yName + titles[1];
    const [x, y] = this.axes.map((axis) => stage.z_ranges[axis - 1]);
    [$("x-low"), $("x-high")].forEach((end, i) => (end.textContent = plain(x[i])));
    [$("y-low"), $("y-high")].forEach((end, i) => (end.textContent = plain(y[i])));
    $("cursor").setAttribute("aria-label", `cursor, ${xName} across, ${yName} up`);
    draw(this.drawCursor);
  }

  concerns(address) {
    return address.startsWith("/glisser/z/") || address.startsWith("/glisser/knob/");
  }

  place() {
    return this.axes.map((axis) => this.along(axis, this.state.value(`/glisser/z/${axis}`) ?? 0));
  }

  along(axis, z) {
    const [low, high] = this.state.stage?.z_ranges[axis - 1] ?? [-3, 3];
    return clamp((z - low) / (high - low), 0, 1);
  }

  move(place) {
    if (!this.state.stage) return;
    place.forEach((along, i) => {
      const axis = this.axes[i];
      const [low, high] = this.state.stage.z_ranges[axis - 1];
      const z = low + (high - low) * along;
      const address = `/glisser/z/${axis}`;
      if (z !== this.state.value(address) && this.send(address, z)) this.state.wish(address, z);
    });
  }

  // What the plane has where the cursor stands; null while nobody knows.
  count() {
    if (!this.shown()) return null;
    const { size, counts } = this.state.plane;
    const [column, row] = this.place().map((along) => Math.min(size - 1, Math.floor(along * size)));
    return counts[row * size + column];
  }

  shown() {
    const { plane } = this.state;
    return plane !== null && plane.x === this.axes[0] && plane.y === this.axes[1];
  }

  drawPicture() {
    const picture = $("plane-picture");
    picture.classList.toggle("unknown", !this.shown());
    $("grain").textContent = this.shown() ? `${this.state.plane.size} × ${this.state.plane.size}` : "drawing";
    if (this.shown()) {
      const { size, counts } = this.state.plane;
      picture.width = picture.height = size;
      const context = picture.getContext("2d");
      const image = context.createImageData(size, size);
      counts.forEach((count, cell) => {
        const line = size - 1 - Math.floor(cell / size); // the lowest y is at the bottom
        const at = 4 * (line * size + (cell % size));
        image.data.set([...colourOf(count, ...this.range), 255], at);
      });
      context.putImageData(image, 0, 0);
      const [x, y] = this.axes.map((axis) => dimensionName(this.state.stage, axis));
      const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
      picture.setAttribute("aria-label", `plane of ${x} and ${y}: ${fewest} to ${most} notes`);
    }
    this.drawCursor();
  }

  drawCursor() {
    if (!this.state.stage) return;
    const [x, y] = this.place();
    const cursor = $("cursor");
    const [right, down] = [x * this.size, (1 - y) * this.size];
    cursor.style.transform = `translate(${right}px, ${down}px)`; // moved, not laid out anew
    $("cross-x").style.transform = `translateX(${right}px)`;
    $("cross-y").style.transform = `translateY(${down}px)`;
    const [low, high] = this.state.stage.z_ranges[this.axes[0] - 1];
    cursor.setAttribute("aria-valuemin", low);
    cursor.setAttribute("aria-valuemax", high);
    cursor.setAttribute("aria-valuenow", (low + (high - low) * x).toFixed(2));
    const count = this.count();
    const here = count === null ? [] : [`${count} notes here`];
    cursor.setAttribute("aria-valuetext", [...this.axes.map((axis) => this.says(axis)), ...here].join(", "));
    for (const step of $("legend").children) {
      const own = Number(step.dataset.count);
      step.classList.toggle("here", count !== null && own === clamp(count, ...this.range));
    }
  }

  says(axis) {
    const knob = knobOf(this.state.stage, axis);
    const position = knob && this.state.value(knob.address);
    const amount = position === undefined ? null : promised(knob.promise, position);
    const z = plain(this.state.value(`/glisser/z/${axis}`) ?? 0);
    const name = dimensionName(this.state.stage, axis);
    return `${name} ${amount === null ? z : amountOf(knob.attribute, amount)}`;
  }

  makeLegend() {
    const [low, high] = this.range;
    if ($("legend").dataset.range === `${low} ${high}`) return;
    $("legend").dataset.range = `${low} ${high}`;
    const steps = Array.from({ length: high - low + 1 }, (_, i) => low + i);
    $("legend").replaceChildren(
      ...steps.map((count) => {
        const step = document.createElement("li");
        step.dataset.count = count;
        step.textContent = (count === low && low > 0 ? "≤" : count === high ? "≥" : "") + count;
        step.style.setProperty("--swatch", cssOf(count, low, high));
        return step;
      }),
    );
  }
}

function option(value, text) {
  const made = document.createElement("option");
  made.value = String(value);
  made.textContent = text;
  return made;
}
