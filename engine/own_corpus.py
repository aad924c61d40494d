"""The user's own corpus: a folder of MIDI, MusicXML and ABC files -> melodies, and an account.

Of each tune the highest part that is one voice on the sixteenth grid is taken. What cannot be used
is listed with its reason, and the rest is used.
"""

import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.chorales import CorpusError, Melody, Progress, melody_from, parse_in_processes
from engine.corpus import Corpus, build_corpus, has_windows, tune_clusters
from engine.files import write_atomically
from engine.source import CorpusSource, own_source
from engine.tunes import SUFFIXES, Reading, read_file

CACHE_FORMAT = 1  # raise it when Reading or the parsing rules change
FEWEST_FOR_PROCESSES = 9  # starting the processes takes as long as reading a few files
MIN_TUNES = 8  # the fewest of which 80 / 10 / 10 gives each side one


@dataclass(frozen=True)
class Gathered:
    """The melodies of a folder that a recipe can use.

    ``account``: what became of each file, one plain line each, for a person; ``refused``: those of
    them that tell of a file or a tune that is not used.
    """

    melodies: tuple[Melody, ...]
    source: CorpusSource
    account: tuple[str, ...]
    refused: tuple[str, ...]


def three_sides(
    folder: Path, melodies: Sequence[Melody], *, bar_aligned: bool, hop_steps: int
) -> Corpus:
    """The windows of ``melodies``, which came from ``folder``, transposed within their own range.

    Raises :class:`CorpusError` where there are too few different tunes for three sides.
    """
    corpus = build_corpus(melodies, bar_aligned=bar_aligned, hop_steps=hop_steps)
    if not all(len(windows) for windows in corpus.sides.values()):
        tunes, windows = len(tune_clusters(melodies)), sum(map(len, corpus.sides.values()))
        raise CorpusError(
            f"{folder} is too small: {_counted(tunes, 'different tune', 'different tunes')} with "
            f"{windows} windows in all keys; at least {MIN_TUNES} different tunes of two bars or "
            "more are needed, so that training, validation and test each have one"
        )
    return corpus


def gather(
    folder: Path, caches: Path, *, bar_aligned: bool, progress: Progress | None = None
) -> Gathered:
    """The melodies in ``folder``, recursively, that have windows under ``bar_aligned``.

    What was read is kept in ``caches`` under the hash of the files' content, so that the same
    files are read once. Raises :class:`CorpusError`: no such folder, no files, none usable.
    """
    files = score_files(folder)
    names = [file.relative_to(folder).as_posix() for file in files]
    readings = _readings(folder, files, caches, progress)
    melodies: list[Melody] = []
    account, refused = [], []
    used = 0
    for name, reading in zip(names, readings, strict=True):
        usable = [m for m in reading.melodies if has_windows(m, bar_aligned=bar_aligned)]
        melodies += usable
        used += bool(usable)
        stem = Path(name).stem
        no_bars = [m.name.removeprefix(stem).strip() for m in reading.melodies if m not in usable]
        misses = [*reading.refused]
        misses += [(tune, "no two bars of 4/4 from bar line to bar line") for tune in no_bars]
        for tune, reason in misses:
            refused.append(f"{name}{f' ({tune})' if tune else ''}: not used: {reason}")
            account.append(refused[-1])
        if usable:
            remark = f"; {reading.remark}" if reading.remark else ""
            account.append(f"{name}: {_counted(len(usable), 'melody', 'melodies')} used{remark}")
    if not melodies:
        raise CorpusError(
            f"none of the {_counted(len(files), 'file', 'files')} in {folder} can be used; "
            f"the first is {refused[0]}"
        )
    source = own_source(melodies, folder.resolve().name, used, len(files))
    return Gathered(tuple(melodies), source, tuple(account), tuple(refused))


def score_files(folder: Path) -> list[Path]:
    """Every file below ``folder`` that may hold melodies, by name. Raises :class:`CorpusError`."""
    if not folder.is_dir():
        raise CorpusError(f"{folder} is not a folder")
    files = sorted(
        Path(place) / name
        for place, _, names in os.walk(folder)
        for name in names
        if Path(name).suffix.lower() in SUFFIXES
    )
    if not files:
        raise CorpusError(f"{folder} holds no melodies; they end in {', '.join(sorted(SUFFIXES))}")
    return files


def _readings(
    folder: Path, files: Sequence[Path], caches: Path, progress: Progress | None
) -> list[Reading]:
    if importlib.util.find_spec("music21") is None:
        raise CorpusError(f"music21 is not installed; without it {folder} cannot be read")
    inputs = _fingerprint(folder, files)
    cache = caches / f"corpus-{inputs[:24]}.json.gz"
    found = _from_cache(cache, inputs)
    if found is None:
        if len(files) < FEWEST_FOR_PROCESSES:
            found = [read_file(file) for file in files]
        else:
            found = list(parse_in_processes(read_file, files, progress))
        _into_cache(cache, inputs, found)
    return found


def _fingerprint(folder: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256(importlib.metadata.version("music21").encode())
    for file in files:
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        try:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        except OSError as error:
            raise CorpusError(f"{file} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _from_cache(cache: Path, inputs: str) -> list[Reading] | None:
    """What was read before, or None when that is absent, damaged or of other files."""
    try:
        with gzip.open(cache, "rb") as file:
            document = json.loads(file.read())
        if (document["format"], document["inputs"]) != (CACHE_FORMAT, inputs):
            return None
        if document["sha256"] != _hash(document["readings"]):
            return None
        return [
            Reading(
                tuple(melody_from(melody) for melody in plain["melodies"]),
                tuple((tune, reason) for tune, reason in plain["refused"]),
                plain["remark"],
            )
            for plain in document["readings"]
        ]
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return None


def _into_cache(cache: Path, inputs: str, readings: Sequence[Reading]) -> None:
    plain = [asdict(reading) for reading in readings]
    document = {
        "format": CACHE_FORMAT,
        "inputs": inputs,
        "sha256": _hash(plain),
        "readings": plain,
    }
    with suppress(OSError):  # a full disk: they are read again next time
        write_atomically(cache, gzip.compress(json.dumps(document).encode(), mtime=0))


def _hash(readings: object) -> str:
    return hashlib.sha256(json.dumps(readings).encode()).hexdigest()


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"
