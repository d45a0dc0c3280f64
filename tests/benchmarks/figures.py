"""A figure and its baseline, measured in the same run, and how people and files get to see them."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

Better = Literal["lower", "higher"]
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Figure:
    """Samples of ours and of the baseline in the same unit; what counts is the ratio of their medians."""

    name: str
    ours: Sequence[float]
    baseline: Sequence[float]
    unit: str
    baseline_is: str
    better: Better = "lower"

    @property
    def ratio(self) -> float | None:
        """Ours over the baseline; None where the baseline is zero."""
        below = statistics.median(self.baseline)
        return statistics.median(self.ours) / below if below else None

    def as_data(self) -> dict[str, Any]:
        """For a file: medians, ratio, and every sample."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "ours": _rounded(statistics.median(self.ours)),
            "baseline": _rounded(statistics.median(self.baseline)),
            "ratio": None if self.ratio is None else _rounded(self.ratio),
            "better": self.better,
            "baseline is": self.baseline_is,
            "samples": {"ours": [_rounded(x) for x in self.ours], "baseline": [_rounded(x) for x in self.baseline]},
        }


def table(figures: Sequence[Figure]) -> Table:
    """What a person reads."""
    made = Table(title="Medians; ratio = ours / baseline")
    for heading in ("figure", "ours", "baseline", "ratio", "n", "baseline is"):
        made.add_column(heading, justify="right" if heading in {"ours", "baseline", "ratio", "n"} else "left")
    for figure in figures:
        ratio = _ratio(figure)
        good = figure.ratio is not None and (figure.ratio <= 1) == (figure.better == "lower")
        made.add_row(
            figure.name,
            _shown(figure.ours, figure.unit),
            _shown(figure.baseline, figure.unit),
            f"[green]{ratio}[/green]" if good else ratio,
            str(len(figure.ours)),
            figure.baseline_is,
        )
    return made


def show(figures: Sequence[Figure]) -> None:
    """Print the table, as wide as it needs where nobody watches."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=150)
    console.print(table(figures))


def write(figures: Sequence[Figure], measured_on: dict[str, Any], file: Path, page: Path) -> None:
    """Keep every sample in a JSON file, and the table in the page of the documentation, between its two marks."""
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"measured on": measured_on, "figures": [figure.as_data() for figure in figures]}
    file.write_text(json.dumps(document, indent=1) + "\n")
    between = f"{_BEGIN}\n{_markdown(figures)}\n{_END}"
    page.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: between, page.read_text(), flags=re.DOTALL))


def _markdown(figures: Sequence[Figure]) -> str:
    rows = ["| figure | ours | baseline | ratio | samples | baseline is |", "| --- | --- | --- | --- | --- | --- |"]
    for figure in figures:
        ours, baseline = _shown(figure.ours, figure.unit), _shown(figure.baseline, figure.unit)
        rows.append(
            f"| {figure.name} | {ours} | {baseline} | {_ratio(figure)} | {len(figure.ours)} | {figure.baseline_is} |"
        )
    return "\n".join(rows)


def _ratio(figure: Figure) -> str:
    return "-" if figure.ratio is None else f"{figure.ratio:.2f}"


def _rounded(value: float) -> float:
    return round(value, 3) if value < 10 else round(value, 1)


def _shown(samples: Sequence[float], unit: str) -> str:
    value = statistics.median(samples)
    return f"{value:,.2f} {unit}" if unit == "s" else f"{value:,.0f} {unit}".strip()
