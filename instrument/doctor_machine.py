"""The preflight's look at the machine: time, priority, disk. Main process only."""

import platform
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

from instrument.children import Interview
from instrument.finding import Finding
from instrument.urgent import may_be_real_time

LISTEN_S = 10.0  # long enough for what wakes up every few seconds on an ordinary machine
LATE_P99_MS = 1.0  # of the player's waking: two notes of a chord apart by this are still one
LATE_MOST_MS = 20.0  # later, and a drummer hears it; over 50, and the player leaves notes out
ROOM_MIB = 200  # a take with its account is some MiB an hour; other programs write, too
LINUX_CLOCK = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
SLOW_CLOCKS = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"}


def python() -> Finding:
    """Whether this is a Python that Glisser is tested with."""
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 12)
    told = version if fits else f"{version}; use 3.11 or 3.12"
    return Finding("Python", "ok" if fits else "fail", told)


def timing(seconds: float = LISTEN_S) -> Finding:
    """How late a player would be woken, for ten seconds."""
    interview = Interview("instrument.wake_check", f"{seconds:g}")
    message = interview.listen(seconds + 10.0)
    interview.close()
    if message is None:
        return Finding("timing", "warning", "the check died or hung; try it again")
    return judged([ns / 1e6 for ns in message["late_ns"]], seconds)


def judged(late_ms: Sequence[float], seconds: float) -> Finding:
    """What lateness means for the music."""
    p99, most = quantiles(late_ms, n=100)[98], max(late_ms)
    told = f"woken {p99:.3f} ms late at the 99th percentile, {most:.3f} at most, over {seconds:g} s"
    if p99 <= LATE_P99_MS and most <= LATE_MOST_MS:
        return Finding("timing", "ok", told)
    return Finding(
        "timing", "warning", f"{told}; close other programs, and turn off what saves power"
    )


def priority() -> Finding:
    """Whether the player may go before ordinary programs."""
    if may_be_real_time():
        return Finding("priority", "ok", "the player goes before ordinary programs")
    if sys.platform == "linux":
        todo = "join the group that may (audio, on most systems), log in again"
        return Finding("priority", "warning", f"the player has none but ordinary; {todo}")
    return Finding("priority", "ok", "this system has none to give; close what you do not need")


def clock_source(file: Path = LINUX_CLOCK) -> Finding:
    """Which clock the computer goes by, and how fine it is."""
    step_ns = time.get_clock_info("perf_counter").resolution * 1e9
    try:
        name = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return Finding("clock", "ok", f"the system's steady clock, in steps of {step_ns:.0f} ns")
    if name in SLOW_CLOCKS:
        todo = "start Linux with clocksource=tsc if the machine allows it"
        return Finding("clock", "warning", f"{name} is slow to read; {todo}")
    return Finding("clock", "ok", f"{name}, in steps of {step_ns:.0f} ns")


def disk(folder: Path) -> Finding:
    """Whether a take would fit; ``folder`` is where it would be written."""
    try:
        free_mib = shutil.disk_usage(folder).free / 2**20
    except OSError as error:
        return Finding("disk", "warning", f"{folder}: {error.strerror}")
    told = f"{free_mib:,.0f} MiB are free in {folder}"
    if free_mib < ROOM_MIB:
        return Finding("disk", "warning", f"{told}; make room for takes, {ROOM_MIB} MiB at least")
    return Finding("disk", "ok", told)
