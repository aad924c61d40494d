"""The processes of a performance, seen from outside: which they are, and their memory."""

from dataclasses import dataclass
from typing import Any

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory in MiB. ``shared`` is what lies in shared segments, such as the JACK server's
    own (about 100 MiB, mapped into every client of it); ``own`` is the rest.
    """

    own: float
    shared: float


def memory(pid: int) -> dict[str, Memory]:
    """Memory of ``glisser play`` (``main``) and its children, by module name. Linux.

    Raises ``ImportError`` without psutil. A process that has just ended is left out.
    """
    import psutil

    found: dict[str, Memory] = {}
    try:
        main = psutil.Process(pid)
        family = [("main", main), *((_module(c), c) for c in main.children(recursive=True))]
        for name, process in family:
            found[name] = _memory(process.pid)
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        pass
    return found


def pids(pid: int) -> dict[str, int]:
    """The processes of ``glisser play`` by module name, ``main`` among them.

    Raises ``ImportError`` without psutil.
    """
    import psutil

    children = psutil.Process(pid).children(recursive=True)
    return {"main": pid, **{_module(child): child.pid for child in children}}


def parsed(status: str) -> Memory:
    """Memory from the text of ``/proc/<pid>/status``."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    kib = {name: int(fields[name].split()[0]) for name in ("RssAnon", "RssFile", "RssShmem")}
    return Memory((kib["RssAnon"] + kib["RssFile"]) / 1024, kib["RssShmem"] / 1024)


def _memory(pid: int) -> Memory:
    with open(f"/proc/{pid}/status", encoding="utf-8") as text:
        return parsed(text.read())


def _module(process: Any) -> str:  # noqa: ANN401 - psutil ships no types
    words: list[str] = process.cmdline()
    return words[words.index("-m") + 1] if "-m" in words else (words or ["?"])[0]
