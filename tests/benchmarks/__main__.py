"""`python -m tests.benchmarks [SECTION…]`: every figure beside its baseline, in one run.

Needs what the sandbox needs. Nothing is judged: a slow machine makes both sides slow, and the ratio is what counts.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from sandbox.pulumi_environment import chosen, engine_version
from tests.benchmarks import clusters, scanner, startup
from tests.benchmarks.figures import Figure, show, write
from tests.sandbox.stack import PROJECT

FILE: Final = PROJECT / "docs" / "figures" / "benchmarks.json"
Say = Callable[[str], None]
_console = Console(stderr=True, highlight=False)


@contextmanager
def _running_cluster() -> Iterator[Cluster]:
    """Three nodes; left running where they ran before."""
    cluster = Cluster()
    was_up = bool(cluster.nodes)
    cluster.up(3)
    try:
        yield cluster
    finally:
        if not was_up:
            cluster.down()


def _startup(cluster: Cluster, folder: Path, repetitions: int, _say: Say) -> list[Figure]:
    return [
        startup.import_time(2 * repetitions + 1),
        startup.preview(cluster, folder, repetitions),
    ]


def _scanner(cluster: Cluster, _folder: Path, _repetitions: int, say: Say) -> list[Figure]:
    return scanner.figures(cluster.places, say)


SECTIONS: Final[dict[str, Callable[[Cluster, Path, int, Say], list[Figure]]]] = {
    "startup": _startup,
    "scanner": _scanner,
    "clusters": clusters.figures,
}


def _measured_on(cluster: Cluster, repetitions: int) -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "load average": round(os.getloadavg()[1], 1),
        "repetitions": repetitions,
        "Pulumi engine": engine_version(),
        "parts": chosen(cluster.tools),
    }


@click.command(help=__doc__)
@click.argument("sections", nargs=-1, type=click.Choice(list(SECTIONS)))
@click.option("--repetitions", default=3, show_default=True, type=click.IntRange(1, 20), help="Samples per figure.")
@click.option("--write", "keep", is_flag=True, envvar="FIGURES", help="Write docs/figures/benchmarks.json.")
def main(sections: tuple[str, ...], repetitions: int, keep: bool) -> None:
    if keep and sections:
        raise click.UsageError("figures are only written from a whole run: leave the sections out.")
    figures: list[Figure] = []
    try:
        with _running_cluster() as cluster, tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for section in sections or SECTIONS:
                _console.print(f"== {section}")
                figures += SECTIONS[section](cluster, Path(folder, section), repetitions, _console.print)
            measured_on = _measured_on(cluster, repetitions)
    except (SandboxError, AssertionError) as error:
        raise click.ClickException(str(error)) from None
    show(figures)
    if keep:
        write(figures, measured_on, FILE)


if __name__ == "__main__":
    main()
