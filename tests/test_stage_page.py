"""The stage page in a real browser: it is played, panics, loses its server; what it looks like to
whoever reads it from a phone or by ear.
"""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page
from pythonosc.osc_message import OscMessage

from benchmarks.stage_browser import Staged, browser, staged, until, wish
from instrument.feedback import encode

pytestmark = pytest.mark.real(needs=["chromium"])

KNOB = "/glisser/knob/1"
PATIENCE_S = 30.0
INTERACTIVE = {"button", "slider", "spinbutton", "combobox", "textbox", "DisclosureTriangle"}
TARGET_PX = 44
AA = 4.5


@pytest.fixture(scope="module")
def stage() -> Iterator[Staged]:
    with staged("--tempo", "200") as one:
        yield one


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@dataclass
class Watch:
    """What a page said that it should not, and where it asked."""

    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def look(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text))
        page.on("request", lambda request: self.asked.append(request.url))


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def open_page(stage: Staged, chromium: Browser, watch: Watch) -> Iterator[Page]:
    """One page for all tests, which knows what sounds and what comes next."""
    one = chromium.new_page()
    watch.look(one)
    one.goto(stage.url)
    until(one, "glisser.state.next !== null && glisser.state.phrases.has(1)")
    yield one
    one.close()


@pytest.fixture
def page(stage: Staged, open_page: Page, watch: Watch) -> Iterator[Page]:
    """That page, at the size of a laptop. In the end nothing was wrong, and nobody else asked."""
    open_page.set_viewport_size({"width": 1280, "height": 900})
    yield open_page
    assert watch.faults == []
    assert {url for url in watch.asked if not url.startswith(f"{stage.url}/")} == set()


class Listener:
    """Another OSC client of the same performance."""

    def __init__(self, osc_port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", osc_port))

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, what: str) -> list[Any]:
        """The answer to ``/glisser/get/``."""
        self.socket.send(encode(f"/glisser/get/{what}"))
        return self.next(f"/glisser/get/{what}")

    def subscribe(self) -> None:
        self.socket.send(encode("/glisser/subscribe", self.socket.getsockname()[1]))

    def next(self, address: str) -> list[Any]:
        """The arguments of the next message to this address."""
        while True:
            message = OscMessage(self.socket.recv(1 << 16))
            if message.address == address:
                return list(message.params)


def test_dragging_the_cursor_changes_the_next_phrase(page: Page, stage: Staged) -> None:
    """The hand lets go at the right: z1 is there, another phrase comes, and then it sounds."""
    wish(page, "/glisser/z/1", -2.5)
    wish(page, "/glisser/z/2", 0.0)
    until(page, "glisser.state.told.get('/glisser/z/1') < -2.4 && glisser.state.wished.size === 0")
    until(page, "glisser.state.next.heard['/glisser/knob/1'] < 6")
    cursor, plane = page.locator("#cursor").bounding_box(), page.locator("#plane").bounding_box()
    assert cursor is not None
    assert plane is not None
    page.mouse.move(cursor["x"] + cursor["width"] / 2, cursor["y"] + cursor["height"] / 2)
    page.mouse.down()
    page.mouse.move(plane["x"] + plane["width"] * 0.5, plane["y"] + plane["height"] * 0.3, steps=6)
    page.mouse.move(plane["x"] + plane["width"] * 0.9, plane["y"] + plane["height"] * 0.25, steps=6)
    page.mouse.up()
    until(page, "glisser.state.next.heard['/glisser/knob/1'] > 9")
    with Listener(stage.osc_port) as other:
        z = other.ask("z")
    assert z[:2] == pytest.approx([-3 + 6 * 0.9, -3 + 6 * 0.75], abs=0.05)
    until(page, "String(glisser.state.phrases.get(1)) === String(glisser.state.next.steps)")
    until(page, "/: (9|1\\d) notes, /.test(document.querySelector('#roll-sounds').ariaLabel)")
    until(page, "document.querySelector('#comes-says').textContent === 'the same'")


