"""What tests measured, for docs/faults.md: written to `docs/figures/<name>.json` when FIGURES=1."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.sandbox.stack import PROJECT

Figures = dict[str, dict[str, float]]


def keep(name: str, figures: Figures) -> None:
    """Merge the figures into the file, so that one test alone renews only its own."""
    if not os.environ.get("FIGURES"):
        return
    file: Path = PROJECT / f"docs/figures/{name}.json"
    old: Figures = json.loads(file.read_text()) if file.exists() else {}
    rounded = {what: {key: round(value, 1) for key, value in row.items()} for what, row in figures.items()}
    file.write_text(json.dumps({**old, **rounded}, indent=1) + "\n")
