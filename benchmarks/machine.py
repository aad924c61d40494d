"""What a figure needs beside it: the machine, the versions, and honest quantiles."""

import os
import platform
from collections.abc import Sequence
from importlib import metadata
from math import ceil
from pathlib import Path


def machine(*packages: str) -> dict[str, str]:
    """Processor, cores, system, Python, and the version of each of ``packages``."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "none"
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` (0 to 1) of them do not exceed.

    No interpolation: it is a value that was seen. Raises ``ValueError`` for no values.
    """
    if not values:
        raise ValueError("no values, no quantile")
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def verdict(met: bool) -> str:
    """How a page says it."""
    return "met" if met else "**not met**"


def machine_lines(found: dict[str, str]) -> list[str]:
    """The machine as a Markdown list."""
    return [f"- {name}: {value}" for name, value in found.items()]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