def test_arrow_keys_move_the_cursor(page: Page) -> None:
    """Right and up, each by a fiftieth of the plane."""
    wish(page, "/glisser/z/1", 0.0)
    wish(page, "/glisser/z/2", 0.0)
    until(page, "glisser.state.told.get('/glisser/z/1') === 0 && glisser.state.wished.size === 0")
    cursor = page.get_by_role("slider", name="cursor, notes across, register up")
    cursor.press("ArrowRight")
    cursor.press("ArrowUp")
    cursor.press("ArrowUp")
    until(page, "Math.abs(glisser.state.told.get('/glisser/z/1') - 0.12) < 0.001")
    until(page, "Math.abs(glisser.state.told.get('/glisser/z/2') - 0.24) < 0.001")
    assert re.match(r"notes \d+, register [A-G]", cursor.get_attribute("aria-valuetext") or "")


def test_a_knob_is_turned_by_keys(page: Page, stage: Staged) -> None:
    """Its text says what is promised there and what is heard; the instrument is where it says."""
    knob = page.get_by_role("slider", name="knob 1, notes")
    knob.press("Home")
    until(page, f"glisser.state.told.get('{KNOB}') === 0")
    assert (knob.get_attribute("aria-valuetext") or "").startswith("notes 3")
    knob.press("PageUp")
    knob.press("ArrowRight")
    until(page, f"Math.abs(glisser.state.told.get('{KNOB}') - 0.11) < 1e-6")
    knob.press("End")
    until(page, f"glisser.state.told.get('{KNOB}') === 1")
    with Listener(stage.osc_port) as other:
        assert other.ask("z")[0] == pytest.approx(3.0, abs=1e-5)
    says = knob.get_attribute("aria-valuetext") or ""
    assert re.fullmatch(r"notes 13, heard \d+", says)


def test_panic_silences(page: Page, stage: Staged) -> None:
    """The browser's own voices end, and the instrument closes its note: no other follows it."""
    page.get_by_role("spinbutton", name="tempo").fill("20")  # a quarter lasts three seconds
    page.keyboard.press("Enter")
    until(page, "glisser.state.told.get('/glisser/tempo') === 20")
    page.get_by_role("button", name="Sound").click()
    with Listener(stage.osc_port) as other:
        other.subscribe()
        while (note := other.next("/glisser/note"))[2] == 0:
            pass
        until(page, "glisser.sound.sounding > 0")
        page.locator("#knobs-title").click()  # nothing has the focus
        page.keyboard.press("p")
        assert other.next("/glisser/note") == [note[0], note[1], 0]
        until(page, "glisser.sound.sounding === 0")
        other.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):  # at the end of a note the next one follows at once
            other.next("/glisser/note")
    page.get_by_role("button", name="Sound").click()
    wish(page, "/glisser/tempo", 200)
    until(page, "glisser.state.told.get('/glisser/tempo') === 200")


def test_space_stops_and_plays(page: Page) -> None:
    """Wherever nothing else wants the key; the button says what it does next."""
    page.locator("#knobs-title").click()
    page.keyboard.press("Space")
    until(page, "!glisser.state.playing && glisser.phase.at(performance.now()) === null")
    page.get_by_role("button", name="Play").wait_for()
    page.keyboard.press("Space")
    until(page, "glisser.state.playing && glisser.phase.at(performance.now()) !== null")
    page.get_by_role("button", name="Stop").wait_for()


def test_panic_is_a_key_away_but_where_text_is_typed(page: Page) -> None:
    """In a number, in a list, on a slide; a p in a snapshot's name is a letter."""
    page.evaluate(
        """() => {
        const { connection } = glisser;
        const say = connection.say.bind(connection);
        globalThis.said = [];
        connection.say = (frame) => { said.push(frame); say(frame); };
    }"""
    )
    for where in ("#tempo", "#axis-x", "#volume", "#cursor", "#snapshot-name"):
        page.locator(where).focus()
        page.keyboard.press("p")
    page.evaluate("delete glisser.connection.say")
    assert page.evaluate("said.filter(({ osc }) => osc?.[0][0] === '/glisser/panic').length") == 4
    assert page.locator("#snapshot-name").input_value() == "p"
    page.locator("#snapshot-name").fill("")


