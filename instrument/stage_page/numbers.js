// Numbers as a musician reads them, and what a knob promises. Pure.

const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

// 69 -> "A4".
export function pitchName(pitch) {
  return `${NAMES[((pitch % 12) + 12) % 12]}${Math.floor(pitch / 12) - 1}`;
}

// An amount of an attribute, to the whole note or semitone: "8", "A4", "up 5", "bar 2 +1".
export function amountOf(attribute, amount) {
  const whole = Math.round(amount);
  switch (attribute) {
    case "note_count":
      return String(whole);
    case "register":
      return pitchName(whole);
    case "direction":
      return whole === 0 ? "level" : `${whole > 0 ? "up" : "down"} ${Math.abs(whole)}`;
    case "lean":
      return whole === 0 ? "even" : `bar ${whole > 0 ? 2 : 1} +${Math.abs(whole)}`;
    default:
      return amount.toFixed(1);
  }
}

// What is promised at a position 0..1, from pairs in order of position; null: nothing.
export function promised(promise, position) {
  if (promise.length === 0) return null;
  const after = promise.findIndex(([place]) => place >= position);
  if (after === 0) return promise[0][1];
  if (after < 0) return promise.at(-1)[1];
  const [[from, low], [to, high]] = [promise[after - 1], promise[after]];
  return low + ((high - low) * (position - from)) / (to - from);
}

// Where on the knob so much is promised, 0..1; its nearest end for what is outside; null: nowhere.
export function positionOf(promise, amount) {
  if (promise.length < 2) return null;
  const rising = promise.at(-1)[1] >= promise[0][1];
  const passed = ([, value]) => (rising ? value >= amount : value <= amount);
  const after = promise.findIndex(passed);
  if (after === 0) return promise[0][0];
  if (after < 0) return promise.at(-1)[0];
  const [[from, low], [to, high]] = [promise[after - 1], promise[after]];
  return high === low ? to : from + ((to - from) * (amount - low)) / (high - low);
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// A number for a read-out: at most two decimals, and a real minus.
export function plain(value) {
  return String(Math.round(value * 100) / 100 || 0).replace("-", "−");
}
