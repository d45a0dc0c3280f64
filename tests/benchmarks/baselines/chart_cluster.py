"""The chart's cluster alive, and the script that a chart's user writes around it.

The script does without a pause what a person does by hand: make a certificate, apply, initialise pod 0 (five shares,
three of them needed: the server's defaults), unseal every pod as soon as it can be. So the baseline is at its best.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

import urllib3

from sandbox.cluster import Cluster
from tests.benchmarks.baselines import chart
from tests.benchmarks.contestant import VOTERS, Life, has_three_voters
from tests.sandbox.client import Client, until
from tests.server.pki import Authority

NAME: Final = "bench-chart"
_PAUSE_SECONDS: Final = 0.5


class ChartClient(Client):
    """The same client as for our clusters, with the chart's names."""

    keys: tuple[str, ...] = ()

    def pods(self) -> dict[str, dict[str, Any]]:
        labels = ",".join(f"{key}={value}" for key, value in chart.selector(self.name).items())
        listing = json.loads(self.kubectl("get", "pods", f"--selector={labels}", "--output=json"))
        return {pod["metadata"]["name"]: pod for pod in listing["items"]}

    def service_pool(self, timeout: float = 3.0) -> urllib3.HTTPSConnectionPool:
        return self.service_pool_at(self.address(self.name), timeout)

    def service_pool_at(self, address: str, timeout: float) -> urllib3.HTTPSConnectionPool:
        return self.pool(address, f"{self.name}.{self.name}.svc", timeout)

    def pod_pool(self, pod: str, timeout: float = 3.0) -> urllib3.HTTPSConnectionPool:
        host_name = f"{pod}.{self.name}-internal"
        return self.pool(self.pods()[pod]["status"]["podIP"], host_name, timeout)

    def initialise(self) -> bool:
        """`bao operator init` on pod 0; keeps the root token and enough key shares.

        The answer takes an election of the first leader, and comes once: who hangs up earlier has lost the keys.
        """
        pool = self.pod_pool(f"{self.name}-0", timeout=120)
        status, answer = self.call("PUT", "sys/init", {"secret_shares": 5, "secret_threshold": 3}, pool=pool)
        assert status == 200, f"init: {status}"
        self.token, self.keys = answer["root_token"], tuple(answer["keys"][:3])
        return True

    def unseal_all(self) -> None:
        """`bao operator unseal` on every pod that is sealed and can be unsealed now."""
        for pod, found in self.pods().items():
            if not found["status"].get("podIP"):
                continue
            try:
                self._unseal(pod)
            except urllib3.exceptions.HTTPError:
                continue  # not listening yet, or its node is off

    def _unseal(self, pod: str) -> None:
        pool = self.pod_pool(pod)
        _, answer = self.call("GET", "sys/seal-status", pool=pool)
        if answer["sealed"] and answer["initialized"]:
            for key in self.keys:
                self.call("PUT", "sys/unseal", {"key": key}, pool=pool)


class Chart:
    """openbao-helm's objects, applied with kubectl."""

    title = chart.CHART

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def up(self) -> Life:
        """Certificate, objects, initialisation, three voters."""
        began = time.monotonic()
        authority = Authority()
        made = authority.files(NAME, [f"*.{NAME}-internal", f"{NAME}.{NAME}.svc", "localhost"])
        files = {name: value.decode() for name, value in made.items()}
        metadata = {"name": chart.tls_secret(NAME), "namespace": NAME}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": files}
        self._cluster.kubectl("create", "namespace", NAME)
        listing = {"apiVersion": "v1", "kind": "List", "items": [secret, *chart.manifests(NAME)]}
        self._cluster.kubectl("apply", "--filename=-", stdin=json.dumps(listing))
        client = ChartClient(self._cluster, NAME, authority.pem.decode())
        until(client.initialise, "pod 0 can be initialised", seconds=240, pause=_PAUSE_SECONDS)

        def three_voters() -> bool:
            client.unseal_all()
            return has_three_voters(client)

        until(three_voters, "three voters", seconds=240, pause=_PAUSE_SECONDS)
        return Life(client, {VOTERS: time.monotonic() - began})

    def mend(self, client: Client) -> None:
        """Unseal what was started anew, at once; a person would be slower."""
        assert isinstance(client, ChartClient)
        client.unseal_all()

    def down(self) -> None:
        """Remove the namespace, with its volumes, and the one object outside."""
        self._cluster.kubectl("delete", "clusterrolebinding", chart.binding(NAME), "--ignore-not-found")
        self._cluster.kubectl("delete", "namespace", NAME, "--ignore-not-found", "--timeout=180s")
