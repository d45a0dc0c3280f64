"""Every stack file and every example of this repository runs, in preview and update, and is what it says it is.

Not proven here: that the clouds, cert-manager and the key services that they name exist.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from tests.graph.clouds import CloudRecorder
from tests.graph.recorder import Recorder, run

pytestmark = pytest.mark.graph

ROOT = Path(__file__).parents[2]
STACKS = ["Pulumi.dev.yaml", "Pulumi.gcp.yaml", "Pulumi.prod.yaml", "Pulumi.staging.yaml"]
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/__main__.py"))
DIGEST = f"sha256:{'0' * 64}"
CONFIG = {
    "vault:eksCluster": "production",
    "vault:imageDigest": DIGEST,
    "vault:keyRing": "production",
    "vault:kmipServer": "kmip.example.com:5696",
    "vault:pluginImage": f"ghcr.io/openbao/openbao-plugin-kms:v0.1.0@{DIGEST}",
    "vault:pluginSha256": "0" * 64,
    "vault:project": "example",
    "vault:projectNumber": "42",
    "aws:region": "eu-central-1",
}
KEYS = {
    "Pulumi.prod.yaml": "aws:kms/key:Key",
    "Pulumi.gcp.yaml": "gcp:kms/cryptoKey:CryptoKey",
    "hardened-aws": "aws:kms/key:Key",
    "hardened-gcp": "gcp:kms/cryptoKey:CryptoKey",
}


def program(folder: Path, config: dict[str, str], *, preview: bool) -> Recorder:
    """The registrations of a whole program, as `pulumi` would run it from its folder."""

    def main() -> None:
        pulumi.runtime.set_all_config(config)
        runpy.run_path(str(folder / "__main__.py"), run_name="__main__")

    return run(main, preview=preview, recorder=CloudRecorder(preview=preview))


def stack(name: str, *, preview: bool) -> Recorder:
    config: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())["config"]
    flat = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return program(ROOT, flat, preview=preview)


def example(name: str, *, preview: bool) -> Recorder:
    return program(ROOT / "examples" / name, CONFIG, preview=preview)


def kinds(recorder: Recorder) -> set[tuple[str, str]]:
    return {(item.type, item.name) for item in recorder.registrations}


def test_every_example_is_run_below() -> None:
    """A glob that finds nothing would make the tests below pass."""
    assert EXAMPLES == ["development", "hardened-aws", "hardened-gcp", "hardened-transit"]


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_file_describes_a_cluster_that_the_program_builds(name: str) -> None:
    """A stack file that is refused, or previews something else, is the first thing a newcomer sees."""
    update = stack(name, preview=False)
    assert update.of_kind("StatefulSet")
    assert kinds(update) == kinds(stack(name, preview=True))
    assert name not in KEYS or [item for item in update.registrations if item.type == KEYS[name]]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str) -> None:
    """An example that fails teaches the wrong thing."""
    update = example(name, preview=False)
    assert update.of_kind("StatefulSet")
    assert kinds(update) == kinds(example(name, preview=True))
    assert name not in KEYS or [item for item in update.registrations if item.type == KEYS[name]]


def test_a_cluster_that_is_opened_by_another_one_waits_for_it() -> None:
    """Its address is an output of a proven cluster: nothing of the second one may be made from a guess."""
    recorder = example("hardened-transit", preview=False)
    configuration = json.loads(recorder.named(":ConfigMap", "apps-config").inputs["data"]["server.json"])
    assert configuration["seal"][0]["transit"]["address"] == "https://root-active.root.svc.cluster.local:8200"
