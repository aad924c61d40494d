"""The corpus as our code counts it: every figure of docs/architecture.md, "The corpus".

    .venv/bin/python benchmarks/corpus_facts.py

Takes some seconds, and two minutes where the chorales have not been read before.
"""

from collections import Counter

from rich.console import Console

from engine.chorales import Melody
from engine.corpus import SIDES, build_corpus, residual_share, split_by_tune, tune_clusters
from engine.phrase import PHRASE_STEPS
from engine.vocabulary import HOLD_ID
from instrument.training import chorales

COMMON_TIME = (4, 4)


def metres(melodies: list[Melody]) -> Counter[str]:
    """How many melodies stand in each metre from first bar to last; ``mixed`` for the others."""
    found: Counter[str] = Counter()
    for melody in melodies:
        signatures = {(bar.numerator, bar.denominator) for bar in melody.bars}
        numerator, denominator = signatures.pop()
        found["mixed" if signatures else f"{numerator}/{denominator}"] += 1
    return found


def main() -> None:
    melodies = chorales(Console(stderr=True))
    pitches = [pitch for melody in melodies for pitch in melody.pitches]
    sides = split_by_tune(melodies)
    paper = build_corpus(melodies, bar_aligned=False, hop_steps=1)
    stage = build_corpus(melodies, bar_aligned=True, hop_steps=16)
    facts: list[tuple[str, object]] = [
        ("melodies", len(melodies)),
        ("sixteenths", sum(len(melody.steps) for melody in melodies)),
        ("lowest and highest pitch", (min(pitches), max(pitches))),
        ("metres", dict(metres(melodies).most_common())),
        ("tunes (clusters)", len(tune_clusters(melodies))),
        ("melodies by side", {side: sides.count(side) for side in SIDES}),
        ("tokens", len(paper.vocabulary)),
        ("spelled notes", " ".join(paper.vocabulary.names[2:])),
    ]
    for name, corpus in (("paper", paper), ("stage", stage)):
        by_side = {side: len(corpus.sides[side]) for side in SIDES}
        facts.append((f"{name} windows", f"{sum(by_side.values())} {by_side}"))
        holds = sum(int((windows.tokens == HOLD_ID).sum()) for windows in corpus.sides.values())
        share = holds / (PHRASE_STEPS * sum(by_side.values()))
        facts.append((f"{name} share of HOLD", f"{share:.1%}"))
    for side in ("validation", "test"):
        share = residual_share(melodies, sides, side)
        facts.append((f"{side} fingerprints also in training", f"{share:.1%}"))
    for name, value in facts:
        print(f"{name:40} {value}")


if __name__ == "__main__":
    main()
