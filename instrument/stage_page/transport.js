// Bar, beat and tempo; play, freeze, capture, panic; the songs of a set.

import { redraw } from "./frame.js";

export function transport(state, time, connection, lateMs) {
  const at = (id) => document.getElementById(id);
  const [bar, beats, tempo] = [at("bar"), at("beats"), at("tempo")];
  const [play, freeze, capture] = [at("play"), at("freeze"), at("capture")];

  function draw() {
    const { playing } = time;
    bar.textContent = playing ? String(time.bar) : "–";
    const beat = playing ? time.beat(lateMs()) : 0;
    [...beats.children].forEach((dot, n) => dot.classList.toggle("on", n + 1 === beat));
    pressed(play, Boolean(state.value("/glisser/playing", 0)), "Stop", "Play");
    pressed(freeze, Boolean(state.value("/glisser/freeze", 0)));
    if (document.activeElement !== tempo) tempo.value = String(Math.round(state.value("/glisser/tempo", 120) * 10) / 10);
    if (playing) redraw(draw);
  }

  for (const topic of ["bar", "playing", "freeze", "tempo"]) state.on(`/glisser/${topic}`, () => redraw(draw));

  const acts = {
    play: () => connection.press(state.value("/glisser/playing", 0) ? "/glisser/stop" : "/glisser/play"),
    freeze: () => {
      const frozen = state.value("/glisser/freeze", 0) ? 0 : 1;
      state.move("/glisser/freeze", frozen);
      connection.press("/glisser/freeze", frozen);
    },
    capture: () => {
      const armed = capture.getAttribute("aria-pressed") === "true";
      connection.press(armed ? "/glisser/capture/cancel" : "/glisser/capture");
      pressed(capture, !armed);
    },
    panic: () => connection.press("/glisser/panic"),
    next: () => connection.press("/glisser/song/next"),
    previous: () => connection.press("/glisser/song/previous"),
  };
  for (const [id, act] of Object.entries(acts)) at(id).addEventListener("click", act);
  // Whatever is said of a capture ends the waiting for it.
  for (const topic of ["status", "error"]) {
    state.on(`/glisser/${topic}`, ([line]) => {
      if (/captur/i.test(line) && !/listening|play two bars/i.test(line)) pressed(capture, false);
    });
  }
  tempo.addEventListener("change", () => {
    const bpm = Number(tempo.value);
    if (tempo.validity.valid && bpm) connection.press("/glisser/tempo", bpm);
    else redraw(draw);
  });
  state.on("stage", () => {
    const { song } = state.stage;
    at("song").hidden = song.of < 2;
    at("song-name").textContent = `${song.number} of ${song.of}: ${song.name}`;
  });
  state.on("/glisser/song", ([number, name]) => {
    if (state.stage) at("song-name").textContent = `${number} of ${state.stage.song.of}: ${name}`;
  });
  redraw(draw);
  return acts;
}

export function pressed(button, is, ifSo, ifNot) {
  button.setAttribute("aria-pressed", String(is));
  if (ifSo) button.textContent = is ? ifSo : ifNot;
}
