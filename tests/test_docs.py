"""What the documents promise is what the code does."""

import re
from pathlib import Path

import pytest

from instrument.mapping import Mapping
from instrument.osc_addresses import GETTABLE, addresses
from instrument.parameters import parameters
from instrument.patch import load_patch

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_osc_address_is_documented_and_every_documented_one_exists() -> None:
    """docs/osc.md's first table and docs/parameters.md name the addresses that the code has."""
    heard = (ROOT / "docs" / "osc.md").read_text().split("## What it tells")[0]
    documented = {parameter.address for parameter in parameters(Mapping())}
    listed = (ROOT / "docs" / "parameters.md").read_text()
    assert set(re.findall(r"`(/glisser/[^`/]*)[`/]", listed)) >= {
        "/".join(address.split("/")[:3]) for address in documented
    }
    of_voices = set[str]()
    for address in re.findall(r"^\| (`/[^|]*)\|", heard, re.MULTILINE):
        for name in re.findall(r"`([^`]*)`", address):
            if name.startswith("/glisser/voice/"):
                numbers = range(1, 13)
                of_voices |= {name.replace("<v>", "2").replace("<i>", str(n)) for n in numbers}
                continue
            numbered = [str(n) for n in range(1, 13)]
            filled = GETTABLE if "<what>" in name else numbered if "<" in name else [""]
            documented |= {re.sub("<.*>", value, name) for value in filled}
    assert documented == {address.decode() for address in addresses(Mapping())}
    duet = {address.decode() for address in addresses(load_patch("duet"))}
    assert of_voices
    assert of_voices <= duet
    assert all(f"/glisser/voice/2/{name}" in duet for name in ("z", "z/12", "gate", "mute"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    """No page of the documentation points at a file that is not there."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target
