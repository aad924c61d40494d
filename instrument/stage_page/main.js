// The stage page: what goes where. What the server tells flows into the state, from there to what is
// shown and heard; what the hand does goes out as OSC, and comes back as the state.

import { Connection } from "./connection.js";
import { keys } from "./keys.js";
import { Knobs } from "./knobs.js";
import { Phase } from "./phase.js";
import { Plane } from "./plane.js";
import { Rig } from "./rig.js";
import { Rolls } from "./rolls.js";
import { ServerTime } from "./server_time.js";
import { Settings } from "./settings.js";
import { Snapshots } from "./snapshots.js";
import { Sound } from "./sound.js";
import { State } from "./state.js";
import { Transport } from "./transport.js";
import { WebMidi } from "./web_midi.js";

const AHEAD_MS = 60; // what the network may be late without being heard
const GREETING_MS = 400; // so long after it opens a bar is one that began before
const $ = (id) => document.getElementById(id);

const state = new State();
const phase = new Phase();
const time = new ServerTime();
const sound = new Sound();
const midi = new WebMidi();
let openedMs = -Infinity;

const connection = new Connection((frame) => {
  if ("at_ms" in frame) time.hear(frame.at_ms, performance.now());
  state.take(frame);
}, changed);
const send = connection.send.bind(connection);
const shownMs = () => performance.now() - (sound.on ? AHEAD_MS : 0);

new Plane(state, send, (x, y) => connection.show(x, y));
new Knobs(state, send, $("knobs"));
new Rolls(state, () => (state.playing ? phase.overPhrase(shownMs()) : null));
const transport = new Transport(state, send, () => phase.at(shownMs()));
new Snapshots(state, send);
new Rig(state);
new Settings(state, send, $("more"), $("settings"));

state.on("bar", (bar, atMs) => {
  if (performance.now() > openedMs + GREETING_MS) phase.line(bar, time.here(atMs));
});
state.on("value", (address) => {
  if (address === "/glisser/tempo") phase.tempo(state.value(address), performance.now());
});
state.on("stage", () => (phase.beats = state.stage.beats_per_bar));
state.on("playing", () => state.playing || phase.stop());
state.on("note", (channel, pitch, velocity, atMs) => {
  const dueMs = time.here(atMs) + AHEAD_MS;
  sound.note(channel, pitch, velocity, dueMs);
  midi.note(channel, pitch, velocity, dueMs);
});
state.on("main", () => {
  if (!state.main) halt();
  connection.quiet = !state.main;
  trouble(state.main ? "" : "The instrument does not answer. Its page waits for it.");
});

function changed(open) {
  document.body.classList.toggle("lost", !open);
  if (open) {
    openedMs = performance.now();
    connection.quiet = false;
    time.reset();
    state.main = true;
    trouble("");
  } else {
    halt();
    trouble("The connection is lost. The page tries to find it again.");
  }
}

// Nobody beats time: nothing sounds on, nothing moves on.
function halt() {
  phase.stop();
  silence();
}

function silence() {
  sound.silence();
  midi.silence();
}

function panic() {
  silence(); // first, whether or not anybody hears the wish
  send("/glisser/panic");
}

// Said once, however often it is so again: a screen reader reads out every change.
function trouble(text) {
  if ($("trouble").textContent === text) return;
  $("trouble").textContent = text;
  $("trouble").hidden = text === "";
}

async function soundOnOff() {
  try {
    if (sound.on) sound.stop();
    else await sound.start();
  } catch {
    sound.on = false;
    trouble("This browser can make no sound.");
  }
  $("sound").setAttribute("aria-pressed", sound.on);
}

$("panic").onclick = panic;
$("sound").onclick = soundOnOff;
$("volume").oninput = () => sound.loud($("volume").valueAsNumber);
addEventListener("pagehide", () => sound.silence());
keys({ play: () => transport.playOrStop(), panic, freeze: () => transport.freeze() });
connection.connect();

// To be looked at from the browser's console.
globalThis.glisser = { connection, phase, sound, state, time };
