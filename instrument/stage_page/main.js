// The stage page: one more client of the messages that OSC clients use. This file only wires.

import { Connection, SOUND_DELAY_MS } from "./connection.js";
import { keys } from "./keys.js";
import { knobs } from "./knobs.js";
import { MidiOut } from "./midi.js";
import { plane } from "./plane.js";
import { rig } from "./rig.js";
import { rolls } from "./rolls.js";
import { settings } from "./settings.js";
import { snapshots } from "./snapshots.js";
import { Sound } from "./sound.js";
import { State } from "./state.js";
import { SongTime } from "./time.js";
import { pressed, transport } from "./transport.js";

const state = new State();
const time = new SongTime(state);
const button = document.getElementById("sound");
const sound = new Sound((voices) => { button.dataset.voices = String(voices); });
const midi = new MidiOut();
// What is seen goes with what is heard here.
const lateMs = () => (sound.on ? SOUND_DELAY_MS : 0);

const connection = new Connection(
  (frame) => state.take(frame, (atMs) => connection.here(atMs)),
  (linked) => {
    state.link(linked);
    if (!linked) hush();
  },
);

plane(state, connection);
rolls(state, time, lateMs);
knobs(state, connection);
snapshots(state, connection);
settings(state, connection);
rig(state);
const acts = transport(state, time, connection, lateMs);

state.on("/glisser/note", ([channel, pitch, velocity], atMs) => {
  sound.note(channel, pitch, velocity, atMs + SOUND_DELAY_MS);
  midi.note(channel, pitch, velocity, atMs + SOUND_DELAY_MS);
});
state.on("link", () => { if (!state.main) hush(); });
document.getElementById("panic").addEventListener("click", hush);

function toggleSound() {
  if (sound.on) sound.stop();
  else sound.start();
  pressed(button, sound.on);
}
button.addEventListener("click", toggleSound);
keys({ ...acts, sound: toggleSound, panic: () => { acts.panic(); hush(); } });

function hush() {
  if (sound.context) sound.silence();
  midi.silence();
}
