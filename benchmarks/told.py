"""How a bench ends: its figures into a file, its page beside the other documents, both printed."""

import json
from pathlib import Path
from typing import Any

from engine.files import write_atomically

ROOT = Path(__file__).parent.parent


def tell(results: dict[str, Any], page: str, name: str, document: str, *, dry: bool) -> None:
    """Print ``page``; unless ``dry``, write benchmarks/results/NAME.json and docs/DOCUMENT.md."""
    if not dry:
        figures = ROOT / f"benchmarks/results/{name}.json"
        figures.parent.mkdir(exist_ok=True)
        write_atomically(figures, (json.dumps(results, indent=1) + "\n").encode())
        write_atomically(ROOT / f"docs/{document}.md", page.encode())
    print(page)
