"""``glisser ports`` and ``glisser doctor``: what this machine has, and what it can bear."""

import json
from typing import Annotated, Any

import typer

from instrument.children import Interview

BAD_INPUT = 2
LISTING_PATIENCE_S = 10.0


def ports_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the ports as JSON.")] = False,
) -> None:
    """What can be opened, by name."""
    systems = _list_systems()
    if as_json:
        typer.echo(json.dumps(systems, indent=1))
        return
    if not systems:
        typer.echo("No MIDI system answers here; `glisser play` will play into its recorder.")
    for system in systems:
        typer.echo(system["api"])
        for kind in ("outputs", "inputs"):
            names = system[kind] or ["none"]
            typer.echo(f"  {kind}: " + ", ".join(names))


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Preflight: what works on this machine, and what to do about the rest."""
    from instrument.doctor import examine

    findings = []
    for finding in examine(_list_systems()):
        findings.append(finding)
        if not as_json:
            typer.echo(f"{finding.verdict:8}{finding.what}: {finding.told}")
    if as_json:
        typer.echo(json.dumps([finding.as_dict() for finding in findings], indent=1))
    if any(finding.verdict == "fail" for finding in findings):
        raise typer.Exit(BAD_INPUT)


def _list_systems() -> list[dict[str, Any]]:
    """The MIDI systems and their ports, asked for in a process that a hung server cannot hurt."""
    interview = Interview("instrument.midi_ports")
    message = interview.listen(LISTING_PATIENCE_S)
    interview.close()
    return list(message["systems"]) if message else []
