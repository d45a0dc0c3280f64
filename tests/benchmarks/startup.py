"""What is paid before anything is created: importing the components, and a preview of the dev stack."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.benchmarks.figures import Figure
from tests.benchmarks.run import Run
from tests.sandbox.stack import PROJECT, Stack

COMPONENTS: Final = "from components import DevelopmentVaultCluster, HardenedVaultCluster"
PULUMI: Final = "import pulumi"
NAMES: Final = ("bench-dev", "bench-empty")


def figures(run: Run) -> list[Figure]:
    """Each in turn with its baseline."""
    imports, previews = Pairs(), Pairs()
    with run.measuring("import of the components"):
        imports = _alternating(lambda: _python(COMPONENTS), lambda: _python(PULUMI), 2 * run.repetitions + 1)
    with run.measuring("preview of the dev stack"):
        previews = _previews(run)
    return [
        Figure("import of the components", imports.ours, {"`import pulumi` alone": imports.baseline}, "s"),
        Figure(
            "preview of the dev stack", previews.ours, {"a Pulumi program without resources": previews.baseline}, "s"
        ),
    ]


@dataclass(frozen=True)
class Pairs:
    """Samples of ours and of the baseline, taken in turn."""

    ours: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)


def _previews(run: Run) -> Pairs:
    """`pulumi preview` of the dev stack once it runs, beside a stack without resources: what every change pays."""
    run.cluster.kubectl("delete", "namespace", *NAMES, "--ignore-not-found", "--timeout=180s")
    ours = Stack(run.cluster, _made(run.folder / "ours"), NAMES[0], dev_specification())
    empty = Stack(run.cluster, _made(run.folder / "empty"), NAMES[1], {})
    program = empty.folder / "__main__.py"
    program.unlink()
    program.write_text('"""A program without resources."""\n')
    try:
        ours.up()
        empty.up()
        return _alternating(lambda: _timed(ours.preview), lambda: _timed(empty.preview), run.repetitions)
    finally:
        ours.pulumi("destroy", "--yes", "--skip-preview", expected=None)
        run.cluster.kubectl("delete", "namespace", *NAMES, "--ignore-not-found", "--timeout=180s")


def dev_specification() -> dict[str, Any]:
    """What the repository's own dev stack asks for."""
    document = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())
    found: dict[str, Any] = document["config"]["vault:cluster"]
    return found


def _alternating(ours: Callable[[], float], baseline: Callable[[], float], repetitions: int) -> Pairs:
    """Both in turn, so that a busy moment of the machine meets both; one of each beforehand fills the caches."""
    ours(), baseline()
    pairs = [(ours(), baseline()) for _ in range(repetitions)]
    return Pairs([first for first, _ in pairs], [second for _, second in pairs])


def _python(code: str) -> float:
    return _timed(lambda: subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True))


def _timed(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
