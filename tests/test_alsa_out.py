"""Notes on ALSA: to the kernel's queue in time, in order, and none left hanging."""

import sys
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

import pytest
import rtmidi
from hypothesis import given
from hypothesis import strategies as st

import instrument
from engine.wire import Message
from instrument import alsa_check, alsa_out, midi_out
from instrument.alsa_check import LATE_NS, Checked, judge, open_timed
from instrument.alsa_out import (
    CLOSE_PATIENCE_NS,
    LEAD_NS,
    MS,
    RENEW_NS,
    AlsaOutput,
    AlsaUnavailableError,
    open_alsa,
)
from instrument.alsa_time import Anchor, Handed, Reading, tightest
from instrument.midi_out import Output, RtMidiOutput, open_outputs
from instrument.outgoing import Outgoing
from instrument.player_core import Player
from tests.alsa import FakeSequencer
from tests.parts import SETUP, transport

NOTE_ON, NOTE_OFF = b"\x90\x3c\x60", b"\x80\x3c\x40"
OTHER_ON, OTHER_OFF = b"\x90\x40\x60", b"\x80\x40\x40"
PULSE = b"\xf8"
SECOND_NS = 1000 * MS
SEQUENCER = {"/dev/snd/seq": "ALSA sequencer"}


def output_on(kernel: FakeSequencer) -> AlsaOutput:
    return AlsaOutput(kernel, kernel.perf_ns, kernel.pause)


# --- Two clocks -----------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**6)), min_size=1),
    st.integers(-(10**6), 10**15),
)
def test_the_tightest_reading_is_off_by_half_its_gap_at_most(
    looks: list[tuple[int, int]], apart_ns: int
) -> None:
    """Wherever within each look the queue's time was read."""
    readings = [
        Reading(at_ns, at_ns + apart_ns + min(inside_ns, gap_ns), at_ns + gap_ns)
        for at_ns, (gap_ns, inside_ns) in enumerate(looks)
    ]
    anchor = tightest(readings)
    assert anchor.gap_ns == min(gap_ns for gap_ns, _ in looks)
    assert abs(anchor.queue_ns - anchor.perf_ns - apart_ns) <= (anchor.gap_ns + 1) / 2


def test_a_moment_before_the_queue_was_started_is_its_first() -> None:
    """The kernel has no negative time; such a message is late and goes at once."""
    anchor = Anchor(5_000, 1_000, 10)
    assert [anchor.queue_ns_of(ns) for ns in (3_999, 4_000, 6_500)] == [0, 0, 2_500]


