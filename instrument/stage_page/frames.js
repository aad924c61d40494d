// One animation frame for all that is to be drawn. What asked twice is drawn once; when nobody asks,
// nothing runs.

const waiting = new Set();
let asked = 0;

export function draw(what) {
  waiting.add(what);
  if (asked === 0) asked = requestAnimationFrame(run);
}

function run(nowMs) {
  asked = 0;
  const due = [...waiting];
  waiting.clear();
  for (const what of due) what(nowMs);
}
