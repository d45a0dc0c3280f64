"""The benchmark's own promises: what cannot be measured is named, and never shown as a figure."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from sandbox.cluster import Cluster
from tests.benchmarks.figures import Figure, write
from tests.benchmarks.run import Run

pytestmark = pytest.mark.contract
PAGE = "# Page\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n"


def _run(folder: Path) -> Run:
    places = SimpleNamespace(cache=folder)
    return Run(cast("Cluster", SimpleNamespace(places=places)), folder, 1)


def test_a_measurement_that_fails_is_named_and_the_run_goes_on(tmp_path: Path) -> None:
    """Else one cluster that does not come up throws away half an hour of figures, or ends in a traceback."""
    run, taken = _run(tmp_path), list[str]()
    with run.measuring("the first"):
        taken.append(str(1 / len(taken)))
    with run.measuring("the second"):
        taken.append("yes")
    assert run.failures == ["the first: division by zero"]
    assert taken == ["yes"]
    assert "ZeroDivisionError" in run.log.read_text()


def test_an_interrupt_is_no_failed_measurement(tmp_path: Path) -> None:
    """Else Ctrl-C only skips one figure and the benchmark cannot be ended."""
    run = _run(tmp_path)
    with pytest.raises(KeyboardInterrupt), run.measuring("something"):
        raise KeyboardInterrupt
    assert run.failures == []


def test_what_was_not_measured_has_no_ratio_and_says_so(tmp_path: Path) -> None:
    """Else a failed baseline reads as a triumph, or as zero seconds."""
    page, file = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text(PAGE)
    peers = Figure("no write for", [1.0, 3.0, 2.0], {"peer": [4.0], "broken": []}, "s")
    alone = Figure("import", [0.5], {"nothing": [0.25]}, "s")
    write([peers, alone], {"cores": 2}, file, page)
    text = page.read_text()
    assert "| no write for | 2.00 s (1.00 to 3.00) | 4.00 s | 0.50 | not measured | - |" in text
    assert "| import | 0.50 s | 0.25 s | 2.00 | nothing |" in text
    assert "Measured under: cores 2." in text
    assert text.endswith("after\n")
    assert "old" not in text
    kept = {figure["figure"]: figure for figure in json.loads(file.read_text())["figures"]}
    assert kept["no write for"]["baselines"]["broken"] == {"median": None, "samples": [], "ours / baseline": None}
    assert kept["no write for"]["baselines"]["peer"]["ours / baseline"] == 0.5
