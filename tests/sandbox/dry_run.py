"""What a component registers, before the API server: strictly, and without leaving anything behind."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from components import DevelopmentVaultCluster
from sandbox.cluster import Cluster
from tests.graph.clouds import AnsweringClouds
from tests.graph.recorder import Recorder, Registration, run

Manifest = dict[str, Any]


def recorded(**arguments: Any) -> Recorder:
    """All that a cluster with these arguments registers; clouds and cert-manager answer."""
    wanted: Any = {"namespace": {"create": False}, **arguments}
    return run(lambda: DevelopmentVaultCluster("openbao", wanted), recorder=AnsweringClouds())


def is_of(groups: Collection[str], item: Registration) -> bool:
    """Whether it is an object of one of these API groups."""
    return item.type.split(":")[1].partition("/")[0] in groups


def manifests(items: Iterable[Registration]) -> list[Manifest]:
    """As Kubernetes gets them."""
    return [{key: value for key, value in item.inputs.items() if value is not None} for item in items]


def registered(groups: Collection[str], **arguments: Any) -> list[Manifest]:
    """Objects of some API groups that a cluster with these arguments registers."""
    return manifests(item for item in recorded(**arguments).registrations if is_of(groups, item))


def dry_run(cluster: Cluster, namespace: str, *objects: Manifest) -> None:
    """Raises SandboxError with the API server's words for what it refuses."""
    moved = [{**item, "metadata": {**item["metadata"], "namespace": namespace}} for item in objects]
    manner = ("--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": moved})
    cluster.kubectl("apply", *manner, stdin=listing)


def misspelt(item: Manifest) -> Manifest:
    """With a field that no schema knows."""
    return {**item, "spec": {**item["spec"], "misspelt": "x"}}
