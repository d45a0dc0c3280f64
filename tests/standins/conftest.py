"""Fixtures: the built tools, one Kubernetes API for all tests here, and a fresh stack with a namespace for each."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.pulumi_environment import environment
from tests.standins.control_plane import ControlPlane, control_plane
from tests.standins.stack import Stack


@pytest.fixture(scope="session")
def tools() -> Path:
    """The sandbox's Go programs: SANDBOX_TOOLS names a folder that has them, else they are built."""
    if given := os.environ.get("SANDBOX_TOOLS"):
        return Path(given)
    from sandbox import build

    return build.tools()


@pytest.fixture(scope="session")
def plane(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("control-plane"), tools) as running:
        yield running


@pytest.fixture(scope="session")
def variables(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a shell that runs `pulumi`, without a cluster."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "KUBECONFIG"))}
    return {**kept, **environment(tmp_path_factory.mktemp("pulumi"), tools)}


@pytest.fixture
def plain_stack(variables: dict[str, str], tmp_path: Path) -> Stack:
    """A stack without a cluster."""
    stack = Stack(tmp_path, {**variables, "PULUMI_BACKEND_URL": f"file://{tmp_path}"}, "")
    stack.create()
    return stack


@pytest.fixture
def stack(plane: ControlPlane, variables: dict[str, str], tmp_path: Path) -> Stack:
    """A stack with a namespace of its own."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    plane.call("POST", "/api/v1/namespaces", body)
    own = {"KUBECONFIG": str(plane.kubeconfig), "PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    made = Stack(tmp_path, {**variables, **own}, namespace)
    made.create()
    return made
