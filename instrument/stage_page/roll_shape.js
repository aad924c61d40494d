// Where the notes of a phrase lie on a piano roll. Pure.

export const STEPS = 32;
export const HOLD = -1;
const LOWEST = 57; // A3 and A5: what the decoder was taught
const HIGHEST = 81;

// The notes of 32 steps: { pitch, step, length } in steps. A HOLD at the beginning is a tie to what
// sounded before: `tied` is how long it lasts.
export function notesOf(steps) {
  const notes = [];
  let tied = 0;
  let open = null;
  steps.forEach((value, step) => {
    if (value >= 0) notes.push((open = { pitch: value, step, length: 1 }));
    else if (value !== HOLD) open = null;
    else if (open) open.length++;
    else if (tied === step) tied++;
  });
  return { notes, tied };
}

// The lowest and the highest pitch that a roll shows: always the same, unless a note lies outside.
export function pitchRange(...phrases) {
  const pitches = phrases.flat().filter((value) => value >= 0);
  return [Math.min(LOWEST, ...pitches) - 1, Math.max(HIGHEST, ...pitches) + 1];
}

// In a box so wide and so high, with room for names on the left: functions from steps and pitches.
export function layout(width, height, [low, high], left) {
  const line = height / (high - low + 1);
  return {
    line,
    x: (step) => left + ((width - left) * step) / STEPS,
    y: (pitch) => (high - pitch) * line, // the upper edge of the pitch
  };
}
