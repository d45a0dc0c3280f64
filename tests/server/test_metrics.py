"""Real servers scraped as the rendered ServiceMonitor says, and the metrics that the rendered alerts ask for.

Not proven here: that Prometheus Operator makes this of them; tests/sandbox/test_monitoring_objects.py shows that its
CRDs take them.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
import requests

from components.kubernetes.monitoring import prometheus_rule, service_monitor
from profiles import layout
from profiles.specification import Specification
from tests.server.binaries import BEFORE_PLUGINS, NEWEST, bao
from tests.server.cluster import ByServerName, Cluster, Node
from tests.server.lab import Lab, eventually
from tests.server.specifications import ADMIN_PASSWORD, SECRETS, cluster_specification

pytestmark = pytest.mark.server

COLLECTOR = """
import socketserver, sys
class Sink(socketserver.StreamRequestHandler):
    def handle(self): self.rfile.read()
socketserver.ThreadingTCPServer((sys.argv[1], 9000), Sink).serve_forever()
"""
TELEMETRY = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}


def scrape(node: Node) -> dict[str, float]:
    """Every series of one pod without its labels, asked for as Prometheus would: no token, one server name for all."""
    monitor = service_monitor(node.cluster.specification)
    (endpoint,) = monitor["spec"]["endpoints"]
    session = requests.Session()
    session.trust_env = False
    session.verify = node.session.verify
    session.mount("https://", ByServerName(endpoint["tlsConfig"]["serverName"]))
    url = f"{endpoint['scheme']}://{node.address}:{layout.METRICS_PORT}{endpoint['path']}"
    answer = session.get(url, params=endpoint["params"], timeout=10)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {re.split(r"[{ ]", line, maxsplit=1)[0]: float(line.rpartition(" ")[2]) for line in lines}


def asked_for(specification: Specification) -> set[str]:
    """OpenBao's metrics in the alerts."""
    return {name for alert in _alerts(specification) for name in re.findall(r"vault_\w+", alert["expr"])}


@pytest.mark.parametrize("version", [NEWEST, BEFORE_PLUGINS])
def test_every_pod_is_scraped_and_alerts_see_a_seal_and_a_leader(lab: Lab, version: str) -> None:
    """Broken: a metric that does not exist under that name or a pod that cannot be scraped leaves an alert silent."""
    cluster = Cluster(lab, bao(version), cluster_specification(version, telemetry=TELEMETRY), SECRETS)
    cluster.place()
    alone = cluster.nodes[1]
    alone.start()
    waiting = eventually(lambda: _if_any(alone), "metrics of a pod that waits for its first cluster")
    assert waiting["vault_core_unsealed"] == 0
    for node in (cluster.nodes[0], cluster.nodes[2]):
        node.start()
    leader = cluster.active()
    cluster.wait_for_voters(leader, cluster.proof_token(leader))

    wanted = asked_for(cluster.specification)
    assert len(wanted) == 5
    eventually(lambda: wanted <= set(scrape(leader)), f"{wanted} of the leader")
    eventually(lambda: scrape(leader)["vault_autopilot_failure_tolerance"] == 1, "one voter to spare")
    assert {node.name: scrape(node)["vault_core_active"] for node in cluster.nodes} == {
        node.name: float(node is leader) for node in cluster.nodes
    }
    assert all(scrape(node)["vault_core_unsealed"] == 1 for node in cluster.nodes)

    admin = leader.login("userpass", "admin", password=ADMIN_PASSWORD.decode())
    assert leader.api("PUT", "sys/seal", admin).ok
    eventually(lambda: scrape(leader)["vault_core_unsealed"] == 0, "the sealed pod says so")
    assert scrape(leader)["vault_core_active"] == 0
    others = [node for node in cluster.nodes if node is not leader]
    eventually(lambda: sum(scrape(node)["vault_core_active"] for node in others) == 1, "another leader says so")
    successor = next(node for node in others if scrape(node)["vault_core_active"])
    eventually(lambda: scrape(successor).get("vault_autopilot_failure_tolerance") == 0, "no voter to spare")


def test_the_api_port_gives_no_metrics_and_the_metrics_port_nothing_else(lab: Lab) -> None:
    """Broken: whoever may scrape reads secrets, or whoever may log in reads metrics without a right to."""
    cluster = Cluster(lab, bao(NEWEST), cluster_specification(telemetry=TELEMETRY, replicas=1), SECRETS)
    cluster.start()
    leader = cluster.active()
    admin = leader.login("userpass", "admin", password=ADMIN_PASSWORD.decode())
    assert leader.api("GET", "sys/metrics?format=prometheus", admin).status_code != 200
    for path in ("sys/health", "sys/seal-status", "auth/token/lookup-self"):
        assert leader.api("GET", path, admin, port=layout.METRICS_PORT).status_code == 404


def test_a_request_that_nobody_could_audit_is_counted(lab: Lab) -> None:
    """Broken: the alert about audit devices never fires, and clients see errors that nobody explains."""
    address = lab.address()
    collector = lab.start([sys.executable, "-c", COLLECTOR, address], lab.folder / "collector.log")
    device = {"type": "socket", "name": "siem", "options": {"address": f"{address}:9000", "socket_type": "tcp"}}
    specification = cluster_specification(telemetry=TELEMETRY, replicas=1, audit=[device])
    cluster = Cluster(lab, bao(NEWEST), specification, SECRETS)
    cluster.start()
    leader = cluster.active()
    (alert,) = (one for one in _alerts(specification) if one["alert"] == "OpenBaoAuditFailing")
    kinds = re.findall(r"vault_\w+", alert["expr"])
    leader.login("userpass", "admin", password=ADMIN_PASSWORD.decode())
    assert {kind: scrape(leader).get(kind) for kind in kinds} == dict.fromkeys(kinds, 0)
    collector.kill()
    credentials = {"password": ADMIN_PASSWORD.decode()}

    def refused() -> bool:
        return leader.api("POST", "auth/userpass/login/admin", body=credentials).status_code >= 500

    eventually(refused, "a login that is refused for want of an audit device")
    assert any(scrape(leader)[kind] > 0 for kind in kinds)


def _alerts(specification: Specification) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = prometheus_rule(specification)["spec"]["groups"][0]["rules"]
    return found


def _if_any(node: Node) -> dict[str, float]:
    """What it has so far; empty while it does not listen yet."""
    try:
        found = scrape(node)
    except requests.ConnectionError:
        return {}
    return found if "vault_core_unsealed" in found else {}
