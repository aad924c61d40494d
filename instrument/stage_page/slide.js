// What one drags or turns by keys: pointer and keyboard on an element with role slider.

const FINE = 0.1; // of a step, with Shift
const TAP_PX = 5; // less than this is no drag
const DOUBLE_MS = 350;

const KEYS = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

// On `area`, over the element `handle` that has the focus.
//   get() -> [x, y], each 0..1; set([x, y]) is told where it shall be.
//   flat: one direction only; up and down are as right and left, and a touch may scroll the page.
//   step, leap: how far an arrow and a page key go.   home(): where a double click leads.
//   absolute: it goes to where it is touched; else a drag is from where it stands, and a tap goes there.
export function slides(area, handle, { get, set, flat, absolute, step = 0.01, leap = 0.1, home }) {
  let from = null;
  let tapMs = -Infinity;

  let box = null; // where the area lies, as long as a hand is on it

  const place = (event) => {
    return [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
  };
  const to = ([x, y]) => set([within(x), flat ? 0 : within(y)]);

  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || from) return;
    area.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    box = area.getBoundingClientRect();
    from = { id: event.pointerId, at: place(event), stood: get(), x: event.clientX, y: event.clientY, moved: false };
    if (absolute) to(from.at);
    event.preventDefault();
  });
  area.addEventListener("pointermove", (event) => {
    if (from?.id !== event.pointerId) return;
    from.moved ||= Math.hypot(event.clientX - from.x, event.clientY - from.y) > TAP_PX;
    if (!from.moved) return;
    const at = place(event);
    to(absolute ? at : at.map((now, i) => from.stood[i] + now - from.at[i]));
  });
  area.addEventListener("pointerup", (event) => {
    if (from?.id !== event.pointerId) return;
    if (!from.moved) {
      const again = event.timeStamp - tapMs < DOUBLE_MS;
      tapMs = event.timeStamp;
      if (again && home) to(home());
      else if (!absolute) to(from.at);
    }
    from = null;
  });
  area.addEventListener("pointercancel", () => (from = null));
  handle.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moved = byKey(event, get(), { flat, step, leap });
    if (!moved) return;
    event.preventDefault();
    to(moved);
  });
}

function byKey(event, [x, y], { flat, step, leap }) {
  const size = event.shiftKey ? step * FINE : step;
  const arrow = KEYS[event.key];
  if (arrow) return flat ? [x + (arrow[0] + arrow[1]) * size, 0] : [x + arrow[0] * size, y + arrow[1] * size];
  switch (event.key) {
    case "PageUp":
      return flat ? [x + leap, 0] : [x, y + leap];
    case "PageDown":
      return flat ? [x - leap, 0] : [x, y - leap];
    case "Home":
      return [0, y];
    case "End":
      return [1, y];
    default:
      return null;
  }
}

function within(value) {
  return Math.min(1, Math.max(0, value));
}
