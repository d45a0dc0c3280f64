"""Our own cluster: `pulumi up` of the stack program, with keys, certificates, audit device and proof."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any, Final

from sandbox.cluster import Cluster
from tests.benchmarks.contestant import PROVEN, VOTERS, Life, has_three_voters
from tests.sandbox.client import Client, until
from tests.sandbox.stack import Stack

NAME: Final = "bench-ours"
SPECIFICATION: Final[dict[str, Any]] = {"profile": "Development", "replicas": 3, "storage": {"size": "1Gi"}}
_PAUSE_SECONDS: Final = 0.5


class Ours:
    """DevelopmentVaultCluster with three replicas; its own proof is the last milestone."""

    title = "ours"

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster, self._folder = cluster, folder
        self._stack: Stack | None = None

    def up(self) -> Life:
        """`pulumi up`, while a thread watches for three voters."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._stack = Stack(self._cluster, self._folder, NAME, SPECIFICATION)
        began = time.monotonic()
        watched = _Watch(self._cluster, began)
        watched.start()
        try:
            self._stack.up()
        except AssertionError:
            watched.given_up.set()
            raise
        proven = time.monotonic() - began
        watched.join()
        assert watched.seconds is not None, watched.why
        client = Client(self._cluster, NAME, self._stack.outputs()["ca_certificate"])
        client.log_in()
        return Life(client, {VOTERS: watched.seconds, PROVEN: proven})

    def mend(self, client: Client) -> None:
        """Nothing: pods unseal themselves."""

    def down(self) -> None:
        """Destroy the stack; a namespace that an interrupted run left goes too."""
        if self._stack is not None:
            self._stack.pulumi("destroy", "--yes", "--skip-preview", expected=None)
            self._stack = None
        self._cluster.kubectl("delete", "namespace", NAME, "--ignore-not-found", "--timeout=180s")


class _Watch(threading.Thread):
    """Notes when the leader first counts three voters: what the baselines' scripts wait for, seen from outside."""

    def __init__(self, cluster: Cluster, began: float) -> None:
        super().__init__(daemon=True)
        self._client, self._began = Client(cluster, NAME, ""), began
        self.given_up = threading.Event()
        self.seconds: float | None = None
        self.why = ""

    def run(self) -> None:
        try:
            until(self._three_voters, "three voters", seconds=300, pause=_PAUSE_SECONDS)
        except AssertionError as error:
            self.why = str(error)
            return
        self.seconds = time.monotonic() - self._began

    def _three_voters(self) -> bool:
        if self.given_up.is_set():
            return True
        if not self._client.token:
            self._client.ca = self._client.get("configmap", f"{NAME}-tls-ca")["data"]["ca.crt"]
            self._client.log_in()
        return has_three_voters(self._client)
