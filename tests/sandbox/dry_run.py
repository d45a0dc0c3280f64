"""What a component registers, before the API server: strictly, and without leaving anything behind."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from components import DevelopmentVaultCluster
from sandbox.cluster import Cluster
from tests.graph.recorder import run
from tests.graph.tls_objects import Answering

Manifest = dict[str, Any]


def registered(groups: Collection[str], **arguments: Any) -> list[Manifest]:
    """Objects of some API groups that a cluster with these arguments registers."""
    wanted: Any = {"namespace": {"create": False}, **arguments}
    recorder = run(lambda: DevelopmentVaultCluster("openbao", wanted), recorder=Answering())
    found = [item for item in recorder.registrations if item.type.split(":")[1].partition("/")[0] in groups]
    return [{key: value for key, value in item.inputs.items() if value is not None} for item in found]


def dry_run(cluster: Cluster, namespace: str, *objects: Manifest) -> None:
    """Raises SandboxError with the API server's words for what it refuses."""
    moved = [{**item, "metadata": {**item["metadata"], "namespace": namespace}} for item in objects]
    manner = ("--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": moved})
    cluster.kubectl("apply", *manner, stdin=listing)


def misspelt(item: Manifest) -> Manifest:
    """With a field that no schema knows."""
    return {**item, "spec": {**item["spec"], "misspelt": "x"}}
