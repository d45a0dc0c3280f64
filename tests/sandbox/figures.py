"""What tests measured, for docs/faults.md: written to `docs/figures/<name>.json` when FIGURES=1."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.sandbox.client import Writer
from tests.sandbox.stack import PROJECT

Figures = dict[str, dict[str, float]]
LONGEST_GAP_SECONDS = 15.0
"""What clients may see at most while a majority lives. Kubernetes itself takes 40 s and more to call a node lost."""


def checked(writer: Writer, seconds: float, longest_gap: float = LONGEST_GAP_SECONDS) -> dict[str, float]:
    """The figures of one fault (`seconds`: what it or its end took). Fails when an acknowledged write is lost."""
    lost, gap = writer.lost(), writer.longest_gap()
    assert not lost, f"acknowledged and lost: {lost[:5]}"
    assert gap < longest_gap, f"{gap:.1f} s without an acknowledged write"
    return {
        "longest write gap": gap,
        "seconds": seconds,
        "acknowledged writes": len(writer.acknowledged),
        "lost": len(lost),
    }


def keep(name: str, figures: Figures) -> None:
    """Merge the figures into the file, so that one test alone renews only its own."""
    if not os.environ.get("FIGURES"):
        return
    file: Path = PROJECT / f"docs/figures/{name}.json"
    old: Figures = json.loads(file.read_text()) if file.exists() else {}
    rounded = {what: {key: round(value, 1) for key, value in row.items()} for what, row in figures.items()}
    file.write_text(json.dumps({**old, **rounded}, indent=1) + "\n")