def test_a_phone_has_the_songs_of_a_set(page: Page) -> None:
    """Which one plays, and a button each way; without a set there is no line for them."""
    page.set_viewport_size({"width": 360, "height": 640})
    assert not page.locator("#song").is_visible()
    page.evaluate(
        """() => {
        globalThis.alone = glisser.state.stage;
        const song = { ...alone.song, name: "a song with a rather long name", of: 3 };
        glisser.state.take({ stage: { ...alone, song } });
    }"""
    )
    page.get_by_text("1 of 3: a song with a rather long name").wait_for()
    for name in ("previous song", "next song"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= TARGET_PX - 0.1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("glisser.state.take({ stage: alone })")
    page.locator("#song").wait_for(state="hidden")


SEEN = """(each) => {
    const { left, top, width, height } = each.getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + height / 2) === each;
}"""


def serving_of(stage: Staged) -> psutil.Process:
    """The process that serves the page."""
    (found,) = (
        child
        for child in psutil.Process(stage.process.pid).children()
        if "instrument.stage_process" in child.cmdline()
    )
    return found


def test_the_server_is_lost_and_found(page: Page, stage: Staged, watch: Watch) -> None:
    """It says so, is silent, and tries again; what has changed meanwhile is told."""
    page.get_by_role("button", name="Sound").click()
    until(page, "glisser.sound.sounding > 0")
    page.evaluate("globalThis.socket = glisser.connection.socket")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    serving_of(stage).kill()
    said = page.get_by_role("alert").filter(has_text="The connection is lost")
    said.wait_for()
    assert said.evaluate(SEEN)  # wherever one has scrolled to
    until(page, "glisser.sound.sounding === 0")
    with Listener(stage.osc_port) as other:
        other.socket.send(encode(KNOB, 0.25))
    until(page, "glisser.connection.open && glisser.connection.socket !== socket")
    until(page, f"Math.abs(glisser.state.told.get('{KNOB}') - 0.25) < 1e-6")
    until(page, "document.querySelector('#trouble').hidden && glisser.sound.sounding > 0")
    page.get_by_role("button", name="Sound").click()
    # Chromium itself says on the console what it could not reach.
    watch.faults[:] = [each for each in watch.faults if "ERR_CONNECTION_REFUSED" not in each]


def test_a_server_that_falls_silent_is_given_up(page: Page, stage: Staged, watch: Watch) -> None:
    """Also when no connection was closed, as when a tablet leaves the room."""
    page.evaluate("glisser.connection.silentMs = 1500")  # else five seconds
    serving = serving_of(stage)
    serving.suspend()
    try:
        page.get_by_role("alert").filter(has_text="The connection is lost").wait_for()
    finally:
        with suppress(psutil.NoSuchProcess):  # main has put another in its place
            serving.resume()
    until(page, "glisser.connection.open && document.querySelector('#trouble').hidden")
    page.evaluate("glisser.connection.silentMs = 5000")
    until(page, "glisser.phase.at(performance.now()) !== null")
    watch.faults[:] = [each for each in watch.faults if "WebSocket" not in each]


def test_a_snapshot_is_saved_and_recalled(page: Page) -> None:
    """By its name, with a button of its own; the rig's log says so."""
    wish(page, KNOB, 0.9)
    until(page, f"glisser.state.told.get('{KNOB}') > 0.89")
    page.get_by_label("name of the snapshot").fill("busy")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="busy").wait_for()
    assert "busy" in page.locator("#log li").first.inner_text()
    wish(page, KNOB, 0.1)
    until(page, f"glisser.state.told.get('{KNOB}') < 0.11")
    page.get_by_role("button", name="busy").click()
    until(page, f"glisser.state.told.get('{KNOB}') > 0.89")


# As Chromium has it: what is dated later goes out later, and nothing takes it back. The port is
# left while a note is still to begin, the fourth or a later one.
MIDI_PORT = """() => {
    const list = document.querySelector("#web-midi");
    const [sent, port] = [[], { id: "a", name: "Synth", state: "connected" }];
    let notes = 0;
    globalThis.left = null;
    port.send = (bytes, dueMs = performance.now()) => {
        sent.push({ dueMs, bytes });
        if (left || (bytes[0] & 0xf0) !== 0x90 || ++notes < 4) return;
        if (dueMs < performance.now() + 5) return;
        queueMicrotask(() => {
            const leftMs = performance.now();
            list.value = "";
            list.dispatchEvent(new Event("change"));
            const order = sent.toSorted((a, b) => a.dueMs - b.dueMs);
            left = { ahead: dueMs - leftMs, bytes: order.map((each) => each.bytes) };
        });
    };
    navigator.requestMIDIAccess = async () => ({ outputs: new Map([["a", port]]) });
}"""


