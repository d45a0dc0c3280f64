"""The operator's cluster alive: its objects applied, and the steps of its controllers taken by a script.

What the controllers do for profile Development without `selfInit` (`internal/service/init/manager_*.go`,
`desiredStatefulSetReplicas`): one pod first; `sys/init` without shares over its API; autopilot configured with the root
token; then as many pods as asked for. The script looks twice a second where a controller looks again after five seconds
(`RequeueShort`), and nothing of the operator's own start is counted. So the baseline is at its best.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any, Final

from sandbox.cluster import Cluster
from tests.benchmarks.baselines import operator
from tests.benchmarks.contestant import VOTERS, Life, has_three_voters
from tests.sandbox.client import Client, until
from tests.server.pki import Authority

NAME: Final = "bench-operator"
_PAUSE_SECONDS: Final = 0.5
_AUTOPILOT: Final = {
    "cleanup_dead_servers": True,
    "dead_server_last_contact_threshold": "5m",
    "last_contact_threshold": "10s",
    "max_trailing_logs": 1000,
    "min_quorum": 3,
    "server_stabilization_time": "10s",
}


class OperatorClient(Client):
    """The same client as for our clusters; Services and pods have the same names, pods other labels."""

    def pods(self) -> dict[str, dict[str, Any]]:
        labels = ",".join(f"{key}={value}" for key, value in operator.selector(self.name).items())
        listing = json.loads(self.kubectl("get", "pods", f"--selector={labels}", "--output=json"))
        return {pod["metadata"]["name"]: pod for pod in listing["items"]}

    def initialise(self) -> bool:
        """`sys/init` by way of pod 0; keeps the root token."""
        found = self.pods()[f"{self.name}-0"]["status"]["podIP"]
        pool = self.pool(found, f"{self.name}-0.{self.name}.{self.name}.svc", timeout=120)
        status, answer = self.call("PUT", "sys/init", {}, pool=pool)
        assert status == 200, f"init: {status}"
        self.token = answer["root_token"]
        return True

    def configure_autopilot(self) -> bool:
        """What the operator sets right after it has initialised."""
        pool = self.pod_pool(f"{self.name}-0")
        return self.call("POST", "sys/storage/raft/autopilot/configuration", _AUTOPILOT, pool=pool)[0] == 204


class Operator:
    """openbao-operator's objects, applied with kubectl."""

    title = operator.OPERATOR

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def up(self) -> Life:
        """Certificates, key, one pod, initialisation, three pods, three voters."""
        began = time.monotonic()
        authority = Authority()
        files = authority.files(NAME, operator.certificate_hosts(NAME))
        key = {"key": secrets.token_bytes(32)}
        items = [_secret("tls-server", files), _secret("unseal-key", key), *operator.manifests(NAME, replicas=3)]
        workload = next(item for item in items if item["kind"] == "StatefulSet")
        workload["spec"]["replicas"] = 1
        self._cluster.kubectl("create", "namespace", NAME)
        listing = {"apiVersion": "v1", "kind": "List", "items": items}
        self._cluster.kubectl("apply", "--filename=-", stdin=json.dumps(listing))
        client = OperatorClient(self._cluster, NAME, authority.pem.decode())
        until(client.initialise, "pod 0 can be initialised", seconds=240, pause=_PAUSE_SECONDS)
        until(client.configure_autopilot, "autopilot can be configured", seconds=60, pause=_PAUSE_SECONDS)
        client.kubectl("scale", "statefulset", NAME, "--replicas=3")
        until(lambda: has_three_voters(client), "three voters", seconds=300, pause=_PAUSE_SECONDS)
        return Life(client, {VOTERS: time.monotonic() - began})

    def mend(self, client: Client) -> None:
        """Nothing: pods unseal themselves by the static key."""

    def down(self) -> None:
        """Remove the namespace, with its volumes."""
        self._cluster.kubectl("delete", "namespace", NAME, "--ignore-not-found", "--timeout=180s")


def _secret(suffix: str, data: dict[str, bytes]) -> dict[str, Any]:
    encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
    metadata = {"name": f"{NAME}-{suffix}", "namespace": NAME}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}
