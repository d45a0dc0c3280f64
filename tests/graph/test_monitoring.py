"""The ServiceMonitor and the PrometheusRule that are registered, and whether all that they refer to is there.

Not proven here: that real servers answer so (tests/server/test_metrics.py), and that the CRDs take both
(tests/sandbox/test_monitoring_objects.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest

from components import DevelopmentVaultCluster
from tests.graph.recorder import Recorder, run
from tests.graph.tls_objects import DAY, NOW, Answering, Authority

pytestmark = pytest.mark.graph

BOTH = {"service_monitor": {"enabled": True}, "prometheus_rule": {"enabled": True}}
PODS = [f"openbao-{ordinal}.openbao.openbao.svc.cluster.local" for ordinal in range(3)]
EVERY_POD = "openbao-public.openbao.svc.cluster.local"
CERT_MANAGER = {"mode": "External", "issuer_ref": {"name": "corporate"}}
PUBLIC = {**CERT_MANAGER, "server_name": "bao.acme-corp.com"}
ACME = {"mode": "ACME", "directory_url": "https://acme.corp.internal/directory", "ca_root_secret_ref": "acme-ca"}
OURS = {"ca": {"configMap": {"name": "openbao-tls-ca", "key": "ca.crt"}}}
ISSUED = {"ca": {"secret": {"name": "openbao-tls-server", "key": "ca.crt"}}}
OF_ACME = {"ca": {"secret": {"name": "acme-ca", "key": "issuer.crt"}}}


def cluster(recorder: Recorder | None = None, **arguments: Any) -> Recorder:
    wanted: Any = {"replicas": 3, "telemetry": BOTH, **arguments}
    return run(lambda: DevelopmentVaultCluster("openbao", wanted), recorder=recorder or Answering())


def endpoints(recorder: Recorder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = recorder.named(":ServiceMonitor", "openbao-metrics").inputs["spec"]["endpoints"]
    return found


def alerts(recorder: Recorder) -> dict[str, dict[str, Any]]:
    (group,) = recorder.named(":PrometheusRule", "openbao-alerts").inputs["spec"]["groups"]
    found = {alert["alert"]: alert for alert in group["rules"]}
    assert len(found) == len(group["rules"])
    return found


def labels(expression: str) -> Iterator[dict[str, str]]:
    """Label matchers of every series in an expression."""
    for matchers in re.findall(r"\{([^}]*)\}", expression):
        yield dict(re.findall(r'(\w+)="([^"]*)"', matchers))


def test_nothing_is_made_that_nobody_asked_for() -> None:
    """A Kubernetes cluster without Prometheus Operator knows neither kind, and `up` would fail there."""
    recorder = cluster(telemetry={})
    assert not recorder.of_kind("ServiceMonitor")
    assert not recorder.of_kind("PrometheusRule")


@pytest.mark.parametrize(
    ("tls", "name", "trust"),
    [
        ({"mode": "OperatorManaged"}, EVERY_POD, OURS),
        (CERT_MANAGER, EVERY_POD, ISSUED),
        (PUBLIC, "bao.acme-corp.com", {}),
        ({**ACME, "domains": ["bao.corp.internal"], "shared_cache": {}}, "bao.corp.internal", OF_ACME),
    ],
    ids=["managed", "private-issuer", "public-issuer", "acme-shared-name"],
)
def test_one_name_verifies_every_pod(tls: dict[str, Any], name: str, trust: dict[str, Any]) -> None:
    """Prometheus asks addresses: by a name that no certificate has, or without the CA, every scrape fails."""
    (endpoint,) = endpoints(cluster(tls=tls))
    assert endpoint == {
        "port": "metrics",
        "path": "/v1/sys/metrics",
        "params": {"format": ["prometheus"]},
        "scheme": "https",
        "interval": "30s",
        "tlsConfig": {"serverName": name, **trust},
    }


def test_pods_with_a_certificate_each_are_asked_one_by_one() -> None:
    """Asked by another pod's name, an ACME listener refuses the handshake or orders a certificate that cannot come."""
    found = endpoints(cluster(tls=ACME))
    assert [endpoint["tlsConfig"] for endpoint in found] == [{"serverName": pod, **OF_ACME} for pod in PODS]
    kept = [endpoint["relabelings"] for endpoint in found]
    assert kept == [
        [{"sourceLabels": ["__meta_kubernetes_pod_name"], "regex": pod.partition(".")[0], "action": "keep"}]
        for pod in PODS
    ]


def test_the_monitor_finds_one_service_and_that_lists_sealed_pods() -> None:
    """A port on two Services counts every pod twice; a Service of ready pods loses a sealed one."""
    recorder = cluster()
    spec = recorder.named(":ServiceMonitor", "openbao-metrics").inputs["spec"]
    found = [
        item.inputs
        for item in recorder.of_kind("Service")
        if spec["selector"]["matchLabels"].items() <= item.inputs["metadata"]["labels"].items()
        and "metrics" in [port["name"] for port in item.inputs["spec"]["ports"]]
    ]
    assert [item["metadata"]["name"] for item in found] == ["openbao"]
    assert found[0]["spec"]["publishNotReadyAddresses"] is True
    container = recorder.named(":StatefulSet", "openbao").inputs["spec"]["template"]["spec"]["containers"][0]
    assert "metrics" in [port["name"] for port in container["ports"]]


