"""Where a run's melodies came from: what its card and its licence file say about them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.chorales import Melody, corpus_hash

CHORALES = "soprano parts of the four-part Bach chorales in music21"

_CHORALES_LICENCE = """# Licence of this checkpoint

The weights in this folder are released under the MIT licence of the repository.

They were trained on the soprano parts of the four-part Bach chorales in music21's corpus. The music
is in the public domain. The encodings belong to that corpus, whose licence file says that some of
them may not be used commercially. No encoding, and no melody as such, is part of this folder; if
you train on music21's files yourself, read its licence file first.
"""

_OWN_LICENCE = """# Licence of this checkpoint

The weights in this folder were trained on melodies of its maker's own choice: {description}.
Glisser knows nothing of the rights in them. Whoever passes this folder on has to know them: the
licence of the repository covers the program, not these melodies nor what was learnt from them.
"""


@dataclass(frozen=True)
class CorpusSource:
    """Provenance of a corpus.

    ``description``: one phrase for a person. ``sha256``: of the melodies. ``folder``: the last part
    of the folder's name, for a corpus of the user's own; "" for the chorales.
    """

    description: str
    sha256: str
    data_licence: str
    licence_text: str
    folder: str = ""


def chorales_source(melodies: Sequence[Melody]) -> CorpusSource:
    """The Bach chorales of music21."""
    return CorpusSource(
        description=CHORALES,
        sha256=corpus_hash(melodies),
        data_licence=(
            "The melodies are J. S. Bach's and his hymnals' (public domain), read from the "
            "encodings that music21 distributes with its corpus; see LICENCE.md beside this card."
        ),
        licence_text=_CHORALES_LICENCE,
    )


def own_source(melodies: Sequence[Melody], folder: str, used: int, files: int) -> CorpusSource:
    """A folder of the user's: its name, and how many of its files were used."""
    description = (
        f"{len(melodies)} melodies from {used} of the {files} files in the folder {folder}"
    )
    return CorpusSource(
        description=description,
        sha256=corpus_hash(melodies),
        data_licence=(
            f"Trained on melodies of its maker's own choice ({description}); Glisser knows nothing "
            "of the rights in them. See LICENCE.md beside this card."
        ),
        licence_text=_OWN_LICENCE.format(description=description),
        folder=folder,
    )
