// Bar, beat, tempo, the notes asked and heard, and the buttons that are always in reach.

import { draw } from "./frames.js";
import { clamp, plain, promised } from "./numbers.js";

const $ = (id) => document.getElementById(id);
const PLAY = "M7 4v16l13-8z";
const STOP = "M6 6h12v12H6z";
const TEMPO = "/glisser/tempo";
const SHOWN = /\/(knob\/\d+|tempo|freeze)$/;
const FREEZE = "/glisser/freeze";

export class Transport {
  // send(address, ...) passes a wish on; at() is what is over of the bar, 0..1, or null.
  constructor(state, send, at) {
    this.state = state;
    this.send = send;
    this.at = at;
    this.bar = 0;
    this.listening = false; // to the keyboard, for a capture
    this.drawBeat = this.drawBeat.bind(this);
    this.drawAll = this.drawAll.bind(this);
    state.on("stage", () => draw(this.drawAll));
    state.on("playing", () => draw(this.drawAll));
    state.on("heard", () => draw(this.drawAll));
    state.on("value", (address) => SHOWN.test(address) && draw(this.drawAll));
    state.on("line", (_kind, text) => this.hear(text));
    state.on("bar", (bar) => {
      this.bar = bar;
      draw(this.drawBeat);
    });
    this.wire();
  }

  wire() {
    $("play").onclick = () => this.playOrStop();
    $("freeze").onclick = () => this.freeze();
    $("capture").onclick = () => {
      this.listen(!this.listening);
      this.send(this.listening ? "/glisser/capture" : "/glisser/capture/cancel");
    };
    $("song-next").onclick = () => this.send("/glisser/song/next");
    $("song-previous").onclick = () => this.send("/glisser/song/previous");
    const tempo = $("tempo");
    tempo.onchange = () => {
      const wanted = tempo.valueAsNumber;
      if (!Number.isFinite(wanted)) return draw(this.drawAll);
      const bpm = clamp(wanted, Number(tempo.min), Number(tempo.max));
      if (this.send(TEMPO, bpm)) this.state.wish(TEMPO, bpm);
      draw(this.drawAll);
    };
    tempo.onkeydown = (event) => event.key === "Enter" && tempo.blur();
  }

  playOrStop() {
    this.send(this.state.playing ? "/glisser/stop" : "/glisser/play");
  }

  freeze() {
    const frozen = this.state.value(FREEZE) === 1 ? 0 : 1;
    if (this.send(FREEZE, frozen)) this.state.wish(FREEZE, frozen);
  }

  // The instrument says in words what becomes of a capture.
  hear(text) {
    if (/^(the )?captur/.test(text)) this.listen(text.startsWith("capture: play"));
  }

  listen(on) {
    this.listening = on;
    $("capture").setAttribute("aria-pressed", on);
    $("capture-word").textContent = on ? "Cancel" : "Capture";
  }

  drawAll() {
    const { stage, playing } = this.state;
    say($("play-word"), playing ? "Stop" : "Play");
    $("play-shape").setAttribute("d", playing ? STOP : PLAY);
    $("play").classList.toggle("on", playing);
    $("freeze").setAttribute("aria-pressed", this.state.value(FREEZE) === 1);
    const tempo = this.state.value(TEMPO);
    if (tempo !== undefined && document.activeElement !== $("tempo")) {
      $("tempo").value = String(Math.round(tempo * 10) / 10);
    }
    if (stage) {
      const { number, name, of } = stage.song;
      say($("song"), of > 1 ? `${number} of ${of}: ${name}` : name);
      for (const id of ["song-previous", "song-next"]) $(id).hidden = of < 2;
      this.drawNotes(stage);
    }
    this.drawBeat();
  }

  drawNotes(stage) {
    const knob = stage.knobs.find((each) => each.attribute === "note_count" && each.voice === 1);
    const asked = knob && promised(knob.promise, this.state.value(knob.address) ?? 0.5);
    const heard = knob && this.state.heard[knob.address];
    say($("notes-asked"), asked === null || asked === undefined ? "–" : String(Math.round(asked)));
    say($("notes-heard"), heard === undefined ? "–" : plain(heard));
  }

  // Once a frame while it plays, and nothing is touched that is as it was.
  drawBeat() {
    const { playing, stage } = this.state;
    const beats = stage?.beats_per_bar ?? 4;
    const over = playing ? this.at() : null;
    const beat = over === null ? 0 : 1 + Math.floor(over * beats);
    say($("bar"), playing && this.bar ? String(this.bar) : "–");
    say($("beat"), beat ? String(beat) : "–");
    const dots = $("beats");
    if (dots.childElementCount !== beats) {
      dots.replaceChildren(...Array.from({ length: beats }, () => document.createElement("i")));
    }
    [...dots.children].forEach((dot, i) => dot.classList.toggle("now", i + 1 === beat));
    if (over !== null) draw(this.drawBeat);
  }
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
