"""Bach's chorales: the soprano of every four-part setting that music21 ships, on a sixteenth grid.

music21 is imported only when the cache has to be made or checked, so that training also runs where
nothing but torch, numpy and the cached melodies exist.
"""

import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import multiprocessing
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from engine.files import write_atomically
from engine.phrase import HOLD_STEP, REST_STEP, STEPS_PER_BEAT

CACHE_FORMAT = 1  # raise it when Melody or the parsing rules change: caches are then made anew

Parsed = TypeVar("Parsed")
Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""


class CorpusError(Exception):
    """The corpus cannot be had; the message is one sentence for the user."""


class UnusableError(Exception):
    """A part is no melody of ours; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One written bar: where it starts, how long it really is, and what it claims to be (4/4)."""

    start_step: int
    length_steps: int
    numerator: int
    denominator: int

    @property
    def is_full(self) -> bool:
        return self.length_steps * self.denominator == self.numerator * 4 * STEPS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Melody:
    """One soprano line.

    ``steps``: pitch at an onset, -1 HOLD, -2 REST. ``fifths``: at an onset, the name's place on the
    line of fifths (C = 0); 0 elsewhere. ``key_fifths``: sharps (+) or flats (-) of the signature.
    """

    name: str
    steps: tuple[int, ...]
    fifths: tuple[int, ...]
    key_fifths: int
    bars: tuple[Bar, ...]

    def transposed(self, semitones: int) -> "Melody":
        """The same melody ``semitones`` higher, spelled in the plainest key signature."""
        shift = plainest_shift(self.key_fifths, semitones)
        steps = tuple(v + semitones if v >= 0 else v for v in self.steps)
        fifths = tuple(
            f + shift if v >= 0 else 0 for f, v in zip(self.fifths, self.steps, strict=True)
        )
        return Melody(self.name, steps, fifths, self.key_fifths + shift, self.bars)

    @property
    def pitches(self) -> tuple[int, ...]:
        return tuple(v for v in self.steps if v >= 0)


