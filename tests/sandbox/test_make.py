"""The README's two commands in a fresh clone: `make up`, twice, and what it leaves in the checkout.

`make test` is what runs this very test.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.cluster import Cluster
from tests.sandbox.stack import PROJECT

pytestmark = pytest.mark.sandbox


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The tracked files as they are now, committed: what a newcomer gets."""
    folder = tmp_path / "clone"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, capture_output=True).stdout
    folder.mkdir()
    archive = subprocess.run(
        ["tar", "--create", "--null", "--files-from=-"], cwd=PROJECT, check=True, capture_output=True, input=tracked
    )
    subprocess.run(["tar", "--extract"], cwd=folder, check=True, input=archive.stdout)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "as it is"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


def make(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", "--touch", ".venv/.ready"], cwd=folder, capture_output=True, text=True, check=True
    ) and subprocess.run(
        ["make", *arguments], cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shell(folder: Path, script: str) -> str:
    """What a newcomer's new shell answers: it knows nothing of this cluster or of Pulumi."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "PULUMI"))}
    done = subprocess.run(["bash", "-euc", script], cwd=folder, env=plain, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_make_up_ends_with_instructions_and_says_no_changes_the_second_time(cluster: Cluster, clone: Path) -> None:
    """The newcomer's first ten minutes."""
    try:
        first = make(clone, "up")
        assert "bao login" in first
        assert "SECURITY RISK" in first
        [tools] = [line for line in first.splitlines() if line.startswith("eval ")]
        assert "openbao-proof" in shell(clone, f"{tools}\nkubectl --namespace openbao get jobs && bao version")
        assert cluster.kubectl("--namespace=openbao", "get", "job", "openbao-proof", "--output=name")
        second = make(clone, "up")
        assert "unchanged" in second
        assert " created" not in second
        changed = subprocess.run(["git", "status", "--short"], cwd=clone, check=True, capture_output=True, text=True)
        assert changed.stdout == "", "make up left something in the checkout"
    finally:
        assert "Left behind on purpose: []" in make(clone, "destroy")