@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_ten_minutes_on_a_clock_that_parts_from_ours(ppm: int) -> None:
    """Every one of 16,000 sixteenths within 0.3 ms; without looking again it would be 120 ms."""
    kernel = FakeSequencer(ppm=ppm)
    output = output_on(kernel)
    begin_ns = kernel.now_ns + LEAD_NS
    dues = [begin_ns + n * 75 * MS // 2 for n in range(16_000)]
    for due_ns in dues:
        kernel.advance(max(0, due_ns - LEAD_NS - kernel.now_ns))
        output.send(NOTE_ON, due_ns)
    kernel.advance(LEAD_NS + MS)
    off_ns = [
        abs(left_ns - due_ns) for (left_ns, _), due_ns in zip(kernel.heard, dues, strict=True)
    ]
    assert max(off_ns) < 0.3 * MS
    assert kernel.looks < 600 * 1000 / 60


def test_what_was_interrupted_in_every_reading_is_no_new_anchor() -> None:
    """A look of 3 ms read at its very beginning would put the beat 1.5 ms aside."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    kernel.advance(RENEW_NS)
    kernel.look_ns, kernel.early = (3 * MS,), 0.0
    due_ns = kernel.now_ns + 40 * MS
    output.send(NOTE_ON, due_ns)
    kernel.advance(50 * MS)
    assert abs(kernel.heard[0][0] - due_ns) <= 2000


def test_two_messages_in_the_queue_went_by_one_anchor() -> None:
    """While something waits the old anchor holds: nobody overtakes, however the clocks leapt."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    kernel.advance(RENEW_NS - MS)
    due_ns = kernel.now_ns + 20 * MS
    output.send(NOTE_ON, due_ns)
    kernel.advance(2 * MS)
    kernel.early = -500.0  # from now on the queue is read a millisecond too early
    output.send(NOTE_OFF, due_ns + 1000)
    kernel.advance(30 * MS)
    assert kernel.messages() == [NOTE_ON, NOTE_OFF]
    assert kernel.heard[1][0] - kernel.heard[0][0] == 1000


# --- Order ----------------------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(-20, 400)),
            st.tuples(st.just("advance"), st.integers(0, 900)),
            st.tuples(st.just("look around"), st.just(0)),
        ),
        max_size=60,
    ),
    st.integers(-100, 100),
)
def test_whatever_the_order_of_sends_each_message_leaves_once_and_when_due(
    turns: list[tuple[str, int]], ppm: int
) -> None:
    """Those due in time leave in order of their moments, those that came late at once."""
    kernel = FakeSequencer(ppm=ppm, look_ns=(2000, 9000, 1000))
    output = output_on(kernel)
    begin_ns = kernel.now_ns
    wanted: dict[bytes, tuple[int, int]] = {}
    for what, ms in turns:
        if what == "send":
            grid_ns = begin_ns + (kernel.now_ns - begin_ns) // MS * MS
            message = bytes((0xB0, len(wanted), 0))
            wanted[message] = (grid_ns + ms * MS, kernel.now_ns)
            output.send(message, grid_ns + ms * MS)
        elif what == "advance":
            kernel.advance(ms * MS)
        else:
            assert output.trouble() is None
    kernel.advance(500 * MS)
    assert sorted(kernel.messages()) == sorted(wanted)
    for left_ns, message in kernel.heard:
        due_ns, sent_ns = wanted[message]
        assert abs(left_ns - max(due_ns, sent_ns)) < 0.4 * MS
    in_time = [
        wanted[message][0] for _, message in kernel.heard if wanted[message][0] > wanted[message][1]
    ]
    assert in_time == sorted(in_time)
    assert [left_ns for left_ns, _ in kernel.heard] == sorted(
        left_ns for left_ns, _ in kernel.heard
    )


def test_of_two_at_one_moment_the_first_handed_over_leaves_first() -> None:
    """Note-off, then note-on: the scheduler's order within a tick."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    for message in (NOTE_OFF, NOTE_ON, PULSE):
        output.send(message, kernel.now_ns + LEAD_NS)
    kernel.advance(LEAD_NS + MS)
    assert kernel.messages() == [NOTE_OFF, NOTE_ON, PULSE]


# --- The player before it -------------------------------------------------------------------------


BEAT_NS = 500 * MS  # at 120 bpm; SETUP's phrase has a note on every beat


class Stage:
    """A player on a queue; it wakes up to 3 ms late, each time by another part of it."""

    def __init__(self) -> None:
        self.kernel = FakeSequencer()
        self.output = output_on(self.kernel)
        self.start_ns = self.kernel.now_ns
        self.player = Player(SETUP, Outgoing([self.output]), lambda *_: None, self.start_ns)
        self.wakings = 0

    def run(self, to_ns: int, *messages: Message) -> None:
        """Messages arrive now; then time passes until ``to_ns`` after the start."""
        next_ns = self.player.turn(self.kernel.now_ns, messages)
        while next_ns < self.start_ns + to_ns:
            self.wakings += 1
            late_ns = self.wakings * 777_777 % (3 * MS)
            self.kernel.advance(max(0, next_ns + late_ns - self.kernel.now_ns))
            next_ns = self.player.turn(self.kernel.now_ns, [])

    def sounding(self) -> set[int]:
        sounding: set[int] = set()
        for status, pitch, _ in self.kernel.messages():
            if status == 0x90:
                sounding.add(pitch)
            elif status == 0x80:
                sounding.discard(pitch)
        return sounding


def test_a_player_that_wakes_late_is_heard_in_time() -> None:
    """Sixteen beats, each a lead after its moment of the first, to some microseconds."""
    stage = Stage()
    stage.run(16 * BEAT_NS)
    heard = [ns for ns, message in stage.kernel.heard if message[0] == 0x90][:16]
    first_ns = stage.start_ns + LEAD_NS
    assert all(abs(ns - first_ns - n * BEAT_NS) <= 5000 for n, ns in enumerate(heard))
    assert len(heard) == 16


def test_a_panic_is_heard_within_the_lead_and_nothing_comes_after_it() -> None:
    """What waits in the queue by then is over with it: the note-offs lie behind."""
    stage = Stage()
    stage.run(4 * BEAT_NS + MS)  # the next beat is in the queue
    assert stage.kernel.waiting
    stage.player.turn(stage.kernel.now_ns, [transport("panic")])
    stage.kernel.advance(LEAD_NS + MS)
    assert not stage.sounding()
    assert stage.kernel.messages()[-3:] == [b"\xb0\x40\x00", b"\xb0\x7b\x00", b"\xb0\x78\x00"]


def test_a_player_that_fails_leaves_nothing_sounding() -> None:
    """Its note-offs are for now, and overtake a note that waits: the close knows of that note."""
    stage = Stage()
    stage.run(4 * BEAT_NS + MS)
    assert stage.kernel.waiting
    stage.player.abandon(stage.kernel.now_ns)
    stage.output.close()
    assert not stage.sounding()


# --- The end --------------------------------------------------------------------------------------


def test_closing_lets_out_what_is_due_takes_back_the_rest_and_closes_what_sounds() -> None:
    """A chord that was handed over is heard; a note of the next minute is not, nor one held."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    output.send(NOTE_ON, kernel.now_ns)
    output.send(OTHER_ON, kernel.now_ns + 2 * MS)
    output.send(OTHER_OFF, kernel.now_ns + LEAD_NS)
    output.send(b"\x90\x48\x60", kernel.now_ns + 60 * SECOND_NS)
    output.close()
    assert kernel.closed
    kernel.advance(61 * SECOND_NS)
    played, offs = kernel.messages()[:3], kernel.messages()[3:]
    assert played == [NOTE_ON, OTHER_ON, OTHER_OFF]
    assert NOTE_OFF in offs
    assert not any(message[0] == 0x90 for message in offs)