def test_web_midi_leaves_no_note_on(page: Page) -> None:
    """A port of the browser gets the notes; left before a note begins, none stays on."""
    page.evaluate(MIDI_PORT)  # headless, a browser has no port of its own
    page.get_by_role("button", name="Find ports").click()
    ports = page.get_by_label("MIDI out of this browser")
    ports.select_option("Synth")
    until(page, "left !== null")
    left = page.evaluate("left")
    assert left["ahead"] > 0
    sounding, begun = set[int](), 0
    for status, pitch, _ in left["bytes"]:
        if status == 0x90:
            sounding.add(pitch)
            begun += 1
        elif status == 0x80:
            sounding.discard(pitch)
    assert begun >= 4
    assert sounding == set()
    assert left["bytes"][-16:] == [[0xB0 | n, 123, 0] for n in range(16)]


def test_it_fits_a_phone(page: Page) -> None:
    """At 360 pixels nothing lies beside the screen, and every control is large enough to hit."""
    page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate("document.querySelector('#more').open = true")
    # The cursor moves with its plane, one frame later.
    until(page, "document.querySelector('#cursor').getBoundingClientRect().right <= innerWidth")
    width, small = page.evaluate(
        """() => {
        const controls = [...document.querySelectorAll(
            'button, input:not(#tempo), select, summary, .track-area, .cursor')];
        const shown = controls.filter((each) => each.checkVisibility());
        const small = shown.filter((each) => each.getBoundingClientRect().height < 43.9
            || each.getBoundingClientRect().right > innerWidth);
        return [document.documentElement.scrollWidth, small.map((each) => each.outerHTML)];
    }"""
    )
    assert width <= 360
    assert small == []
    panic = page.get_by_role("button", name="Panic").bounding_box()
    assert panic is not None
    assert panic["y"] + panic["height"] <= 640  # in reach, wherever one has scrolled to
    assert panic["width"] >= TARGET_PX


def test_a_screen_reader_can_name_every_control(page: Page) -> None:
    """And every parameter has one: what has no place of its own is among all settings."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    controls = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in INTERACTIVE
    ]
    assert [role for role, name in controls if not name.strip()] == []
    names = {name for _, name in controls}
    assert {"Panic", "Freeze", "Capture", "Sound", "Save", "knob 1, notes", "knob 12, z12"} <= names
    told = page.evaluate("glisser.state.stage.parameters.map(({ name }) => name)")
    elsewhere = {"freeze", "morph-bars", "tempo", *(f"knob {n}" for n in range(1, 13))}
    missing = [
        name
        for name in set(told) - elsewhere
        if not any(f"{each} ".startswith(f"{name} ") for each in names)
    ]
    assert missing == []
    knob = page.get_by_role("slider", name="knob 1, notes")
    assert re.fullmatch(r"notes \d+, heard \d+", knob.get_attribute("aria-valuetext") or "")


CONTRASTS = """() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((x) => x / 255)
        .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
        .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (each) => {
        for (let at = each; at; at = at.parentElement) {
            const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
            if (a > 0.99) return [r, g, b];
        }
        return [0, 0, 0];
    };
    const found = {};
    for (const each of document.querySelectorAll("body *")) {
        const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !each.checkVisibility() || each.closest(":disabled")) continue;
        const [a, b] = [light(parts(getComputedStyle(each).color)), light(ground(each))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        found[`${each.tagName} ${each.id} ${each.className}`] = ratio;
    }
    return found;
}"""


def test_text_stands_out(page: Page) -> None:
    """Every text has the contrast that WCAG AA asks for, with all rooms open."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    page.emulate_media(reduced_motion="reduce")  # no colour is on its way to another
    found = page.evaluate(CONTRASTS)
    assert len(found) > 40
    assert {where: ratio for where, ratio in found.items() if ratio < AA} == {}


