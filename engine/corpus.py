"""Melodies -> clusters -> train / validation / test -> transpositions -> windows of 32 steps.

The split is by melody, before transposing: Bach harmonised many tunes several times, and under a
split by file name more than a third of the validation windows also stand in the training side.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.chorales import CorpusError, Melody
from engine.phrase import HOLD_STEP, PHRASE_STEPS, REST_STEP, STEPS_PER_BAR
from engine.vocabulary import REST_ID, Vocabulary, name_of

Tokens = npt.NDArray[np.uint8]
Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = ("train", "validation", "test")

SPLIT_SHARES = (0.8, 0.1, 0.1)
SPLIT_SEED = 0
SHARED_FINGERPRINTS = 0.30  # of the smaller chorale's: beyond this, two chorales are one tune
MIN_FINGERPRINT_NOTES = 4  # fewer notes say nothing about which tune it is
MAX_TOKENS = 256  # windows are kept as uint8
MAX_REST_SHARE = 0.5  # a window more than half silent is no phrase

Fingerprint = tuple[int, ...]


@dataclass(frozen=True)
class Windows:
    """``tokens``: uint8 [N, 32]. For each window: ``melody``, the index of its chorale, and
    ``key_fifths``, the sharps (+) or flats (-) of the key signature it is transposed to.
    """

    tokens: Tokens
    melody: npt.NDArray[np.int32]
    key_fifths: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class Corpus:
    """A recipe applied: the vocabulary of all its melodies, and the windows of each side."""

    vocabulary: Vocabulary
    sides: dict[Side, Windows]


def build_corpus(melodies: Sequence[Melody], *, bar_aligned: bool, hop_steps: int) -> Corpus:
    """Windows of every transposition inside the voice's own range.

    ``bar_aligned``: only pieces and windows in 4/4 that start on a bar line (``stage``); else every
    ``hop_steps``-th window of every piece (``paper`` uses 1). The vocabulary holds the names of all
    melodies in all transpositions, whatever the recipe, so that checkpoints can be compared.
    Raises :class:`CorpusError` for a range so wide that the names are more than a token can number.
    """
    low = min(min(m.pitches) for m in melodies)
    high = max(max(m.pitches) for m in melodies)
    transpositions = [transpose_within(m, low, high) for m in melodies]
    vocabulary = Vocabulary.of(
        name_of(fifths, pitch)
        for versions in transpositions
        for version in versions
        for fifths, pitch in zip(version.fifths, version.steps, strict=True)
        if pitch >= 0
    )
    if len(vocabulary) > MAX_TOKENS:
        raise CorpusError(
            f"the melodies go from {vocabulary.names[2]} to {vocabulary.names[-1]}, which in all "
            f"keys takes {len(vocabulary)} tokens; at most {MAX_TOKENS} can be learnt"
        )
    side_of = split_by_tune(melodies)
    rows: dict[Side, list[Tokens]] = {side: [] for side in SIDES}
    origin: dict[Side, list[tuple[int, int]]] = {side: [] for side in SIDES}
    for index, (melody, versions) in enumerate(zip(melodies, transpositions, strict=True)):
        starts = bar_aligned_starts(melody) if bar_aligned else free_starts(melody, hop_steps)
        for version in versions:
            tokens = melody_tokens(version, vocabulary)
            windows = [tokens[start : start + PHRASE_STEPS] for start in starts]
            rows[side_of[index]] += windows
            origin[side_of[index]] += [(index, version.key_fifths)] * len(windows)
    return Corpus(vocabulary, {side: _windows(rows[side], origin[side]) for side in SIDES})


def has_windows(melody: Melody, *, bar_aligned: bool) -> bool:
    """Whether a recipe finds anything in ``melody``."""
    return bool(bar_aligned_starts(melody) if bar_aligned else free_starts(melody, 1))


def _windows(rows: Sequence[Tokens], origin: Sequence[tuple[int, int]]) -> Windows:
    tokens = np.stack(rows) if rows else np.zeros((0, PHRASE_STEPS), np.uint8)
    of = np.asarray(origin, np.int64).reshape(-1, 2)
    return Windows(tokens, of[:, 0].astype(np.int32), of[:, 1].astype(np.int8))


def transpose_within(melody: Melody, low: int, high: int) -> list[Melody]:
    """Every transposition of ``melody`` whose pitches stay in ``low..high``, from low to high."""
    downwards, upwards = low - min(melody.pitches), high - max(melody.pitches)
    return [melody.transposed(semitones) for semitones in range(downwards, upwards + 1)]


def melody_tokens(melody: Melody, vocabulary: Vocabulary) -> Tokens:
    """The melody's steps as token ids, uint8 [T]."""
    special = {HOLD_STEP: 0, REST_STEP: REST_ID}
    return np.asarray(
        [
            special[value] if value < 0 else vocabulary.ids[name_of(fifths, value)]
            for value, fifths in zip(melody.steps, melody.fifths, strict=True)
        ],
        np.uint8,
    )