def test_what_was_played_to_its_end_owes_nothing() -> None:
    """Closing after a clean stop sends no byte more, and does not wait."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    output.send(NOTE_ON, kernel.now_ns)
    output.send(b"\x90\x3c\x00", kernel.now_ns + LEAD_NS)  # a note-on of velocity 0 is its end
    before_ns = kernel.now_ns
    output.close()
    assert kernel.messages() == [NOTE_ON, b"\x90\x3c\x00"]
    assert kernel.now_ns - before_ns < LEAD_NS + 2 * MS


def test_a_note_off_that_came_before_a_note_on_in_the_queue_does_not_count() -> None:
    """After a fault everything is closed at once; what waits behind that is begun all the same."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    output.send(NOTE_ON, kernel.now_ns + LEAD_NS)
    output.send(NOTE_OFF, kernel.now_ns)
    output.close()
    assert kernel.messages() == [NOTE_OFF, NOTE_ON, NOTE_OFF]


def test_a_queue_that_stands_is_waited_for_half_a_second_and_may_have_played_anything() -> None:
    """Whatever was begun in it is closed past it."""
    kernel = FakeSequencer(stands=True)
    output = output_on(kernel)
    output.send(NOTE_ON, kernel.now_ns)
    output.send(NOTE_OFF, kernel.now_ns + MS)
    before_ns = kernel.now_ns
    output.close()
    assert kernel.messages() == [NOTE_OFF]
    assert kernel.now_ns - before_ns < CLOSE_PATIENCE_NS + 2 * MS
    assert not kernel.waiting


def test_a_sequencer_that_answers_nothing_is_closed_all_the_same() -> None:
    """And what sounds by our own books is told to end."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    output.send(NOTE_ON, kernel.now_ns)
    kernel.fails = True
    output.close()
    assert kernel.closed
    assert kernel.messages() == [NOTE_ON, NOTE_OFF]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 30)), max_size=40))
def test_nothing_sounds_after_the_close(notes: list[tuple[int, bool, int]]) -> None:
    """Whatever was handed over in whatever order of moments."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    for pitch, on, ms in notes:
        output.send(bytes((0x90 if on else 0x80, pitch, 64)), kernel.now_ns + ms * MS)
    output.close()
    sounding: set[int] = set()
    for status, pitch, _ in kernel.messages():
        (sounding.add if status == 0x90 else sounding.discard)(pitch)
    assert not sounding


