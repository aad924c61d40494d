// The same keys as in the terminal.

const ACTS = { " ": "play", p: "panic", f: "freeze", c: "capture", s: "sound", n: "next", b: "previous" };
const WRITING = "input:not([type=range]):not([type=checkbox]), select, textarea";
const OWN_SPACE = "button, summary, input"; // where the space bar presses what has the focus

export function keys(acts) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    if (!(key in ACTS) || event.target.matches(WRITING)) return;
    if (key === " " && event.target.matches(OWN_SPACE)) return;
    event.preventDefault();
    acts[ACTS[key]]();
  });
}
