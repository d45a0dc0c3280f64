"""Two living clusters of three, one after the other on the same nodes: how soon they serve, how soon they serve again.

The same client writes to both without a pause, through each one's general Service. What counts is the longest time
without an acknowledged write around a fault. Between faults both clusters are whole again; the baseline gets its pods
unsealed by the script, at once, which a person would not do at night.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from sandbox.cluster import Cluster
from tests.benchmarks import chart_baseline, chart_cluster
from tests.benchmarks.figures import Figure
from tests.sandbox.client import Client, Writer, until
from tests.sandbox.stack import Stack

OURS: Final = "bench-ours"
CHART: Final = "bench-chart"
SPECIFICATION: Final[dict[str, Any]] = {"profile": "Development", "replicas": 3, "storage": {"size": "1Gi"}}
UP: Final = "up to a cluster of three"
DELETED: Final = "leader's pod force-deleted, no write for"
POWERLESS: Final = "leader's node without power, no write for"
CLIENTS_NODE: Final = 1
"""The node that the host's route to Services goes through (sandbox/network.py)."""
_LONGEST_OUTAGE_SECONDS: Final = 90.0
_STEADY_SECONDS: Final = 12.0


@dataclass
class Samples:
    """Seconds by figure, of one cluster."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, figure: str, seconds: float) -> None:
        self.seconds.setdefault(figure, []).append(seconds)


def figures(cluster: Cluster, folder: Path, repetitions: int, say: Callable[[str], None]) -> list[Figure]:
    """The chart's cluster, then ours."""
    baseline = _chart(cluster, repetitions, say)
    ours = _ours(cluster, folder, repetitions, say)
    notes = {
        UP: f"{chart_baseline.CHART}: kubectl apply, init and unseal by script; not proven",
        DELETED: f"{chart_baseline.CHART}: same client, same fault",
        POWERLESS: f"{chart_baseline.CHART}: same client, same fault",
    }
    return [Figure(name, ours.seconds[name], baseline.seconds[name], "s", note) for name, note in notes.items()]


def _ours(cluster: Cluster, folder: Path, repetitions: int, say: Callable[[str], None]) -> Samples:
    samples = Samples()
    folder.mkdir(parents=True)
    stack = Stack(cluster, folder, OURS, SPECIFICATION)
    try:
        for round_ in range(repetitions):
            if round_:
                stack.destroy()
            began = time.monotonic()
            stack.up()
            samples.add(UP, time.monotonic() - began)
            say(f"ours: {UP} {samples.seconds[UP][-1]:.1f} s")
        client = Client(cluster, OURS, stack.outputs()["ca_certificate"])
        client.log_in()
        _lose_leaders(cluster, client, samples, repetitions, lambda line: say(f"ours: {line}"))
    finally:
        stack.destroy()
    return samples


def _chart(cluster: Cluster, repetitions: int, say: Callable[[str], None]) -> Samples:
    samples = Samples()
    try:
        for _ in range(repetitions):
            chart_cluster.down(cluster, CHART)
            began = time.monotonic()
            client = chart_cluster.up(cluster, CHART)
            samples.add(UP, time.monotonic() - began)
            say(f"chart: {UP} {samples.seconds[UP][-1]:.1f} s")
        _lose_leaders(cluster, client, samples, repetitions, lambda line: say(f"chart: {line}"))
    finally:
        chart_cluster.down(cluster, CHART)
    return samples


def _lose_leaders(
    cluster: Cluster, client: Client, samples: Samples, repetitions: int, say: Callable[[str], None]
) -> None:
    for fault, lose in ((DELETED, _delete_pod), (POWERLESS, _cut_power)):
        for _ in range(repetitions):
            _settle(client)
            samples.add(fault, lose(cluster, client))
            say(f"{fault} {samples.seconds[fault][-1]:.1f} s")


def _delete_pod(_cluster: Cluster, client: Client) -> float:
    leader = client.leader()
    with Writer(client) as writer:
        client.kubectl("delete", "pod", leader, "--force", "--grace-period=0", "--wait=false")
        return _outage(writer)


def _cut_power(cluster: Cluster, client: Client) -> float:
    until(lambda: _leader_is_beyond_the_clients_node(client), "a leader on another node", seconds=240, pause=1)
    node = _node_of_leader(client)
    with Writer(client) as writer:
        cluster.node_down(node)
        try:
            return _outage(writer)
        finally:
            cluster.node_up(node)


def _leader_is_beyond_the_clients_node(client: Client) -> bool:
    """Whether a leader's node can be lost without cutting off the client; if not, the leader is asked to step down.

    The client, on the host, reaches Services by way of one node: its loss would measure the client, not the cluster.
    """
    if _node_of_leader(client) != CLIENTS_NODE:
        return True
    client.call("PUT", "sys/step-down")
    return False


def _node_of_leader(client: Client) -> int:
    return int(client.pods()[client.leader()]["spec"]["nodeName"].removeprefix("node-"))


def _outage(writer: Writer) -> float:
    """The longest time without a write, once writes have come for a while; what does not end counts as it is by then.

    A while: longer than a leader takes that only stops after its preStop hook.
    """
    began = time.monotonic()

    def steady() -> bool:
        times = [at for _, at in list(writer.acknowledged.values()) if at > began]
        breaks = [later for earlier, later in pairwise(times) if later - earlier > 0.5]
        since = max([began, *breaks, *times[:1]])
        return bool(times) and times[-1] - since > _STEADY_SECONDS

    with contextlib.suppress(AssertionError):
        until(steady, "steady writes after the fault", seconds=_LONGEST_OUTAGE_SECONDS, pause=0.5)
    times = [at for _, at in list(writer.acknowledged.values())]  # a copy: the writer goes on
    return max(later - earlier for earlier, later in pairwise([*times, time.monotonic()]))


def _settle(client: Client) -> None:
    """Three voters, every pod unsealed and ready to take over."""

    def whole() -> bool:
        if isinstance(client, chart_cluster.ChartClient):
            client.unseal_all()
        voters = client.peers() == {f"{client.name}-{ordinal}": True for ordinal in range(3)}
        answers = [
            client.call("GET", "sys/health?standbyok=true", pool=client.pod_pool(pod))[0] for pod in client.pods()
        ]
        ready = [
            condition["status"]
            for pod in client.pods().values()
            for condition in pod["status"]["conditions"]
            if condition["type"] == "Ready"
        ]
        return voters and answers == [200] * 3 and ready == ["True"] * 3

    until(whole, "three healthy voters", seconds=300, pause=1)