def test_the_books_are_closed_whenever_the_queue_is_empty() -> None:
    """They do not grow with the evening, and a note over the line of two books stays known."""
    handed = Handed()
    handed.add(NOTE_ON, 5)
    handed.add(OTHER_ON, 6)
    assert handed.owed() == [NOTE_OFF, OTHER_OFF]
    handed.settle()
    handed.add(OTHER_OFF, 7)
    assert handed.owed() == [NOTE_OFF, OTHER_OFF]  # it may wait still
    handed.settle()
    assert handed.owed() == [NOTE_OFF]
    kernel = FakeSequencer()
    output = output_on(kernel)
    for _ in range(1000):
        output.send(PULSE, kernel.now_ns)
        kernel.advance(20 * MS)
    assert len(output._handed._waiting) <= RENEW_NS // (20 * MS) + 1


# --- Trouble --------------------------------------------------------------------------------------


def test_a_full_queue_costs_notes_but_never_the_end_of_one() -> None:
    """One sentence; the note-offs go in as soon as there is room, before anything newer."""
    kernel = FakeSequencer(room=1)
    output = output_on(kernel)
    output.send(NOTE_ON, kernel.now_ns)
    output.send(PULSE, kernel.now_ns + MS)  # fills it
    output.send(NOTE_OFF, kernel.now_ns + MS)
    output.send(OTHER_ON, kernel.now_ns + MS)
    assert kernel.messages() == [NOTE_ON]
    full = "ALSA: Resource temporarily unavailable; notes are left out"
    assert output.trouble() == full
    kernel.room = 2000
    assert output.trouble() is None
    output.send(NOTE_ON, kernel.now_ns + 2 * MS)
    kernel.advance(5 * MS)
    assert kernel.messages() == [NOTE_ON, PULSE, NOTE_OFF, NOTE_ON]


def test_nothing_overtakes_a_note_off_that_was_refused() -> None:
    """Room that comes free in between is not for the next note: the old one would swallow it."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    output.send(NOTE_ON, kernel.now_ns)
    kernel.refusals = 2
    output.send(NOTE_OFF, kernel.now_ns + MS)
    output.send(NOTE_ON, kernel.now_ns + 2 * MS)  # the note-off is refused again before it
    output.send(OTHER_ON, kernel.now_ns + 3 * MS)
    kernel.advance(5 * MS)
    assert kernel.messages() == [NOTE_ON, NOTE_OFF, OTHER_ON]


def test_a_port_that_is_unplugged_is_told_once() -> None:
    """And once more if it went again; nothing is held up."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    assert output.trouble() is None
    kernel.connected = False
    gone = "ALSA: Synth:in is gone; nothing is heard there until it is back"
    assert [output.trouble(), output.trouble()] == [gone, None]
    output.send(NOTE_ON, kernel.now_ns)


def test_a_sequencer_that_fails_to_answer_leaves_the_anchor_as_it_was() -> None:
    """The notes go on by the old one."""
    kernel = FakeSequencer()
    output = output_on(kernel)
    kernel.advance(2 * RENEW_NS)
    kernel.fails = True
    due_ns = kernel.now_ns + MS
    output.send(NOTE_ON, due_ns)
    kernel.advance(2 * MS)
    assert abs(kernel.heard[0][0] - due_ns) <= 2000


# --- Which output ---------------------------------------------------------------------------------


Made = dict[str | None, FakeSequencer]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Made:
    """A kernel with two ports; gives the sequencers that were made, by the port asked for."""
    made: Made = {}

    def open_sequencer(name: str | None) -> FakeSequencer:
        if name == "Busy:in 131:0":
            raise OSError(16, "Device or resource busy")
        made[name] = FakeSequencer(name="Glisser:out" if name is None else name)
        return made[name]

    names = ["Synth:in 130:0", "Busy:in 131:0"]
    fake = SimpleNamespace(port_names=lambda: names, open_sequencer=open_sequencer)
    monkeypatch.setitem(sys.modules, "instrument.alsa_sequencer", fake)
    monkeypatch.setattr(instrument, "alsa_sequencer", fake, raising=False)
    monkeypatch.setattr(alsa_out, "has_package", lambda: True)
    return made


def choosing(*names: str) -> Callable[[Sequence[str]], Sequence[str]]:
    def choose(ports: Sequence[str]) -> Sequence[str]:
        assert ports == ["Synth:in 130:0", "Busy:in 131:0"]
        return names

    return choose


