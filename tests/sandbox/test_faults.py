"""Faults on three nodes under a continuous writer that checks every acknowledged value afterwards.

The figures are written to `docs/figures/faults.json` when FIGURES=1; docs/faults.md explains them.
Not proven here: other storage than local volumes, and NetworkPolicy enforcement.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from sandbox.cluster import Cluster
from tests.sandbox.client import Client, Writer, until
from tests.sandbox.figures import Figures, checked, keep
from tests.sandbox.stack import Stack

pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

NAME = "faults"
SPECIFICATION = {
    "profile": "Development",
    "replicas": 3,
    "storage": {"size": "1Gi"},
    # Preferred: a volume made anew may have to share a node, since these volumes are local to theirs.
    "scheduling": {"spreadOverNodes": "Preferred"},
}
FIGURES: Figures = {}


@pytest.fixture(scope="module")
def client(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    stack = Stack(cluster, tmp_path_factory.mktemp("faults"), NAME, SPECIFICATION)
    began = time.monotonic()
    stack.up()
    FIGURES["up to a proven cluster of three"] = {"seconds": time.monotonic() - began}
    client = Client(cluster, NAME, stack.outputs()["ca_certificate"])
    client.log_in()
    yield client
    stack.destroy()
    keep("faults", FIGURES)


def _settled(client: Client) -> None:
    """Three voters, each answering as one that is joined and unsealed."""

    def healthy() -> bool:
        voters = client.peers() == {f"{NAME}-{ordinal}": True for ordinal in range(3)}
        answers = [
            client.call("GET", "sys/health?standbyok=true", pool=client.pod_pool(pod))[0] for pod in client.pods()
        ]
        return voters and answers == [200, 200, 200]

    until(healthy, "three healthy voters", seconds=240)


def _node_of(client: Client, pod: str) -> int:
    return int(client.pods()[pod]["spec"]["nodeName"].removeprefix("node-"))


def test_no_acknowledged_write_is_lost_when_each_pod_is_deleted_in_turn(client: Client) -> None:
    """The everyday fault: a drain, an eviction, a rolling update."""
    _settled(client)
    with Writer(client) as writer:
        began = time.monotonic()
        for pod in sorted(client.pods()):
            old = client.pods()[pod]["metadata"]["uid"]
            client.kubectl("delete", "pod", pod, "--wait=false")
            until(lambda pod=pod, old=old: client.pods()[pod]["metadata"]["uid"] != old, "a new pod")
            _settled(client)
        recovered = (time.monotonic() - began) / 3
        time.sleep(1)
    FIGURES["each pod deleted in turn"] = checked(writer, recovered)


def test_no_acknowledged_write_is_lost_when_the_leaders_node_is_cut_off(client: Client, cluster: Cluster) -> None:
    """The deposed leader must acknowledge nothing that the others do not have."""
    _settled(client)
    node = _node_of(client, client.leader())
    with Writer(client) as writer:
        cluster.cut(node)
        try:
            time.sleep(12)
        finally:
            cluster.heal(node)
        began = time.monotonic()
        _settled(client)
        recovered = time.monotonic() - began
        time.sleep(1)
    FIGURES["leader's node cut off for 12 s"] = checked(writer, recovered)


def test_no_acknowledged_write_is_lost_when_the_leaders_node_loses_power(client: Client, cluster: Cluster) -> None:
    """What was acknowledged must be on the disks of a majority."""
    _settled(client)
    node = _node_of(client, client.leader())
    with Writer(client) as writer:
        cluster.node_down(node)
        time.sleep(12)
        cluster.node_up(node)
        began = time.monotonic()
        _settled(client)
        recovered = time.monotonic() - began
        time.sleep(1)
    FIGURES["leader's node without power for 12 s"] = checked(writer, recovered)


def test_all_pods_gone_and_volume_zero_wiped_rejoins_its_peers(client: Client) -> None:
    """Pod 0 starts first and alone with an empty disk: it must wait for its peers, not found a second cluster."""
    _settled(client)
    first, before = f"{NAME}-0", client.cluster_id(f"{NAME}-1")
    client.kubectl("scale", f"statefulset/{NAME}", "--replicas=0")
    until(lambda: not client.pods(), "no pods")
    client.kubectl("delete", "pvc", f"data-{first}")
    client.kubectl("scale", f"statefulset/{NAME}", "--replicas=1")
    until(lambda: client.call("GET", "sys/health", pool=client.pod_pool(first))[0] == 501, "pod 0 waits")
    time.sleep(5)
    assert client.call("GET", "sys/health", pool=client.pod_pool(first))[0] == 501, "pod 0 founded a cluster of its own"
    client.kubectl("scale", f"statefulset/{NAME}", "--replicas=3")
    _settled(client)
    assert client.cluster_id(first) == before


def test_all_volumes_wiped_stays_uninitialised(client: Client) -> None:
    """An empty vault that looks healthy would be filled with new secrets while the old ones are sought elsewhere."""
    client.kubectl("scale", f"statefulset/{NAME}", "--replicas=0")
    until(lambda: not client.pods(), "no pods")
    client.kubectl("delete", "pvc", "--all")
    client.kubectl("scale", f"statefulset/{NAME}", "--replicas=3")
    first = f"{NAME}-0"
    until(lambda: client.call("GET", "sys/health", pool=client.pod_pool(first))[0] == 501, "pod 0 waits")
    time.sleep(5)
    for pod in client.pods():
        assert client.call("GET", "sys/init", pool=client.pod_pool(pod))[1] == {"initialized": False}
