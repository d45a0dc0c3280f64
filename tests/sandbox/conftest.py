"""The sandbox cluster for tests: three nodes, one namespace per test."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.cluster import Cluster
from sandbox.errors import SandboxError


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster with three nodes. It stays up when it was up before, else it is taken down after the last test."""
    cluster = Cluster()
    was_up = bool(cluster.nodes)
    cluster.up(3)
    yield cluster
    if was_up:
        cluster.up(3)
    else:
        cluster.down()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def apply(cluster: Cluster, namespace: str, *objects: dict[str, Any]) -> None:
    """Create or change objects in the namespace."""
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    cluster.kubectl("apply", "--server-side", f"--namespace={namespace}", "-f", "-", stdin=listing)


def pod(name: str, image: str, *command: str, node: int | None = None, volume: str | None = None) -> dict[str, Any]:
    """A pod that ends at once when told to; with a volume claim at /data and on a certain node if asked."""
    container: dict[str, Any] = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent"}
    container |= {"command": list(command)} if command else {}
    spec: dict[str, Any] = {"containers": [container], "terminationGracePeriodSeconds": 0}
    if node:
        spec["nodeSelector"] = {"kubernetes.io/hostname": f"node-{node}"}
    if volume:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": volume}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def claim(name: str) -> dict[str, Any]:
    """A claim for a small volume of the default class."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def eventually(check: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until ``check`` gives something true, and return it. A failing kubectl means not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            result, why = check(), "nothing true came"
        except SandboxError as error:
            result, why = None, str(error)
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds} s: {why}"
        time.sleep(0.3)
