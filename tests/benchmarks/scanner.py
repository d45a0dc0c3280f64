"""What a scanner says: checkov's Kubernetes checks over our objects, the chart's and the operator's, offline.

Our objects are what the components register with a recording engine, so neither a cluster nor a provider is needed.
Checkov's dependencies contradict ours: it lives in an environment of its own in the sandbox's cache, made on first use.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from components import ClusterArgs, DevelopmentVaultCluster, HardenedVaultCluster
from sandbox import commands
from sandbox.settings import Places, locked
from tests.benchmarks.baselines import chart, operator
from tests.benchmarks.figures import Figure
from tests.benchmarks.run import Run
from tests.contract.specifications import HARDENED
from tests.graph.recorder import run

CHECKOV: Final = "3.3.30"


@dataclass(frozen=True)
class Scan:
    """Checks of one set of objects. `failed`: (check id, object, what the check wants)."""

    passed: int
    failed: tuple[tuple[str, str, str], ...]


def figures(run: Run) -> list[Figure]:
    """Failed checks of both profiles, beside the chart's, which has none, and the operator's of the same profile.

    Checks by object and kinds of checks: ours fails some twice, since it has a Job where the others have nothing.
    """
    ours: dict[operator.Profile, Callable[[], list[dict[str, Any]]]] = {
        "Development": _development,
        "Hardened": _hardened,
    }
    made = []
    for profile, objects in ours.items():
        image = operator.IMAGE if profile == "Development" else f"openbao/openbao@{HARDENED['image']['digest']}"
        sides: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "ours": objects,
            chart.CHART: lambda: chart.manifests("openbao"),
            operator.OPERATOR: partial(operator.manifests, "openbao", profile, image),
        }
        failed: dict[str, list[float]] = {title: [] for title in sides}
        kinds: dict[str, list[float]] = {title: [] for title in sides}
        with run.measuring(f"checkov, {profile}"):
            checkov = _installed(run.cluster.places)
            for title, manifests in sides.items():
                scan = _scan(checkov, manifests())
                failed[title].append(len(scan.failed))
                kinds[title].append(len({check for check, _, _ in scan.failed}))
                for check, where, wanted in scan.failed:
                    run.say(f"checkov, {profile}, {title}: {check} {where}: {wanted}")
        made += [
            Figure(f"failed checkov checks, {profile}", failed.pop("ours"), failed, "checks"),
            Figure(f"kinds of failed checkov checks, {profile}", kinds.pop("ours"), kinds, "kinds"),
        ]
    return made


def _installed(places: Places) -> Path:
    """Checkov's program; installs it on first use (about 200 MB, half a minute)."""
    home = places.cache / f"checkov-{CHECKOV}"
    program, ready = home / "bin" / "checkov", home / ".ready"
    with locked(places.cache):
        if not ready.exists():
            log = places.cache / "log" / "checkov.log"
            commands.run_long(f"making an environment for checkov {CHECKOV}", [sys.executable, "-m", "venv", home], log)
            install: list[str | Path] = [
                home / "bin" / "python",
                "-m",
                "pip",
                "install",
                "--quiet",
                f"checkov=={CHECKOV}",
            ]
            commands.run_long(f"installing checkov {CHECKOV} from PyPI", install, log)
            ready.touch()
    return program


def _scan(checkov: Path, objects: Sequence[dict[str, Any]]) -> Scan:
    with tempfile.TemporaryDirectory() as folder:
        for number, item in enumerate(objects):
            # One file per object: checkov's graph checks see all files of the folder together.
            Path(folder, f"{number:02}-{item['kind'].lower()}.json").write_text(json.dumps(item))
        options = ["--framework", "kubernetes", "--skip-download", "--compact", "--quiet", "--soft-fail"]
        done = subprocess.run(
            [checkov, "--directory", folder, *options, "--output", "json"], capture_output=True, text=True, check=True
        )
    answer = json.loads(done.stdout)
    failed = answer["results"]["failed_checks"]
    return Scan(
        answer["summary"]["passed"],
        tuple(sorted((item["check_id"], item["resource"], item["check_name"]) for item in failed)),
    )


def _development() -> list[dict[str, Any]]:
    return _registered(lambda: DevelopmentVaultCluster("openbao", {"replicas": 3}))


def _hardened() -> list[dict[str, Any]]:
    return _registered(lambda: HardenedVaultCluster("openbao", cast("ClusterArgs", HARDENED)))


def _registered(program: Callable[[], object]) -> list[dict[str, Any]]:
    """The Kubernetes objects that a program makes, without what is secret in them: no check looks at it."""
    with contextlib.redirect_stderr(io.StringIO()):  # what the components warn of is for their users
        registrations = run(program).registrations
    gc.collect()  # the mock monitor leaves event loops behind; at the interpreter's end they complain
    objects = [dict(item.inputs) for item in registrations if item.type.startswith("kubernetes:")]
    return [{key: value for key, value in item.items() if key not in {"data", "stringData"}} for item in objects]
