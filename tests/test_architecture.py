"""The walls that an import contract cannot see: who prints, what is loaded, how long a file is."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(p for room in ("engine", "instrument") for p in (ROOT / room).rglob("*.py"))

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50

# Longer than that, and why they are not two.
LONG_FILES = {
    "instrument/player_core.py": "one turn of the player, to be read as one; its parts are rooms",
    "instrument/performance.py": "the one place that wires all rooms; splitting it would hide them",
}
LONG_FUNCTIONS = {
    "engine/recurrence.py:cell_backward": "the adjoint of one cell; halves would pass ten tensors",
    "instrument/cli.py:play": "its parameters are the options of the pinned command line",
}

TERMINAL_ROOMS = {
    f"instrument/{room}.py"
    for room in (
        "display",
        "cli",
        "demo_command",
        "evaluating",
        "headless",
        "learn_command",
        "machine_command",
        "options",
        "params_command",
        "patch_command",
        "training",
    )
}
TERMINAL_LIBRARIES = {"rich", "typer"}
PROCESS_ROOMS = {
    "engine/chorales.py",
    "instrument/children.py",
    "instrument/jack_check.py",
    "instrument/jack_out.py",
    "instrument/sound.py",
    "instrument/synth.py",
}
PROCESS_LIBRARIES = {"subprocess", "multiprocessing"}
PROCESS_CALLS = {"system", "popen", "fork", "forkpty", "posix_spawn", "startfile"}

PURE_ROOMS = {
    "instrument/alsa_time.py": set(),
    "instrument/capture.py": {"engine.phrase", "instrument.tempo"},
    "instrument/curve.py": set(),
    "instrument/frames.py": set(),
    "instrument/latent.py": {
        "instrument.controls",
        "instrument.mapping",
        "instrument.modulation",
        "instrument.settings",
    },
    "instrument/finding.py": set(),
    "instrument/mapping.py": {"instrument.curve", "instrument.settings"},
    "instrument/modulation.py": {"instrument.tempo"},
    "instrument/settings.py": {"instrument.tempo"},
    "instrument/surface.py": {"instrument.controllers", "instrument.mapping"},
    "instrument/setlist.py": {"instrument.actions"},
    "instrument/voicing.py": {"engine.phrase", "instrument.settings"},
    "instrument/tempo.py": {"engine.phrase"},
    "instrument/oscquery.py": {"instrument.parameters"},
    "instrument/web_access.py": set(),
    "instrument/events.py": {"engine.phrase", "instrument.ledger", "instrument.voicing"},
}
# All that a function of its arguments needs: nothing that reads the world or waits for it.
PURE_LIBRARIES = {"bisect", "collections", "dataclasses", "functools", "math", "typing"}
PURE_LIBRARIES |= {"heapq", "ipaddress", "struct"}


def name_of(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def imports(source: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def libraries(source: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(source)}


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_only_the_terminal_rooms_speak_to_the_terminal(source: Path) -> None:
    """Whatever a person reads comes from display, cli or training; nobody else prints."""
    printed = [
        node
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"print", "input"}
    ]
    assert not printed
    if name_of(source) not in TERMINAL_ROOMS:
        assert not libraries(source) & TERMINAL_LIBRARIES


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_only_a_few_rooms_start_processes(source: Path) -> None:
    """Our children, FluidSynth, JACK's callback, the pool that reads scores: all are ended too."""
    if name_of(source) in PROCESS_ROOMS:
        return
    assert not libraries(source) & PROCESS_LIBRARIES
    called = {
        node.attr
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert not called & PROCESS_CALLS


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_torch_lives_in_the_engine(source: Path) -> None:
    """No file outside engine/ names torch."""
    if not name_of(source).startswith("engine/"):
        assert "torch" not in libraries(source)


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_no_file_that_is_read_can_run_code(source: Path) -> None:
    """No pickle in any dress, and nothing that makes code of text."""
    assert not libraries(source) & {"cPickle", "dill", "joblib", "marshal", "pickle", "shelve"}
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"compile", "eval", "exec"}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in {("torch", "load"), ("torch", "save")}
            assert (node.value.id, node.attr) not in {("np", "load"), ("yaml", "load")}


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_pure_rooms_import_almost_nothing(room: str) -> None:
    """Functions of their arguments and nothing else: the same knob, the same z."""
    found = set(imports(ROOT / room))
    ours = {module for module in found if module.startswith(("engine", "instrument"))}
    assert ours <= PURE_ROOMS[room]
    others = {module.partition(".")[0] for module in found - ours}
    assert others <= PURE_LIBRARIES


def test_no_file_is_two() -> None:
    """A source file has at most 300 lines unless it is listed here with its reason."""
    lengths = {
        name_of(source): len(source.read_text(encoding="utf-8").splitlines()) for source in SOURCES
    }
    too_long = {name: length for name, length in lengths.items() if length > MAX_FILE_LINES}
    assert too_long.keys() <= LONG_FILES.keys()


def test_no_function_is_two() -> None:
    """A function has at most 50 lines unless it is listed here with its reason."""
    too_long = {
        f"{name_of(source)}:{node.name}"
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    }
    assert too_long <= LONG_FUNCTIONS.keys()


def loaded_by(*modules: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after importing ``modules``."""
    lines = [f"import {module}" for module in modules]
    lines.append("import sys; sys.stdout.write(' '.join(sys.modules))")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {module.partition(".")[0] for module in done.stdout.split()}


def test_the_torch_free_rooms_load_no_torch() -> None:
    """What the instrument may see of the engine costs milliseconds, not seconds, to import."""
    rooms = ("attributes", "phrase", "vocabulary", "card", "wire", "files", "fitting", "chorales")
    assert "torch" not in loaded_by(*(f"engine.{room}" for room in rooms))


def test_main_loads_no_torch() -> None:
    """``glisser play`` starts, checks and shows without torch; the engine process has it."""
    assert "torch" not in loaded_by("instrument.cli", "instrument.performance")


def test_main_loads_nothing_of_http_or_zeroconf() -> None:
    """What parses the network has a process of its own; zeroconf is an optional extra besides."""
    large = {"anyio", "h11", "starlette", "uvicorn", "websockets"}
    announced = {"ifaddr", "zeroconf"}
    assert not loaded_by("instrument.cli", "instrument.performance") & (large | announced)
    assert large | announced <= loaded_by("instrument.oscquery_process")
    assert large <= loaded_by("instrument.stage_process")


def test_the_stage_process_loads_neither_torch_nor_zeroconf() -> None:
    """It has an engine for what is decoded, and is announced to nobody."""
    assert not loaded_by("instrument.stage_process") & {"torch", "ifaddr", "zeroconf"}


def test_the_player_loads_nothing_large() -> None:
    """The process that keeps time has no numpy, no pydantic, no parser of OSC: it stays small."""
    large = {"torch", "numpy", "pydantic", "mido", "pythonosc", "rich", "typer", "music21"}
    assert not loaded_by("instrument.player") & large