def test_the_ports_are_opened_by_name_or_one_of_our_own(kernel: Made) -> None:
    """Each has a queue to itself."""
    (output,) = open_alsa(choosing("Synth:in 130:0"))
    assert (output.name, output.api, output.lead_ns) == ("Synth:in 130:0", "alsa", LEAD_NS)
    (output,) = open_alsa(choosing())
    assert output.name == "Glisser:out"
    assert len(kernel) == 2


def test_a_port_that_does_not_open_closes_the_others(kernel: Made) -> None:
    """The sentence is the kernel's word; the player then goes through RtMidi."""
    with pytest.raises(AlsaUnavailableError, match=r"^Device or resource busy$"):
        open_alsa(choosing("Synth:in 130:0", "Busy:in 131:0"))
    assert kernel["Synth:in 130:0"].closed


def test_without_the_package_or_its_library_it_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not installed, or installed where there is no libasound: one sentence each."""
    monkeypatch.setattr(alsa_out, "has_package", lambda: False)
    with pytest.raises(AlsaUnavailableError, match="not installed"):
        open_alsa(choosing())
    monkeypatch.setattr(alsa_out, "has_package", lambda: True)
    monkeypatch.setitem(sys.modules, "instrument.alsa_sequencer", None)
    monkeypatch.delattr(instrument, "alsa_sequencer", raising=False)
    with pytest.raises(AlsaUnavailableError):
        open_alsa(choosing())


def test_a_kernel_that_is_late_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing notes or four milliseconds: the sentence says so; three tries are made."""
    tries: list[int] = []

    def late() -> Checked:
        tries.append(1)
        return Checked(24, 0, 4 * MS)

    monkeypatch.setattr(alsa_check, "_check_once", late)
    with pytest.raises(AlsaUnavailableError, match=r"within 4\.00 ms"):
        open_timed(choosing())
    assert len(tries) == 3
    monkeypatch.setattr(alsa_check, "_check_once", lambda: Checked(24, 2, 0))
    with pytest.raises(AlsaUnavailableError, match="2 of 24 notes did not come back"):
        open_timed(choosing())


def test_the_judge_compares_moments() -> None:
    """Early counts as much as late, and what is missing is not forgiven."""
    sent = [(1000, NOTE_ON), (2000, OTHER_ON), (3000, NOTE_OFF)]
    heard = [(2000 + LATE_NS + 1, OTHER_ON), (990, NOTE_ON)]
    assert judge(sent, heard) == Checked(3, 1, LATE_NS + 1)
    assert judge(sent[:1], heard) == Checked(1, 0, 10)
    assert [judge(sent[:n], heard).in_time for n in (1, 2, 3)] == [True, False, False]
    assert not judge(sent, []).in_time


class Port:
    """Stands in for ``rtmidi.MidiOut``."""

    def __init__(self, _api: int, name: str) -> None:
        assert name == "Glisser"

    def open_virtual_port(self, _name: str) -> None:
        pass


