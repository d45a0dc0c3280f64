"""One Hardened cluster whose surroundings fail: `up` is cut short, then API server, nodes and a disk go.

Not proven here: networks with latency, storage other than local disks, an API server that is away for hours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from components.stack import RESOURCE
from sandbox.cluster import Cluster
from tests.sandbox.client import Writer, until
from tests.sandbox.figures import LONGEST_GAP_SECONDS, Figures, checked, keep
from tests.sandbox.processes import kill, server_process
from tests.sandbox.stack import Outcome
from tests.sandbox.trust.hardened import Hardened, transit_cluster
from tests.sandbox.trust.link import Link
from tests.sandbox.trust.small_disk import SmallDisk
from tests.sandbox.trust.transit import Transit, transit_server

pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

NAME = "outage"
FIGURES: Figures = {}
INTERRUPTED: list[Outcome] = []


# Where `up` is interrupted, one after another: each goes on from what the one before it left. A moment that is over
# already (pods become ready meanwhile) is the next one that comes.
_LATCH = f"{RESOURCE}-bootstrap-proven creating|{RESOURCE}-public creating"
_PROOF_WAITS = f"Waiting for Job|{_LATCH}"
_PROOF = rf"Job {RESOURCE}-proof \w+ing|{_LATCH}"
_PODS_WAIT = f"Waiting for StatefulSet|{_PROOF}"
_PODS = rf"StatefulSet {RESOURCE} \w+ing|{_PROOF}"
_ANY = rf" created \(|{_PODS}"
MOMENTS = (
    (f"{RESOURCE}-contract creating", 0.0),
    *((_ANY, pause) for pause in (0.0, 0.3, 0.0, 0.6)),
    (_PODS, 0.0),
    *((_PODS_WAIT, pause) for pause in (0.0, 1.5)),
    (_PROOF, 0.0),
    (_PROOF_WAITS, 0.3),
    (_LATCH, 0.0),
)


@pytest.fixture(scope="module")
def transit(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transit]:
    with transit_server(tmp_path_factory.mktemp("transit")) as server:
        yield server


@pytest.fixture(scope="module")
def moved(transit: Transit) -> Iterator[Link]:
    """A second address of the transit server."""
    with transit.another_link() as link:
        yield link


@pytest.fixture(scope="module")
def hard(cluster: Cluster, transit: Transit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    """Three replicas that came up through every interruption; later tests build on earlier ones."""
    made = transit_cluster(cluster, tmp_path_factory.mktemp(NAME), transit, NAME)
    try:
        INTERRUPTED.extend(made.stack.up_interrupted_at(line, pause) for line, pause in MOMENTS)
        began = time.monotonic()
        made.stack.up()
        FIGURES["`up` interrupted again and again: the last one"] = {"seconds": time.monotonic() - began}
        yield made
    finally:
        made.remove()
        keep("hardened", FIGURES)


@pytest.fixture
def settled(hard: Hardened) -> Hardened:
    """The same cluster, logged in to, with three healthy voters."""
    hard.client.log_in()
    hard.settled()
    return hard


def _node_of(hard: Hardened, pod: str) -> int:
    return int(hard.client.pods()[pod]["spec"]["nodeName"].removeprefix("node-"))


def test_an_up_that_is_interrupted_again_and_again_converges(settled: Hardened) -> None:
    """Ctrl-C is what people do; the next `up` must finish the work, with one cluster that is proven."""
    for outcome in INTERRUPTED:
        print(f"interrupted: {outcome.interrupted}, exit {outcome.code}, {outcome.changes}")
        assert "Traceback" not in outcome.text, outcome.text
    assert sum(outcome.interrupted for outcome in INTERRUPTED) >= 8, "too many moments came too late"
    assert len({settled.client.cluster_id(pod) for pod in settled.pods}) == 1, "two clusters behind one Service"
    assert "proof: complete" in settled.client.kubectl("logs", f"job/{NAME}-proof")
    assert settled.stack.outputs()["production_ready"] is True
    assert set(settled.stack.up().changes) == {"unchanged"}


def test_a_cluster_serves_while_the_api_server_is_away_and_gets_a_new_leader_when_it_is_back(
    settled: Hardened, cluster: Cluster
) -> None:
    """Control planes are upgraded and break; a vault that stops with them takes everything else down, too.

    A new leader must wait: OpenBao's service registration tells Kubernetes who leads before anybody does.
    """
    leader = settled.client.leader()
    with Writer(settled.client) as writer:
        cluster.api_down()
        try:
            time.sleep(10)
            served = writer.longest_gap()
            kill(server_process(leader, NAME))
            time.sleep(10)
        finally:
            cluster.api_up()
        seconds = settled.settled()
        writer.until_acknowledged()
    assert served < LONGEST_GAP_SECONDS, "running pods need the API server"
    FIGURES["API server away for 10 s"] = {"longest write gap": served}
    away = "leader's server killed while the API server is away for 10 s more: from its return"
    FIGURES[away] = checked(writer, seconds, longest_gap=180)
    until(lambda: _labelled(settled) == [settled.client.leader()], "the leader's Service points at it again", 60)


def _labelled(hard: Hardened) -> list[str]:
    """The pods that OpenBao's service registration calls active."""
    pods = hard.client.pods().items()
    return [pod for pod, found in pods if found["metadata"]["labels"].get("openbao-active") == "true"]


