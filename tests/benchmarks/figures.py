"""A figure beside its baselines, measured in the same run, and how people and files get to see it."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal

from rich.console import Console
from rich.table import Table

Better = Literal["lower", "higher"]
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
_NOT_MEASURED: Final = "not measured"
_MINIMAL: Final = ("figure", "ours", "baseline", "ours / baseline", "baseline is")


@dataclass(frozen=True)
class Figure:
    """Samples of ours and of each baseline in the same unit; what counts are the ratios of the medians.

    Without samples, a side was not measured.
    """

    name: str
    ours: Sequence[float]
    baselines: Mapping[str, Sequence[float]]
    unit: str
    better: Better = "lower"

    def ratio(self, baseline: str) -> float | None:
        """Ours over a baseline; None where one of them is missing or the baseline is zero."""
        samples = self.baselines[baseline]
        if not self.ours or not samples or not statistics.median(samples):
            return None
        return statistics.median(self.ours) / statistics.median(samples)

    def as_data(self) -> dict[str, Any]:
        """For a file: medians, ratios, and every sample."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "better": self.better,
            "ours": _data(self.ours),
            "baselines": {
                title: {**_data(samples), "ours / baseline": _maybe_rounded(self.ratio(title))}
                for title, samples in self.baselines.items()
            },
        }


def show(figures: Sequence[Figure]) -> None:
    """Print the tables, as wide as they need where nobody watches."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=170)
    for title, headings, rows in _tables(figures):
        table = Table(title=title, title_justify="left")
        for heading in headings:
            table.add_column(heading, justify="left" if heading in {headings[0], _MINIMAL[-1]} else "right")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write(figures: Sequence[Figure], measured_on: dict[str, Any], file: Path, page: Path) -> None:
    """Keep every sample in a JSON file; put conditions and tables into the documentation's page, between its marks."""
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"measured on": measured_on, "figures": [figure.as_data() for figure in figures]}
    file.write_text(json.dumps(document, indent=1) + "\n")
    conditions = ", ".join(f"{name} {value}" for name, value in measured_on.items() if not isinstance(value, dict))
    between = f"{_BEGIN}\nMeasured under: {conditions}.\n\n{_markdown(figures)}\n{_END}"
    page.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: between, page.read_text(), flags=re.DOTALL))


def _tables(figures: Sequence[Figure]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Title, headings and rows: one table of what has a minimal baseline, one per set of peers."""
    ordered = sorted(figures, key=lambda figure: len(figure.baselines))
    made: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = []
    for peers, group in groupby(ordered, lambda figure: tuple(figure.baselines) if len(figure.baselines) > 1 else ()):
        if peers:
            ratios = [heading for peer in peers for heading in (peer, "ours / it")]
            rows = [(figure.name, _shown(figure.ours, figure.unit), *_beside(figure)) for figure in group]
            made.append(("Side by side", ("figure", "ours", *ratios), rows))
        else:
            rows = [
                (figure.name, _shown(figure.ours, figure.unit), *_beside(figure), *figure.baselines) for figure in group
            ]
            made.append(("Beside a minimal baseline", _MINIMAL, rows))
    return made


def _beside(figure: Figure) -> list[str]:
    cells = []
    for title, samples in figure.baselines.items():
        ratio = figure.ratio(title)
        cells += [_shown(samples, figure.unit), "-" if ratio is None else f"{ratio:.2f}"]
    return cells


def _markdown(figures: Sequence[Figure]) -> str:
    made = []
    for title, headings, rows in _tables(figures):
        lines = [headings, ("---",) * len(headings), *rows]
        made.append("\n".join([f"{title}:", "", *(f"| {' | '.join(cells)} |" for cells in lines)]))
    return "\n\n".join(made)


def _data(samples: Sequence[float]) -> dict[str, Any]:
    if not samples:
        return {"median": None, "samples": []}
    return {"median": _rounded(statistics.median(samples)), "samples": [_rounded(value) for value in samples]}


def _rounded(value: float) -> float:
    return round(value, 3) if value < 10 else round(value, 1)


def _maybe_rounded(value: float | None) -> float | None:
    return None if value is None else _rounded(value)


def _shown(samples: Sequence[float], unit: str) -> str:
    """The median, and the range of several samples that differ."""
    if not samples:
        return _NOT_MEASURED
    digits = 2 if unit == "s" else 0
    middle, *ends = (f"{value:,.{digits}f}" for value in (statistics.median(samples), min(samples), max(samples)))
    spread = f" ({ends[0]} to {ends[1]})" if ends[0] != ends[1] else ""
    return f"{middle} {unit}".strip() + spread
