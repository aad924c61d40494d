"""Options that several commands share: what is typed, in whose words it is explained."""

from typing import Annotated

import typer

Checkpoint = Annotated[
    str, typer.Option("--checkpoint", metavar="C", help="A name in checkpoints/, or a folder.")
]
Patch = Annotated[str, typer.Option("--patch", metavar="P", help="A name in patches/, or a file.")]
Tempo = Annotated[
    float, typer.Option("--tempo", metavar="BPM", help="Quarters a minute, 20 to 400.")
]
