// Keys of the whole page: space plays and stops, p is panic, f freezes. Where text is typed they are
// letters; a list keeps them but for panic, which is more urgent than an entry that begins with p.

const TYPED = 'textarea, [contenteditable], input:not([type="range"], [type="number"])';
const PRESSED_BY_SPACE = "button, summary, a[href]";

export function keys({ play, panic, freeze }) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.(TYPED)) return;
    const key = event.key.toLowerCase();
    if (key !== "p" && event.target.closest?.("select")) return;
    if (key === " " && event.target.closest?.(PRESSED_BY_SPACE)) return;
    const does = { " ": play, p: panic, f: freeze }[key];
    if (!does) return;
    event.preventDefault();
    does();
  });
}