def test_no_acknowledged_write_is_lost_when_the_leaders_node_loses_power(settled: Hardened, cluster: Cluster) -> None:
    """What was acknowledged must be on the disks of a majority; and the seal must open again by itself."""
    node = _node_of(settled, settled.client.leader())
    with Writer(settled.client) as writer:
        cluster.node_down(node)
        time.sleep(12)
        cluster.node_up(node)
        seconds = settled.settled()
        writer.until_acknowledged()
    FIGURES["leader's node without power for 12 s: from its return"] = checked(writer, seconds)


def test_no_acknowledged_write_is_lost_when_two_of_three_nodes_lose_power(settled: Hardened, cluster: Cluster) -> None:
    """Without a majority nothing may be acknowledged, and when it is back nobody has to do anything."""
    leader = settled.client.leader()
    other = next(pod for pod in settled.pods if pod != leader)
    nodes = [_node_of(settled, pod) for pod in (leader, other)]
    with Writer(settled.client) as writer:
        began = time.monotonic()
        for node in nodes:
            cluster.node_down(node)
        gone = time.monotonic()
        time.sleep(12)
        late = [at for _, at in list(writer.acknowledged.values()) if at > gone + 1]
        assert not late, "a write was acknowledged by a single voter"
        for node in nodes:
            cluster.node_up(node)
        seconds = settled.settled()
        writer.until_acknowledged()
    outage = time.monotonic() - began
    FIGURES["two of three nodes without power for 12 s: from their return"] = checked(writer, seconds, outage)


def test_a_rolling_change_of_the_seal_loses_no_write(settled: Hardened, transit: Transit, moved: Link) -> None:
    """Key services move; a seal that can only be changed with the whole cluster down is not changed in time."""
    unseal = {**settled.specification["unseal"], "address": f"https://{moved.host}:{moved.port}"}
    settled.specification["network"]["egressRules"][0]["ports"].append({"port": moved.port})
    settled.change({"unseal": unseal})
    with Writer(settled.client) as writer:
        began = time.monotonic()
        outcome = settled.stack.up()
        seconds = time.monotonic() - began
        assert settled.healthy(), "`up` ended before every pod ran with the new seal"
        writer.until_acknowledged()
    assert "openbao.seal.key-change" in outcome.text, "nobody said that the old key is still needed"
    transit.link.set("refused")
    settled.replaced(settled.pods[0])
    settled.settled()
    FIGURES["rolling change of the seal's address"] = checked(writer, seconds)


def test_without_service_registration_a_new_leader_needs_no_api_server(settled: Hardened, cluster: Cluster) -> None:
    """A vault that must outlive its control plane: the one thing that ties its leader to the API is switched off."""
    configuration = settled.specification.get("configuration", {})
    settled.change({"configuration": {**configuration, "serviceRegistration": False}})
    settled.stack.up()
    outputs = settled.stack.outputs()
    assert outputs["active_address"] == outputs["address"], "the leader's Service is gone"
    leader = settled.client.leader()
    with Writer(settled.client) as writer:
        cluster.api_down()
        try:
            kill(server_process(leader, NAME))
            time.sleep(20)
            served = writer.longest_gap()
        finally:
            cluster.api_up()
        seconds = settled.settled()
        writer.until_acknowledged()
    assert served < LONGEST_GAP_SECONDS, "no new leader while the API server was away"
    what = "the same without service registration, away for 20 s: from its return"
    FIGURES[what] = checked(writer, seconds)


def test_a_leader_whose_disk_is_full_hands_over_and_rejoins_when_there_is_room(
    settled: Hardened, cluster: Cluster
) -> None:
    """Audit logs and snapshots fill disks; one full disk must not stop the other two, nor corrupt the third.

    The last test: the pod keeps a volume that goes with it.
    """
    pod = settled.pods[-1]
    with SmallDisk(cluster, _node_of(settled, pod), NAME, f"data-{pod}", mebibytes=128) as disk:
        settled.client.kubectl("delete", "pvc", f"data-{pod}", "--wait=false")
        settled.replaced(pod)
        settled.settled()
        _lead(settled, pod)
        with Writer(settled.client) as writer:
            disk.fill()
            until(lambda: _swell(settled) and settled.client.leader() != pod, "another leader", 120)
            time.sleep(5)
            disk.free()
            seconds = settled.settled()
            writer.until_acknowledged()
        FIGURES["leader's disk full: from room on it"] = checked(writer, seconds)


def _swell(hard: Hardened) -> bool:
    """Write much at once: what the server's files had reserved must be used up before more is asked of the disk."""
    hard.client.call("POST", "journal/large", {"value": "x" * 500_000})
    return True


def _lead(hard: Hardened, pod: str) -> None:
    """Make this pod the leader: whoever else leads is killed until it is.

    Not asked to step down: a leader that does so hands over to the first of equal peers, which may always be another.
    """

    def it_leads() -> bool:
        if (leader := hard.client.leader()) != pod:
            kill(server_process(leader, NAME))
            hard.settled()
        return hard.client.leader() == pod

    until(it_leads, f"{pod} leads", 240)
