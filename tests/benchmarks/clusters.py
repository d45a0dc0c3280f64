"""Living clusters of three, one after the other on the same nodes: how soon they serve, how soon they serve again.

The same client writes to each without a pause, through its Service for clients. What counts is the longest time without
an acknowledged write around a fault. Between faults a cluster is whole again; the chart's gets its pods unsealed by the
script, at once, which a person would not do at night. In every round all take their turn, so that a busy hour of the
machine meets all of them; faults are played on the clusters of the last round.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from sandbox.cluster import Cluster
from tests.benchmarks.baselines.chart_cluster import Chart
from tests.benchmarks.baselines.operator_cluster import Operator
from tests.benchmarks.contestant import PROVEN, VOTERS, Contestant, Life, has_three_voters
from tests.benchmarks.figures import Figure
from tests.benchmarks.ours import Ours
from tests.benchmarks.run import Run
from tests.sandbox.client import Client, Writer, until

DELETED: Final = "leader's pod force-deleted, no write for"
POWERLESS: Final = "leader's node without power, no write for"
CLIENTS_NODE: Final = 1
"""The node that the host's route to Services goes through (sandbox/network.py)."""
_LONGEST_OUTAGE_SECONDS: Final = 90.0
_STEADY_SECONDS: Final = 12.0

Samples = dict[str, list[float]]
"""Seconds by figure, of one contestant."""


def figures(run: Run) -> list[Figure]:
    """Ours beside the chart's and the operator's."""
    ours = Ours(run.cluster, run.folder / "clusters")
    peers: list[Contestant] = [Chart(run.cluster), Operator(run.cluster)]
    samples: dict[str, Samples] = {contestant.title: {} for contestant in (ours, *peers)}
    for contestant in (ours, *peers):
        contestant.down()
    for round_ in range(1, run.repetitions + 1):
        for contestant in (*peers, ours):
            _one_life(run, contestant, samples[contestant.title], round_)
    return [
        *(_figure(name, samples, ours, peers) for name in (VOTERS, DELETED, POWERLESS)),
        # The others have no proof: they are done with three voters.
        _figure(PROVEN, {**samples, **{peer.title: _ending(samples[peer.title]) for peer in peers}}, ours, peers),
    ]


def _figure(name: str, samples: Mapping[str, Samples], ours: Contestant, peers: list[Contestant]) -> Figure:
    beside = {peer.title: samples[peer.title].get(name, []) for peer in peers}
    return Figure(name, samples[ours.title].get(name, []), beside, "s")


def _ending(samples: Samples) -> Samples:
    return {PROVEN: samples.get(VOTERS, [])}


def _one_life(run: Run, contestant: Contestant, samples: Samples, round_: int) -> None:
    try:
        life: Life | None = None
        with run.measuring(f"{contestant.title}: up, {round_} of {run.repetitions}"):
            life = contestant.up()
            for milestone, seconds in life.seconds.items():
                samples.setdefault(milestone, []).append(seconds)
                run.say(f"{contestant.title}: {milestone} {seconds:.1f} s")
        if life is not None and round_ == run.repetitions:
            _lose_leaders(run, contestant, life.client, samples)
    finally:
        with run.measuring(f"{contestant.title}: down"):
            contestant.down()


def _lose_leaders(run: Run, contestant: Contestant, client: Client, samples: Samples) -> None:
    faults: list[tuple[str, Callable[[Cluster, Client], float]]] = [(DELETED, _delete_pod), (POWERLESS, _cut_power)]
    for fault, lose in faults:
        for number in range(1, run.repetitions + 1):
            with run.measuring(f"{contestant.title}: {fault}, {number} of {run.repetitions}"):
                _settle(contestant, client)
                seconds = lose(run.cluster, client)
                samples.setdefault(fault, []).append(seconds)
                run.say(f"{contestant.title}: {fault} {seconds:.1f} s")


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


def _settle(contestant: Contestant, client: Client) -> None:
    """Three voters, every pod unsealed and ready to take over."""

    def whole() -> bool:
        contestant.mend(client)
        answers = [
            client.call("GET", "sys/health?standbyok=true", pool=client.pod_pool(pod))[0] for pod in client.pods()
        ]
        ready = [
            condition["status"]
            for pod in client.pods().values()
            for condition in pod["status"]["conditions"]
            if condition["type"] == "Ready"
        ]
        return has_three_voters(client) and answers == [200] * 3 and ready == ["True"] * 3

    until(whole, "three healthy voters", seconds=300, pause=1)