def test_what_is_computed_in_the_page(page: Page) -> None:
    """Promises between their points, notes out of steps, bars by the tempo, clocks that differ."""
    promise, knob, notes, tied, bar, here = page.evaluate(
        """async () => {
        const { promised, positionOf, amountOf, pitchName } = await import("/numbers.js");
        const { notesOf } = await import("/roll_shape.js");
        const { Phase } = await import("/phase.js");
        const { ServerTime } = await import("/server_time.js");
        const promise = [[0, 3], [0.5, 7], [1, 13]];
        const falling = [[0, 4], [1, -4]];
        const phase = new Phase();
        const never = phase.at(5);
        phase.line(2, 1000);
        const before = phase.at(2000);
        phase.tempo(60, 2000);
        const bar = [never, before, phase.at(2000), phase.at(4000), phase.overPhrase(4000)];
        const time = new ServerTime();
        time.hear(0, 130); time.hear(1000, 1105); time.hear(2000, 2300);
        const here = [time.here(3000)];
        for (let s = 0; s < 90; s++) time.hear(s * 1000, s * 1000 + 112);
        here.push(time.here(3000));
        return [
            [0, 0.25, 0.75, 1].map((at) => promised(promise, at)).concat(promised([], 0.5)),
            [[promise, 5], [promise, 99], [falling, 0], [[], 1]].map((each) => positionOf(...each))
                .concat([["lean", -2], ["direction", 5], ["register", 69.4]].map((each) =>
                    amountOf(...each)), pitchName(60)),
            notesOf([60, -1, -2, -1, 62, 64].concat(Array(26).fill(-2))).notes,
            notesOf([-1, -1, 60].concat(Array(29).fill(-1))).tied,
            bar, here,
        ];
    }"""
    )
    assert promise == [3, 5, 10, 13, None]
    assert knob == [0.25, 1, 0.5, None, "bar 1 +2", "up 5", "A4", "C4"]
    assert notes == [
        {"pitch": 60, "step": 0, "length": 2},
        {"pitch": 62, "step": 4, "length": 1},
        {"pitch": 64, "step": 5, "length": 1},
    ]
    assert tied == 2
    assert bar == pytest.approx([None, 0.5, 0.5, 0.9999, 0.99995])
    assert here == [3105, 3112]  # the quickest of the last half minute or so


# What is left of linear RGB without one kind of cone: Machado, Oliveira, Fernandes 2009.
BLINDNESS = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


def lightness(rgb: list[int], seen: tuple[tuple[float, ...], ...]) -> float:
    """CIE L* of a colour, as it is seen."""
    linear = [((v / 255 + 0.055) / 1.055) ** 2.4 if v > 10 else v / 255 / 12.92 for v in rgb]
    there = [max(0.0, sum(a * b for a, b in zip(row, linear, strict=True))) for row in seen]
    y = sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), there, strict=True))
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_the_colours_rise_evenly_for_every_eye(page: Page) -> None:
    """More notes are lighter, by steps of much the same size, whatever cones an eye has."""
    colours = page.evaluate(
        """async () => {
        const { colourOf } = await import("/colours.js");
        return Array.from({ length: 12 }, (_, i) => colourOf(i + 2, 2, 13));
    }"""
    )
    for name, seen in BLINDNESS.items():
        light = [lightness(colour, seen) for colour in colours]
        steps = [after - before for before, after in pairwise(light)]
        assert min(steps) > 3.5, name
        assert max(steps) < 2.5 * min(steps), name


def test_nothing_is_drawn_when_nothing_changes(page: Page) -> None:
    """Stopped, the page asks for no frame: a tablet on a stand stays cool."""
    wish(page, "/glisser/stop")
    until(page, "!glisser.state.playing && glisser.state.wished.size === 0")
    time.sleep(0.3)  # what was still to be drawn
    frames = page.evaluate(
        """() => new Promise((done) => {
        const ask = globalThis.requestAnimationFrame;
        let asked = 0;
        globalThis.requestAnimationFrame = (run) => (asked++, ask(run));
        setTimeout(() => { globalThis.requestAnimationFrame = ask; done(asked); }, 700);
    })"""
    )
    assert frames < 10  # counters and a sharper plane are told; a beat that moves wants forty
    wish(page, "/glisser/play")
    until(page, "glisser.state.playing")