def test_a_development_cluster_may_be_scraped_without_verification_and_durations_are_prometheus_own() -> None:
    """Prometheus knows whole numbers only: `1.5m` would be refused by the API server in the middle of `up`."""
    monitor = {"enabled": True, "insecure_skip_verify": True, "interval": "0.5m", "labels": {"release": "prometheus"}}
    recorder = cluster(telemetry={"service_monitor": monitor})
    (endpoint,) = endpoints(recorder)
    assert endpoint["tlsConfig"] == {"serverName": EVERY_POD, "insecureSkipVerify": True}
    assert endpoint["interval"] == "30s"
    metadata = recorder.named(":ServiceMonitor", "openbao-metrics").inputs["metadata"]
    assert metadata["labels"]["release"] == "prometheus"
    assert metadata["labels"]["openbao.org/cluster"] == "openbao"


def test_who_scrapes_reaches_the_metrics_and_nothing_else() -> None:
    """A Prometheus among the trusted peers could log in; one that is not let in at all sees nothing."""
    prometheus = {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "monitoring"}}}
    client = {"namespace_selector": {"match_labels": {"team": "apps"}}}
    recorder = cluster(network={"metrics_peers": [prometheus], "trusted_ingress_peers": [client]})
    rules = recorder.named(":NetworkPolicy", "openbao-network-policy").inputs["spec"]["ingress"]
    selected = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ports = [[port["port"] for port in rule["ports"]] for rule in rules if selected in rule["from"]]
    assert ports == [[8202]]
    assert [rule["from"] for rule in rules if {"port": 8202, "protocol": "TCP"} in rule["ports"]] == [[selected]]


@pytest.mark.parametrize("replicas", [1, 3])
def test_every_alert_is_promql_about_this_cluster_and_names_it(replicas: int) -> None:
    """Prometheus drops a whole group for one expression that it cannot read; labels keep two clusters' alerts apart."""
    found = alerts(cluster(replicas=replicas))
    expected = {"PodUnreachable", "Sealed", "NoLeader", "AuditFailing", "CertificateEnds"}
    assert found.keys() == {f"OpenBao{name}" for name in expected | ({"NoSpareVoter"} if replicas == 3 else set())}
    for name, alert in found.items():
        assert isinstance(promql_parser.parse(alert["expr"]), promql_parser.BinaryExpr), name
        assert all(one == {"namespace": "openbao", "service": "openbao"} for one in labels(alert["expr"])), name
        assert {"namespace": "openbao", "service": "openbao"}.items() < alert["labels"].items()
        assert re.fullmatch(r"\d+[sm]|1h", alert["for"])
    assert f"< {replicas}" in found["OpenBaoPodUnreachable"]["expr"]


def test_a_rare_scrape_still_sees_a_failing_audit_device() -> None:
    """Over a window with one sample nothing ever increases."""
    monitor = {"enabled": True, "interval": "5m"}
    telemetry = {**BOTH, "service_monitor": monitor, "prometheus_retention_time": "24h"}
    found = re.findall(r"\[(\w+)\]", alerts(cluster(telemetry=telemetry))["OpenBaoAuditFailing"]["expr"])
    assert found == ["1200s", "1200s"]
    assert re.findall(r"\[(\w+)\]", alerts(cluster())["OpenBaoAuditFailing"]["expr"]) == ["300s", "300s"]


def test_a_certificate_of_cert_manager_is_watched_by_its_own_metric() -> None:
    """An alert at each renewal's beginning cries wolf; one that misses a relabelled namespace never cries."""
    expression = alerts(cluster(tls=CERT_MANAGER))["OpenBaoCertificateEnds"]["expr"]
    assert isinstance(promql_parser.parse(expression), promql_parser.BinaryExpr)
    found = []
    for part in expression.split(" or "):
        due, end, again = re.findall(r"certmanager_certificate_\w+\{[^}]*\}", part)
        assert (due, part) == (again, f"time() - {due} > ({end} - {due}) / 2")
        assert end == due.replace("renewal", "expiration")
        found += [*labels(due)]
    assert found == [
        {"name": "openbao-tls-server", "exported_namespace": "openbao"},
        {"name": "openbao-tls-server", "namespace": "openbao"},
    ]


def test_a_certificate_that_the_stack_saw_is_watched_by_the_clock() -> None:
    """No metric tells of it: without this alert nobody hears of the end before the end."""
    names = [*PODS, *(f"openbao-{one}.openbao.svc.cluster.local" for one in ("active", "public"))]
    authority = Authority()
    pem, key = authority.issue(names, ends=NOW + 90 * DAY)
    own = {"own": {"tls.crt": pem, "tls.key": key, "ca.crt": authority.pem}}
    tls = {"mode": "External", "secret_name": "own"}
    recorder = cluster(Answering(secrets=own), tls=tls, namespace={"create": False})
    begins = (NOW + 60 * DAY).timestamp()
    assert alerts(recorder)["OpenBaoCertificateEnds"]["expr"] == f"vector(time()) > {begins:.0f}"
    assert (NOW + 90 * DAY).isoformat() in alerts(recorder)["OpenBaoCertificateEnds"]["annotations"]["description"]


@pytest.mark.parametrize("tls", [ACME, {"mode": "External", "secret_name": "unread"}], ids=["acme", "unread"])
def test_a_certificate_that_nobody_can_see_has_no_alert(tls: dict[str, Any]) -> None:
    """An alert that cannot fire is believed to watch; the report says that nothing does."""
    recorder = cluster(tls=tls)
    assert "OpenBaoCertificateEnds" not in alerts(recorder)
    report = recorder.named(":ConfigMap", "openbao-contract").inputs["metadata"]["annotations"]
    assert "contract.prometheus-rule.certificate" in str(report)
