"""What is paid before anything is created: importing the components, and a preview of the dev stack."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox.cluster import Cluster
from tests.benchmarks.figures import Figure
from tests.sandbox.stack import PROJECT, Stack

COMPONENTS: Final = "from components import DevelopmentVaultCluster, HardenedVaultCluster"
PULUMI: Final = "import pulumi"


def import_time(repetitions: int) -> Figure:
    """A Python that imports both components, beside one that imports Pulumi's SDK as every program does."""
    ours, baseline = _alternating(lambda: _python(COMPONENTS), lambda: _python(PULUMI), repetitions)
    return Figure("import of the components", ours, baseline, "s", "`import pulumi` alone")


def preview(cluster: Cluster, folder: Path, repetitions: int) -> Figure:
    """`pulumi preview` of the dev stack once it runs, beside a stack without resources: what every change pays."""
    ours = Stack(cluster, _made(folder / "ours"), "bench-dev", dev_specification())
    empty = Stack(cluster, _made(folder / "empty"), "bench-empty", {})
    program = empty.folder / "__main__.py"
    program.unlink()
    program.write_text('"""A program without resources."""\n')
    try:
        ours.up()
        empty.up()
        times = _alternating(lambda: _timed(ours.preview), lambda: _timed(empty.preview), repetitions)
    finally:
        ours.destroy()
        empty.destroy()
    return Figure("preview of the dev stack", *times, "s", "a Pulumi program without resources")


def dev_specification() -> dict[str, Any]:
    """What the repository's own dev stack asks for."""
    document = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())
    found: dict[str, Any] = document["config"]["vault:cluster"]
    return found


def _alternating(
    ours: Callable[[], float], baseline: Callable[[], float], repetitions: int
) -> tuple[list[float], list[float]]:
    """Both in turn, so that a busy moment of the machine meets both; one of each beforehand fills the caches."""
    ours(), baseline()
    pairs = [(ours(), baseline()) for _ in range(repetitions)]
    return [first for first, _ in pairs], [second for _, second in pairs]


def _python(code: str) -> float:
    return _timed(lambda: subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True))


def _timed(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