def opened_on(
    api: int, has: bool, opener: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Output:
    monkeypatch.setattr(midi_out, "available_api", lambda _name: api)
    monkeypatch.setattr(midi_out, "has_alsa_package", lambda: has)
    monkeypatch.setattr(midi_out, "has_package", lambda: False)  # JACK's
    monkeypatch.setattr(midi_out, "open_timed", opener)
    monkeypatch.setattr(rtmidi, "MidiOut", Port)
    (output,) = open_outputs([], "auto")
    return output


def test_on_alsa_the_kernels_queue_is_taken_where_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """RtMidi elsewhere: with a sentence where the kernel was tried, else as ever."""
    kernel = FakeSequencer()

    def works(_choose: object) -> list[AlsaOutput]:
        return [output_on(kernel)]

    def fails(_choose: object) -> list[AlsaOutput]:
        raise AlsaUnavailableError("No such file or directory")

    alsa = rtmidi.API_LINUX_ALSA
    assert isinstance(opened_on(alsa, True, works, monkeypatch), AlsaOutput)
    fallen_back = opened_on(alsa, True, fails, monkeypatch)
    assert isinstance(fallen_back, RtMidiOutput)
    sentence = "notes are not timed by the kernel on ALSA: No such file or directory"
    assert [fallen_back.trouble(), fallen_back.trouble()] == [sentence, None]
    for api, has in ((alsa, False), (rtmidi.API_UNIX_JACK, True)):
        output = opened_on(api, has, works, monkeypatch)
        assert isinstance(output, RtMidiOutput)
        assert output.trouble() is None


# --- On a real sequencer --------------------------------------------------------------------------


@pytest.fixture
def real_kernel() -> Any:
    """The room that knows alsa-midi."""
    pytest.importorskip("alsa_midi", reason="alsa-midi is not installed", exc_type=ImportError)
    from instrument import alsa_sequencer

    return alsa_sequencer


@pytest.fixture
def sender(real_kernel: Any) -> Iterator[Any]:
    """A port and a queue of ours."""
    sender = real_kernel.open_sequencer(None, "Glisser-test")
    yield sender
    sender.close()


@pytest.fixture
def synth(real_kernel: Any, sender: Any) -> Iterator[Any]:
    """A port of another client that hears ``sender``, and whatever else is played to it."""
    ear = real_kernel.Ear("Synth", sender)
    yield ear
    ear.close()


@pytest.mark.real(devices=SEQUENCER)
def test_the_kernel_sends_each_message_once_in_order_and_never_early(
    sender: Any, synth: Any
) -> None:
    """Notes, clock and song position, handed over in any order, by the kernel's own stamps."""
    begin_ns = sender.look().queue_ns + SECOND_NS
    wanted = [(begin_ns + n * MS, bytes((0x90, n, 1))) for n in range(100)]
    wanted += [(begin_ns + 101 * MS, b"\xf8"), (begin_ns + 102 * MS, b"\xf2\x01\x02")]
    for at_ns, message in [*wanted[1::2], *wanted[::2]]:
        sender.place(message, at_ns)
    heard: list[tuple[int, bytes]] = []
    while sender.look().waiting or len(heard) < len(wanted):
        heard += synth.heard()
    assert [message for _, message in heard] == [message for _, message in wanted]
    assert all(came >= at for (came, _), (at, _) in zip(heard, wanted, strict=True))


@pytest.mark.real(devices=SEQUENCER)
def test_a_real_port_is_played_to_by_a_part_of_its_name_and_left_silent(
    synth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due is heard, a note of the next minute is not, and what sounds is closed."""
    monkeypatch.setattr(alsa_check, "check_alsa", lambda: Checked(24, 0, 0))
    (output,) = open_outputs(["synth"], "alsa")
    assert isinstance(output, AlsaOutput)
    assert (output.name, output.api) == ("Synth:in", "alsa")
    now_ns = perf_counter_ns()
    output.send(NOTE_ON, now_ns + 10 * MS)
    output.send(OTHER_ON, now_ns + 60 * SECOND_NS)
    assert output.trouble() is None
    output.close()
    heard = [message for _, message in synth.heard()]
    assert heard[0] == NOTE_ON
    assert NOTE_OFF in heard
    assert OTHER_ON not in heard


@pytest.mark.real(devices=SEQUENCER)
def test_a_real_port_of_our_own_is_glisser_out_and_goes_when_closed(
    real_kernel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RtMidi, which lists the ports, sees it under that name."""
    monkeypatch.setattr(alsa_check, "check_alsa", lambda: Checked(24, 0, 0))
    (output,) = open_outputs([], "alsa")
    assert isinstance(output, AlsaOutput)
    assert output.name == "Glisser:out"

    def seen() -> bool:
        port = rtmidi.MidiIn(rtmidi.API_LINUX_ALSA)
        names = port.get_ports()
        port.delete()
        return any(name.startswith("Glisser:out ") for name in names)

    assert seen()
    output.close()
    assert not seen()
    assert real_kernel.port_names()


@pytest.mark.real(devices=SEQUENCER)
def test_a_real_port_that_is_unplugged_is_told(synth: Any, real_kernel: Any) -> None:
    """The kernel takes the connection away; the sentence names the port."""
    output = AlsaOutput(real_kernel.open_sequencer(synth.name))
    assert output.trouble() is None
    synth.close()
    assert "Synth:in is gone" in str(output.trouble())
    output.close()


@pytest.mark.real(devices=SEQUENCER)
def test_a_real_queue_that_is_full_holds_nobody_up(sender: Any) -> None:
    """Thousands of notes for the next minute: each is taken or refused at once, and all go."""
    output = AlsaOutput(sender)
    due_ns = perf_counter_ns() + 60 * SECOND_NS
    for _ in range(5000):
        output.send(NOTE_ON, due_ns)
    assert "notes are left out" in str(output.trouble())
    sender.remove_queued()
    assert sender.look().waiting == 0
    output.close()
