// Drawing: once a picture and only where something has changed; canvases at the screen's own grain.

const due = new Set();
let asked = false;

/** Have `draw` called before the next picture, once however often it is asked for. */
export function redraw(draw) {
  due.add(draw);
  if (!asked) {
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const now = [...due];
      due.clear();
      for (const each of now) each();
    });
  }
}

/** The canvas's context, in CSS pixels, cleared; and its size. */
export function fresh(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const grain = devicePixelRatio || 1;
  const [across, down] = [Math.round(width * grain), Math.round(height * grain)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  const context = canvas.getContext("2d");
  context.setTransform(grain, 0, 0, grain, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Draw again when the canvas has another size. */
export function whenResized(canvas, draw) {
  new ResizeObserver(() => redraw(draw)).observe(canvas);
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
