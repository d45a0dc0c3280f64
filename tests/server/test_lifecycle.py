"""What a cluster survives: lost volumes, changed audit devices, restarts."""

from __future__ import annotations

import pytest

from profiles import layout
from profiles.rendering import server_configuration
from profiles.rendering.audit import audit_path
from tests.server.binaries import BEFORE_PLUGINS, NEWEST, bao
from tests.server.cluster import Cluster, Node
from tests.server.lab import Lab, eventually
from tests.server.specifications import SECRETS, cluster_specification

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def cluster(shared_lab: Lab) -> Cluster:
    """Three nodes after a proven bootstrap: the stanza is gone. Each test leaves them healthy."""
    made = Cluster(shared_lab, bao(NEWEST), cluster_specification(), SECRETS)
    made.start()
    leader = made.active()
    made.wait_for_voters(leader, made.proof_token(leader))
    made.nodes[0].forget_bootstrap()
    return made


def cluster_id(node: Node) -> str:
    """Which cluster a node believes to be in."""
    answer: str = node.api("GET", "sys/health?standbyok=true").json()["cluster_id"]
    return answer


def test_a_wiped_first_pod_rejoins_instead_of_forming_a_second_cluster(cluster: Cluster) -> None:
    """Broken: losing volume 0 splits the cluster in two, both of which look healthy."""
    first, peer = cluster.nodes[0], cluster.nodes[1]
    before = cluster_id(peer)
    first.kill()
    first.wipe()
    first.start()
    leader = cluster.active()
    cluster.wait_for_voters(leader, cluster.proof_token(leader))
    assert {cluster_id(node) for node in cluster.nodes} == {before}


def test_options_of_an_audit_device_change_by_a_rolling_restart(cluster: Cluster) -> None:
    """Broken: changing an audit option leaves no active node, while every readiness probe succeeds."""
    changed = cluster_specification(audit=[{"options": {"file_path": "stdout", "hmac_accessor": "false"}}])
    old, new = (f"{audit_path(spec.audit[0])}/" for spec in (cluster.specification, changed))
    assert old != new
    leader = cluster.active()
    for node in [*(node for node in cluster.nodes if node is not leader), leader]:
        cluster.place_file(node, f"{layout.CONFIG_DIR}/{layout.CONFIG_FILE}", server_configuration(changed))
        node.stop()
        node.start()
        node.wait_until_ready()
        cluster.active()
    after = cluster.active()
    proof = cluster.proof_token(after)
    assert set(eventually(lambda: after.read("sys/audit", proof), "audit devices")) == {new}
    cluster.wait_for_voters(after, proof)


def test_a_lost_leader_is_replaced_within_seconds(cluster: Cluster) -> None:
    """Broken: with OpenBao's default raft timing clients wait 11 s or more."""
    leader = cluster.active()
    leader.kill()
    cluster.active(seconds=8)
    leader.start()
    current = cluster.active()
    cluster.wait_for_voters(current, cluster.proof_token(current))


def test_the_configuration_for_2_6_opens_a_cluster_of_2_6_that_rolls_to_2_7(lab: Lab) -> None:
    """Broken: the older server does not know a setting, or an upgrade loses the cluster."""
    cluster = Cluster(lab, bao(BEFORE_PLUGINS), cluster_specification(BEFORE_PLUGINS), SECRETS)
    cluster.start()
    leader = cluster.active()
    cluster.wait_for_voters(leader, cluster.proof_token(leader))
    cluster.nodes[0].forget_bootstrap()
    before = cluster_id(leader)
    cluster.binary, newest = bao(NEWEST), server_configuration(cluster_specification(NEWEST))
    for node in [*(node for node in cluster.nodes if node is not leader), leader]:
        cluster.place_file(node, f"{layout.CONFIG_DIR}/{layout.CONFIG_FILE}", newest)
        node.stop()
        node.start()
        node.wait_until_ready()
    after = cluster.active()
    cluster.wait_for_voters(after, cluster.proof_token(after))
    assert cluster_id(after) == before
    assert after.api("GET", "sys/seal-status").json()["version"] == NEWEST