def plainest_shift(key_fifths: int, semitones: int) -> int:
    """Steps on the line of fifths for this transposition, giving the fewest sharps or flats.

    A fifth is seven semitones, so ``7 * semitones`` steps transpose exactly; twelve steps are an
    enharmonic change of name. Six sharps and six flats tie: the shorter way round wins.
    """
    exact = 7 * semitones
    candidates = (exact - 12 * turn for turn in range(exact // 12 - 2, exact // 12 + 3))
    return min(candidates, key=lambda shift: (abs(key_fifths + shift), abs(shift), shift))


def load_melodies(cache: Path, progress: Progress | None = None) -> list[Melody]:
    """The soprano melodies, from ``cache`` if it matches music21's files, else parsed (about 90 s).

    Raises :class:`CorpusError` when there is neither a cache nor music21.
    """
    have_music21 = importlib.util.find_spec("music21") is not None
    files = _bach_files() if have_music21 else []
    inputs = _fingerprint(files) if have_music21 else None
    cached = _read_cache(cache, inputs)
    if cached is not None:
        return cached
    if not have_music21:
        raise CorpusError(f"{cache} is missing or damaged, and music21 is not installed to make it")
    melodies = _parse_all(files, progress)
    _write_cache(cache, melodies, inputs or "")
    return melodies


def corpus_hash(melodies: Sequence[Melody]) -> str:
    """sha256 of the melodies' content: two checkpoints with one hash learnt from the same notes."""
    return hashlib.sha256(_as_json(melodies)).hexdigest()


def _as_json(melodies: Iterable[Melody]) -> bytes:
    return json.dumps([asdict(m) for m in melodies], separators=(",", ":")).encode()


def _read_cache(cache: Path, inputs: str | None) -> list[Melody] | None:
    """The cached melodies, or None when the cache is absent, damaged or made from other inputs."""
    try:
        with gzip.open(cache, "rb") as file:
            document = json.loads(file.read())
        melodies = [melody_from(m) for m in document["melodies"]]
        if document["format"] != CACHE_FORMAT or document["sha256"] != corpus_hash(melodies):
            return None
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return None
    return melodies if inputs is None or document["inputs"] == inputs else None


def melody_from(plain: dict[str, Any]) -> Melody:
    """The melody that ``asdict`` made plain. Raises ``KeyError``, ``TypeError``."""
    return Melody(
        plain["name"],
        tuple(plain["steps"]),
        tuple(plain["fifths"]),
        plain["key_fifths"],
        tuple(Bar(**bar) for bar in plain["bars"]),
    )


def _write_cache(cache: Path, melodies: Sequence[Melody], inputs: str) -> None:
    document = {
        "format": CACHE_FORMAT,
        "inputs": inputs,
        "sha256": corpus_hash(melodies),
        "melodies": [asdict(m) for m in melodies],
    }
    body = json.dumps(document, separators=(",", ":")).encode()
    with suppress(OSError):  # a full disk: they are parsed again next time
        # mtime=0: the same melodies give the same bytes on every machine.
        write_atomically(cache, gzip.compress(body, mtime=0))


def _bach_files() -> list[Path]:
    from music21 import corpus

    return sorted(Path(p) for p in corpus.getComposer("bach"))


def _fingerprint(files: Sequence[Path]) -> str:
    digest = hashlib.sha256(importlib.metadata.version("music21").encode())
    for file in files:
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _parse_all(files: Sequence[Path], progress: Progress | None) -> list[Melody]:
    found = parse_in_processes(parse_chorale, files, progress)
    return [melody for melody in found if melody is not None]


def parse_in_processes(
    parse: Callable[[Path], Parsed], files: Sequence[Path], progress: Progress | None
) -> Iterator[Parsed]:
    """``parse`` of each file, in order, on all cores. ``parse`` is a function of a module."""
    # A fork would copy whatever locks the progress display's thread holds at that moment.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        for done, found in enumerate(pool.map(parse, files, chunksize=4), start=1):
            if progress is not None:
                progress(done, len(files))
            yield found


def parse_chorale(file: Path) -> Melody | None:
    """The soprano of one score, or None when it is no chorale of ours.

    Ours: exactly four parts, a monophonic first part, every onset and length on the sixteenth grid.
    """
    from music21 import converter

    score: Any = converter.parse(file, forceSource=True)
    if len(score.parts) != 4:
        return None
    soprano = score.parts[0]
    try:
        steps, fifths = line_on_grid(soprano)
    except UnusableError:
        return None
    return Melody(file.stem, steps, fifths, key_of(soprano) or 0, bars_of(soprano))


def key_of(part: Any) -> int | None:
    """Sharps (+) or flats (-) of a part's first key signature; None without one."""
    signatures = part.flatten().getElementsByClass("KeySignature")
    return int(signatures[0].sharps) if len(signatures) else None


def line_on_grid(part: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Steps and spellings of a monophonic part. Raises :class:`UnusableError` for any other."""
    steps: list[int] = []
    fifths: list[int] = []
    for element in part.flatten().notesAndRests:
        if element.duration.isGrace:
            continue  # an ornament; it takes no time on the grid
        start = element.offset * STEPS_PER_BEAT
        length = element.duration.quarterLength * STEPS_PER_BEAT
        if element.isChord or start < len(steps):
            raise UnusableError("polyphonic")
        if start != int(start) or length != int(length):
            raise UnusableError("off the sixteenth grid")
        silence = int(start) - len(steps)
        steps += [REST_STEP] * silence
        fifths += [0] * silence
        tied = element.isNote and element.tie is not None and element.tie.type != "start"
        if element.isRest:
            row, first_fifth = [REST_STEP] * int(length), 0
        elif tied and steps and steps[-1] != REST_STEP:
            row, first_fifth = [HOLD_STEP] * int(length), 0
        else:
            row = [int(element.pitch.midi)] + [HOLD_STEP] * (int(length) - 1)
            first_fifth = _fifths_of(element.pitch)
        if row:
            steps += row
            fifths += [first_fifth] + [0] * (len(row) - 1)
    return tuple(steps), tuple(fifths)


def _fifths_of(pitch: Any) -> int:
    return "FCGDAEB".index(pitch.step) - 1 + 7 * int(pitch.alter)


def bars_of(part: Any) -> tuple[Bar, ...]:
    """The written bars of a part, with the metre in force."""
    measures = list(part.getElementsByClass("Measure"))
    bars = []
    numerator, denominator = 4, 4
    for index, measure in enumerate(measures):
        if measure.timeSignature is not None:
            numerator = int(measure.timeSignature.numerator)
            denominator = int(measure.timeSignature.denominator)
        start = float(measure.offset)
        last = index + 1 == len(measures)
        end = start + float(measure.highestTime) if last else float(measures[index + 1].offset)
        start_step = round(start * STEPS_PER_BEAT)
        length_steps = round(end * STEPS_PER_BEAT) - start_step
        bars.append(Bar(start_step, length_steps, numerator, denominator))
    return tuple(bars)
