"""A disk of a node that a test can fill: a small ext4 file system; all other volumes share the disk of this machine."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

from sandbox import network
from sandbox.box import Box
from sandbox.cluster import Cluster


class SmallDisk:
    """A volume on a node that waits for one claim. In a context: it is there; it goes under whoever still uses it."""

    def __init__(self, cluster: Cluster, node: int, namespace: str, claim: str, mebibytes: int) -> None:
        self._cluster, self._node, self._namespace, self._claim = cluster, node, namespace, claim
        self._size = mebibytes
        self._box = Box(network.node_name(node), cluster.places)
        self._folder = cluster.places.state / "small-disk"
        self.name = f"small-{namespace}-{claim}"

    def __enter__(self) -> SmallDisk:
        folder = self._folder
        self._shell(
            f"mkdir -p {folder}; truncate -s {self._size}M {folder}.img; mkfs.ext4 -q -m 0 {folder}.img; "
            f"mount -o loop {folder}.img {folder}; mkdir -m 0777 {folder}/data"
        )
        self._cluster.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(self._volume()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._cluster.kubectl("delete", "persistentvolume", self.name, "--wait=false")
        self._shell(f"umount -l {self._folder}; rm {self._folder}.img")

    def fill(self) -> None:
        """Take all space that is left."""
        self._shell(f"dd if=/dev/zero of={self._folder}/filler bs=1M 2>/dev/null || true; sync {self._folder}/filler")

    def free(self) -> None:
        """Give it back."""
        self._shell(f"rm {self._folder}/filler")

    def _shell(self, script: str) -> None:
        self._box.run("sh", "-ec", script)

    def _volume(self) -> dict[str, Any]:
        node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [network.node_name(self._node)]}
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": self.name},
            "spec": {
                "capacity": {"storage": "1Gi"},  # what the claim asks for; it is less
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "local-path",
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": self._namespace, "name": self._claim},
                "local": {"path": f"{self._folder}/data"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [node]}]}},
            },
        }