def free_starts(melody: Melody, hop_steps: int) -> list[int]:
    """Starts of all contiguous windows, ``hop_steps`` apart (the paper, section 3.2: hop 1)."""
    return list(range(0, len(melody.steps) - PHRASE_STEPS + 1, hop_steps))


def bar_aligned_starts(melody: Melody) -> list[int]:
    """Starts of the windows whose downbeat is the score's downbeat.

    4/4 throughout the window; the grid is given by the first bar's real length (about seven pieces
    in ten begin with a pickup); a window is left out where a full bar starts off that grid (a bar
    split by a repeat shifts the downbeat), or where more than half of it is silent.
    """
    if not melody.bars:
        return []
    first = melody.bars[0]
    phase = first.length_steps % STEPS_PER_BAR
    starts = []
    for start in range(phase, len(melody.steps) - PHRASE_STEPS + 1, STEPS_PER_BAR):
        end = start + PHRASE_STEPS
        inside = [
            bar
            for bar in melody.bars
            if bar.start_step < end and bar.start_step + bar.length_steps > start
        ]
        common_time = all((bar.numerator, bar.denominator) == (4, 4) for bar in inside)
        on_grid = all(
            (bar.start_step - phase) % STEPS_PER_BAR == 0 for bar in inside if bar.is_full
        )
        if common_time and on_grid and rest_share(melody.steps[start:end]) <= MAX_REST_SHARE:
            starts.append(start)
    return starts


def rest_share(steps: Sequence[int]) -> float:
    """The share of a row that is silent; a HOLD after a REST sounds as rest."""
    silent, resting = 0, False
    for value in steps:
        resting = value == REST_STEP or (value == HOLD_STEP and resting)
        silent += resting
    return silent / len(steps)


def fingerprints(melody: Melody) -> set[Fingerprint]:
    """What two settings of one tune share: every window's rhythm, rests, and shape from its first
    note.

    Independent of transposition. Windows with fewer than four notes are left out.
    """
    found = set()
    for start in range(len(melody.steps) - PHRASE_STEPS + 1):
        window = melody.steps[start : start + PHRASE_STEPS]
        onsets = [value for value in window if value >= 0]
        if len(onsets) >= MIN_FINGERPRINT_NOTES:
            # Intervals lie within +-127, so HOLD and REST get numbers beyond them.
            found.add(tuple(v - onsets[0] if v >= 0 else v - 1000 for v in window))
    return found


def tune_clusters(melodies: Sequence[Melody]) -> list[list[int]]:
    """Indices of melodies, grouped so that settings of one tune stand together.

    Two chorales are joined when they share 30 % or more of the smaller one's fingerprints, and
    joining is transitive. Clusters and their members are in the order of ``melodies``.
    """
    prints = [fingerprints(m) for m in melodies]
    holders: defaultdict[Fingerprint, list[int]] = defaultdict(list)
    for index, found in enumerate(prints):
        for fingerprint in found:
            holders[fingerprint].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for indices in holders.values():
        shared.update((a, b) for i, a in enumerate(indices) for b in indices[i + 1 :])
    leader = list(range(len(melodies)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    for (a, b), count in shared.items():
        if count >= SHARED_FINGERPRINTS * min(len(prints[a]), len(prints[b])):
            first, second = sorted((find(a), find(b)))
            leader[second] = first
    clusters: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(melodies)):
        clusters[find(index)].append(index)
    return list(clusters.values())


def split_by_tune(melodies: Sequence[Melody]) -> list[Side]:
    """For each melody its side: clusters shuffled with seed 0, then 80 / 10 / 10 of the
    clusters.
    """
    clusters = tune_clusters(melodies)
    random.Random(SPLIT_SEED).shuffle(clusters)
    first = round(SPLIT_SHARES[0] * len(clusters))
    second = first + round(SPLIT_SHARES[1] * len(clusters))
    side_of: list[Side] = ["train"] * len(melodies)
    for place, cluster in enumerate(clusters):
        side: Side = "train" if place < first else "validation" if place < second else "test"
        for index in cluster:
            side_of[index] = side
    return side_of


def residual_share(melodies: Iterable[Melody], sides: Sequence[Side], side: Side) -> float:
    """The share of ``side``'s fingerprints that also stand in the training side, up to
    transposition.

    What the split by tune leaves: stock phrases that unrelated chorales have in common.
    """
    trained: set[Fingerprint] = set()
    held_out: list[set[Fingerprint]] = []
    for melody, its_side in zip(melodies, sides, strict=True):
        if its_side == "train":
            trained |= fingerprints(melody)
        elif its_side == side:
            held_out.append(fingerprints(melody))
    total = sum(len(found) for found in held_out)
    return sum(len(found & trained) for found in held_out) / max(total, 1)
