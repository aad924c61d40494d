// What numbers mean musically. Pure.

export const STEPS = 32;
export const STEPS_PER_BAR = 16;
const HOLD = -1;
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** The notes of 32 steps: {pitch, onset, length}, in steps. A HOLD after silence is silence. */
export function notesOf(steps) {
  const notes = [];
  let sounding = null;
  steps.forEach((step, onset) => {
    if (step >= 0) {
      sounding = { pitch: step, onset, length: 1 };
      notes.push(sounding);
    } else if (step === HOLD && sounding) {
      sounding.length += 1;
    } else {
      sounding = null;
    }
  });
  return notes;
}

/** How a pitch is called, middle C being C4. */
export function nameOf(pitch) {
  return `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

/** A phrase as one reads it aloud. */
export function spoken(steps) {
  const notes = notesOf(steps);
  if (!notes.length) return "silence";
  return `${counted(notes.length)}: ${notes.map((note) => nameOf(note.pitch)).join(" ")}`;
}

export function counted(notes) {
  return notes === 1 ? "1 note" : `${notes} notes`;
}

/** What a knob's curve promises at a position 0..1; null where it promises nothing. */
export function promised(promise, position) {
  if (!promise || !promise.length) return null;
  let [before, after] = [promise[0], promise[promise.length - 1]];
  for (const point of promise) {
    if (point[0] <= position) before = point;
    if (point[0] >= position) { after = point; break; }
  }
  const span = after[0] - before[0];
  const part = span > 0 ? Math.min(1, Math.max(0, (position - before[0]) / span)) : 0;
  return before[1] + part * (after[1] - before[1]);
}

/** A number as it is read at a glance: whole where it counts things. */
export function short(value, unit) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const digits = unit === "notes" ? 0 : 1;
  const said = value.toFixed(digits);
  return (Number(said) === 0 ? said.replace("-", "") : said).replace("-", "−");
}
