"""`python -m tests.benchmarks [SECTION…]`: every figure beside its baselines, in one run.

Needs what the sandbox needs. Nothing is judged: a slow machine makes all sides slow, and the ratios are what counts. A
measurement that fails is named and the rest goes on; the run then ends with exit code 1.
"""

from __future__ import annotations

import datetime
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from sandbox.pulumi_environment import chosen, engine_version
from tests.benchmarks import clusters, contract, scanner, startup
from tests.benchmarks.figures import Figure, show, write
from tests.benchmarks.run import Run
from tests.sandbox.stack import PROJECT

FILE: Final = PROJECT / "docs" / "figures" / "benchmarks.json"
PAGE: Final = PROJECT / "docs" / "benchmarks.md"
SECTIONS: Final[dict[str, Callable[[Run], list[Figure]]]] = {
    "startup": startup.figures,
    "contract": contract.figures,
    "scanner": scanner.figures,
    "clusters": clusters.figures,
}
ON_NODES: Final = {"startup", "clusters"}


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


@contextmanager
def _compiled_once(folder: Path) -> Iterator[None]:
    """What is started here compiles its modules once and keeps them, as on a user's machine; not in the checkout."""
    before = dict(os.environ)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _measured_on(cluster: Cluster, repetitions: int, load_before: float) -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "load average before": round(load_before, 1),
        "load average after": round(os.getloadavg()[1], 1),
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
    help="Write docs/figures/benchmarks.json and the tables in docs/benchmarks.md.",
)
def main(sections: tuple[str, ...], repetitions: int, keep: bool) -> None:
    if keep and sections:
        raise click.UsageError("figures are only written from a whole run: leave the sections out.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is taken down then, too
    wanted, load_before = sections or tuple(SECTIONS), os.getloadavg()[1]
    figures = list[Figure]()
    try:
        with (
            _running_cluster(bool(ON_NODES & set(wanted))) as cluster,
            tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder,
            _compiled_once(Path(folder, "bytecode")),
        ):
            run = Run(cluster, Path(folder), repetitions)
            for section in wanted:
                with run.measuring(f"section {section}"):
                    figures += SECTIONS[section](run)
            measured_on = _measured_on(cluster, repetitions, load_before) if keep else {}
    except SandboxError as error:
        raise click.ClickException(str(error)) from None
    show(figures)
    if run.failures:
        named = "\n".join(f"- {failure}" for failure in run.failures)
        kept = " No figures were written." if keep else ""
        raise click.ClickException(f"not everything could be measured.{kept} More is in {run.log}.\n{named}")
    if keep:
        write(figures, measured_on, FILE, PAGE)


if __name__ == "__main__":
    main()
