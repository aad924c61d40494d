"""The arithmetic of ``make soak`` and ``make bench-startup``, and what they say of it."""

import pytest

from benchmarks import startup
from benchmarks.processes import Memory, parsed
from benchmarks.soak import growth_mib, moments
from benchmarks.soak_offline import soak_offline
from benchmarks.soak_page import section
from benchmarks.startup_page import PLAYER
from benchmarks.startup_page import section as section_of_start
from benchmarks.stretches import RATE


def test_bars_offline_close_every_note_on_the_grid() -> None:
    """The real player, a knob in every bar: no miss, no drift, as many note-offs as note-ons."""
    found = soak_offline(200)
    assert found["bars"] == 200
    assert found["requests"] > 190
    assert found["misses"] == found["still_open"] == found["drift_ns"] == 0
    assert found["note_ons"] == found["note_offs"] > 200


def test_one_halt_of_jack_is_told_once() -> None:
    """It is noticed several times within a second."""
    assert moments([5 * RATE, 100, 5 * RATE + 64, 200]) == [100, 5 * RATE]


def test_growth_is_of_each_process_once_it_has_settled() -> None:
    """What was loaded in the first tenth is no growth; a process that came later is left out."""
    weighed = [{"main": Memory(10.0, 0.0)}] + [
        {"main": Memory(50.0 + n / 10, 99.0), "late": Memory(n, 0.0)} for n in range(9)
    ]
    assert growth_mib(weighed) == {"main": pytest.approx(0.8), "late": pytest.approx(8.0)}
    weighed[1] = {"main": Memory(50.0, 0.0)}
    assert growth_mib(weighed) == {"main": pytest.approx(0.8)}


def test_memory_is_told_apart_from_what_jack_shares() -> None:
    """Own memory is anonymous and file pages; the server's segment is counted by itself."""
    status = "Name:\tpython\nRssAnon:\t 1024 kB\nRssFile:\t 2048 kB\nRssShmem:\t 4096 kB\n"
    assert parsed(status) == Memory(3.0, 4.0)


def test_the_soak_says_what_is_met() -> None:
    """A miss, an open note or 5 MiB of growth is not met; what was not run is said so."""
    counts = {"bars": 9, "misses": 0, "note_ons": 5, "note_offs": 5, "still_open": 0}
    offline = {**counts, "drift_ns": 0, "growth_mib": 4.9}
    live = {
        **counts,
        "minutes": 60,
        "drift_ms": 0.2,
        "growth_mib": {"main": 5.0},
        "stops": 2,
        "void_share": 0.01,
    }
    told = section({"offline": offline})
    assert "not met" not in told
    assert "- Live: not run." in told
    told = section({"offline": {**offline, "misses": 1}, "live": {**live, "note_offs": 4}})
    assert told.count("**not met**") == 3
    assert "JACK itself stood still 2 times; 1.0% of the notes" in told
    told = section({"live": {**live, "misses": 3, "misses_elsewhere": 1}})
    assert "too late: 3 (**not met**), 1 of them while the machine did not stand still" in told


def test_a_start_is_judged_by_its_median_and_the_players_own_memory() -> None:
    """The slowest start is told as well, and so is what JACK shares."""
    weighed = [{PLAYER: Memory(18.0, 100.0)}, {PLAYER: Memory(19.0, 100.0)}]
    told = section_of_start(startup.summary({"warm": [1.0, 1.2, 2.5]}, weighed))
    assert "First note, warm start: 1.20 s (slowest 2.50; at most 2 s: met)" in told
    assert "19 MiB of its own (at most 60: met), and 100 MiB" in told
