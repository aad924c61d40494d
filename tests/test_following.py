"""The leader in the main process: whose clock it is, when a message was sent, what is passed on."""

import random
from itertools import pairwise

from engine.wire import Message
from instrument.driver_time import MAX_DELAY_NS, DriverTime
from instrument.following import Following, clock_words
from instrument.mapping import Receive
from instrument.midi_clock import ClockState
from instrument.midi_in import Arrival
from tests.clocks import MS, PULSE, S, steady, true_pulses


def ours(driver: DriverTime, delta_s: float, arrival_ns: int) -> int:
    """Its stamp on our clock."""
    return driver.stamp(delta_s, arrival_ns) + driver.offset_ns


def test_the_least_delayed_message_says_where_the_drivers_time_lies() -> None:
    """Spaced as the driver saw them, though our thread woke up to 5 ms late."""
    chance = random.Random(1)
    times, driver, previous = true_pulses(steady(120.0), 200), DriverTime(), 0
    errors = []
    for number, time_ns in enumerate(times):
        delay_ns = chance.choice([0, 0, 1, 3, 5]) * MS
        delta_s = 0.0 if number == 0 else (time_ns - previous) / 1e9
        stamped = ours(driver, delta_s, time_ns + delay_ns)
        assert stamped <= time_ns + delay_ns
        errors.append(abs(stamped - time_ns))
        previous = time_ns
    assert max(errors[20:]) < 1_000


def test_a_driver_whose_clock_drifts_is_held_to_ours() -> None:
    """A hundred parts in a million for ten minutes, 60 ms in all: never 1 ms from the truth."""
    driver = DriverTime()
    for number in range(6_000):
        time_ns = 10 * S + number * 100 * MS
        stamped = ours(driver, 0.0 if number == 0 else 0.1 * 1.0001, time_ns)
        assert abs(stamped - time_ns) < MS


def test_a_driver_that_says_nonsense_is_not_believed() -> None:
    """A gap that the driver did not see, or saw alone: the arrival counts again at once."""
    driver = DriverTime()
    driver.stamp(0.0, 10 * S)
    assert ours(driver, 0.02, 20 * S) == 20 * S
    late_ns = 20 * S + 20 * MS
    assert ours(driver, 5.0, late_ns) == late_ns
    assert ours(driver, 0.02, late_ns + 20 * MS) == late_ns + 20 * MS
    assert MAX_DELAY_NS < 1 * S


def following(receive: Receive = Receive()) -> tuple[Following, list[Message], list[str]]:  # noqa: B008
    sent: list[Message] = []
    said: list[str] = []
    return Following(receive, 120.0, sent.append, said.append), sent, said


def arrivals(port: str, message: bytes, times: list[int]) -> list[Arrival]:
    return [Arrival(port, ns, 0.0 if n == 0 else 0.02, message) for n, ns in enumerate(times)]


def test_the_first_port_that_sends_clock_owns_it_and_a_second_is_named_once() -> None:
    """Two senders at two tempos would be none; a knob's port is no sender."""
    leader, sent, said = following()
    leader.hear(Arrival("knobs", 0, 0.0, b"\xb0\x14\x40"))
    for arrival in arrivals("DAW", PULSE, [n * 20 * MS for n in range(50, 80)]):
        leader.hear(arrival)
    told = len(sent)
    assert told > 20
    for arrival in arrivals("drum machine", PULSE, [n * 17 * MS for n in range(100, 130)]):
        leader.hear(arrival)
    leader.hear(Arrival("drum machine", 3 * S, 0.01, b"\xfc"))
    assert len(sent) == told
    assert said == ["drum machine sends clock too; DAW was first and is followed"]


def test_a_machine_that_wakes_late_from_the_start_swings_no_tempo() -> None:
    """The first second arrives in clumps, up to 80 ms late; the driver knew better."""
    leader, sent, _ = following()
    times = true_pulses(steady(174.0), 96)
    clumps = [-(-ns // (80 * MS)) * 80 * MS if ns < 11 * S else ns for ns in times]
    spaces = [0, *(b - a for a, b in pairwise(times))]
    for space_ns, arrival_ns in zip(spaces, clumps, strict=True):
        leader.hear(Arrival("DAW", arrival_ns, space_ns / 1e9, PULSE))
    assert len(sent) > 80
    assert all(abs(message["tempo_bpm"] - 174.0) < 0.03 * 174.0 for message in sent)
    assert abs(sent[-1]["ns"] - times[-1]) < MS // 10


def test_what_the_player_is_told() -> None:
    """Start and the first pulse are a play with its moment; then the beat; then stop."""
    leader, sent, _ = following()
    leader.hear(Arrival("DAW", S, 0.0, b"\xfa"))
    for arrival in arrivals("DAW", PULSE, [S + n * 20 * MS for n in range(30)]):
        leader.hear(arrival)
    leader.hear(Arrival("DAW", 2 * S, 0.01, b"\xfc"))
    play = sent[0]
    assert (play["type"], play["do"], play["song_tick"]) == ("transport", "play", 0)
    assert {message["type"] for message in sent[1:-1]} == {"follow"}
    assert sent[-1] == {"type": "transport", "do": "stop"}


def test_the_words_on_the_display() -> None:
    """To the tenth of a beat a minute, and no number that means nothing."""
    assert clock_words(ClockState("waiting", None)) == "waiting for clock"
    assert clock_words(ClockState("locked", 120.26)) == "locked at 120.3 bpm"
    assert clock_words(ClockState("lost", 120.0)).startswith("clock lost")
