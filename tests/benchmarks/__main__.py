"""`python -m tests.benchmarks [SECTION…]`: every figure beside its baseline, in one run.

Needs what the sandbox needs. Nothing is judged: a slow machine makes both sides slow, and the ratio is what counts.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
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
from tests.benchmarks import clusters, contract, scanner, startup
from tests.benchmarks.figures import Figure, show, write
from tests.contract.specifications import HARDENED
from tests.sandbox.stack import PROJECT

FILE: Final = PROJECT / "docs" / "figures" / "benchmarks.json"
PAGE: Final = PROJECT / "docs" / "benchmarks.md"
Say = Callable[[str], None]
_console = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def _running_cluster(needed: bool) -> Iterator[Cluster]:
    """Three nodes, where a section needs them; left running where they ran before."""
    cluster = Cluster()
    if not needed:
        yield cluster
        return
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


def _contract(_cluster: Cluster, folder: Path, _repetitions: int, _say: Say) -> list[Figure]:
    folder.mkdir(parents=True)
    file = folder / "Pulumi.prod.yaml"
    file.write_text(json.dumps({"config": {"vault:cluster": HARDENED}}))
    check = contract.seconds_of([sys.executable, "-m", "profiles", "check", str(file)])
    nothing = contract.seconds_of([sys.executable, "-c", "pass"])
    rate = contract.specifications_per_second()
    return [
        Figure("contract, parse and check, per second and core", [rate], [1000], "", "what we demand", "higher"),
        Figure("contract, one check from the command line", [check], [nothing], "s", "Python started for nothing"),
    ]


def _scanner(cluster: Cluster, _folder: Path, _repetitions: int, say: Say) -> list[Figure]:
    return scanner.figures(cluster.places, say)


SECTIONS: Final[dict[str, Callable[[Cluster, Path, int, Say], list[Figure]]]] = {
    "startup": _startup,
    "contract": _contract,
    "scanner": _scanner,
    "clusters": clusters.figures,
}


ON_NODES: Final = {"startup", "clusters"}


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
@click.option(
    "--write",
    "keep",
    is_flag=True,
    envvar="FIGURES",
    help="Write docs/figures/benchmarks.json and the table in docs/benchmarks.md.",
)
def main(sections: tuple[str, ...], repetitions: int, keep: bool) -> None:
    if keep and sections:
        raise click.UsageError("figures are only written from a whole run: leave the sections out.")
    wanted, figures = sections or tuple(SECTIONS), list[Figure]()
    try:
        with (
            _running_cluster(bool(ON_NODES & set(wanted))) as cluster,
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
        ):
            for section in wanted:
                _console.print(f"== {section}")
                figures += SECTIONS[section](cluster, Path(folder, section), repetitions, _console.print)
            measured_on = _measured_on(cluster, repetitions)
    except (SandboxError, AssertionError) as error:
        raise click.ClickException(str(error)) from None
    show(figures)
    if keep:
        write(figures, measured_on, FILE, PAGE)


if __name__ == "__main__":
    main()
