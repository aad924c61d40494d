// Keys of the whole page: space plays and stops, p is panic, f freezes.

const OWN = "input, textarea, select, [contenteditable]";
const PRESSED_BY_SPACE = "button, summary, a[href]";

export function keys({ play, panic, freeze }) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const typing = event.target.closest?.(OWN);
    if (typing && !["range", "checkbox"].includes(typing.type)) return;
    const key = event.key.toLowerCase();
    if (key === " " && event.target.closest?.(PRESSED_BY_SPACE)) return;
    const does = { " ": play, p: panic, f: freeze }[key];
    if (!does) return;
    event.preventDefault();
    does();
  });
}
