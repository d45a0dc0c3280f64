"""Pod 0 killed at ten moments of its first start: `up` never calls a cluster a success that nobody can use.

The moments are counted from the start of the server's process; ten clusters come up side by side, so that each moment
falls somewhere else in the bootstrap on every run. Not proven here: moments between two of these.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.cluster import Cluster
from tests.sandbox.figures import keep
from tests.sandbox.processes import kill, server_process
from tests.sandbox.trust.hardened import Hardened, transit_cluster
from tests.sandbox.trust.transit import Transit, transit_server

pytestmark = [pytest.mark.sandbox, pytest.mark.alone]

MOMENTS = (0.02, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 2.5, 3.5, 5.0)


@pytest.fixture(scope="module")
def transit(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transit]:
    with transit_server(tmp_path_factory.mktemp("transit")) as server:
        yield server


@dataclass(frozen=True)
class Story:
    """One cluster: when its pod 0 was killed, and what `up` said."""

    hard: Hardened
    moment: float
    code: int
    text: str


def _cut_short(hard: Hardened, moment: float) -> Story:
    process = hard.stack.start("up", "--yes", "--skip-preview")
    server = server_process(f"{hard.name}-0", hard.name, seconds=400)
    time.sleep(moment)
    kill(server)
    text, _ = process.communicate(timeout=600)
    return Story(hard, moment, process.returncode, text)


def _check(story: Story) -> str:
    """The claim, for one cluster; returns how it went."""
    hard = story.hard
    outcome = "came up by itself"
    if story.code != 0:
        assert "Traceback" not in story.text, story.text
        assert "docs/operations.md" in story.text, f"killed after {story.moment} s, and no way out:\n{story.text}"
        assert _latch(hard) == "", "a bootstrap that was never proven counts as proven"
        outcome = "refused at the proof" if "PROOF FAILED" in story.text else "pods never ready"
        _start_over(hard)
        outcome += ", wiped, came up"
    hard.client.log_in()
    hard.settled()
    assert len({hard.client.cluster_id(pod) for pod in hard.pods}) == 1, "two clusters behind one Service"
    assert _latch(hard) != ""
    return outcome


def _start_over(hard: Hardened) -> None:
    """As docs/operations.md says."""
    hard.client.kubectl("scale", "statefulset", hard.name, "--replicas=0")
    hard.client.kubectl("delete", "pvc", "--selector", f"app.kubernetes.io/instance={hard.name}")
    hard.stack.pulumi("up", "--yes", "--skip-preview", "--refresh")


def _latch(hard: Hardened) -> str:
    return hard.client.kubectl("get", "configmap", f"{hard.name}-bootstrap-proven", "--ignore-not-found").strip()


def test_a_bootstrap_that_was_cut_short_is_never_called_a_success(
    cluster: Cluster, transit: Transit, tmp_path: Path
) -> None:
    """A cluster that is healthy and locked for ever would be found out by the first user, days later."""
    clusters = []
    for number in range(len(MOMENTS)):
        clusters.append(transit_cluster(cluster, tmp_path / str(number), transit, f"cut-{number}"))
        clusters[-1].stack.lose_patience(80)
    try:
        with ThreadPoolExecutor(len(MOMENTS)) as pool:
            outcomes = list(pool.map(lambda hard, moment: _check(_cut_short(hard, moment)), clusters, MOMENTS))
    finally:
        with ThreadPoolExecutor(len(MOMENTS)) as pool:
            list(pool.map(_remove, clusters))
    for moment, outcome in zip(MOMENTS, outcomes, strict=True):
        print(f"pod 0 killed after {moment} s: {outcome}")
    counts = {f"pod 0 killed in its first start: {what}": {"of ten": outcomes.count(what)} for what in set(outcomes)}
    keep("hardened", {what: {key: float(count) for key, count in row.items()} for what, row in counts.items()})


def _remove(hard: Hardened) -> None:
    """Without Pulumi, which has nothing more to show here."""
    hard.place.cluster.kubectl("delete", "clusterrolebindings", f"--selector=openbao.org/cluster={hard.name}")
    hard.place.remove()
