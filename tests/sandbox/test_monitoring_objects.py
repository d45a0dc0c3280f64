"""ServiceMonitors and PrometheusRules before the real API server with Prometheus Operator's CRDs.

Not proven here: what Prometheus Operator and its webhook make of them; tests/graph/test_monitoring.py reads every
expression as PromQL, tests/server/test_metrics.py scrapes real servers.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import crds
from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from tests.sandbox.dry_run import dry_run, misspelt, registered

pytestmark = pytest.mark.sandbox

GROUP = "monitoring.coreos.com"
BOTH = {"service_monitor": {"enabled": True, "interval": "1.5s", "labels": {"release": "x"}}}
BOTH |= {"prometheus_rule": {"enabled": True, "labels": {"release": "x"}}}
ACME = {"mode": "ACME", "directory_url": "https://acme.corp.internal/directory", "ca_root_secret_ref": "acme-ca"}
SOURCES: dict[str, dict[str, Any]] = {
    "managed": {"mode": "OperatorManaged"},
    "private-issuer": {"mode": "External", "issuer_ref": {"name": "corporate"}},
    "public-issuer": {"mode": "External", "issuer_ref": {"name": "public"}, "server_name": "bao.acme-corp.com"},
    "a-name-for-each-pod": ACME,
}


def test_monitors_and_alerts_are_what_their_schemas_allow(cluster: Cluster, namespace: str) -> None:
    """A misspelt field is dropped in silence by a lenient server: nobody scrapes, or no alert ever fires."""
    cluster.install_crds(crds.prometheus_operator(cluster.places))
    found = [registered({GROUP}, tls=tls, telemetry=BOTH) for tls in SOURCES.values()]
    for objects in found:
        assert sorted(item["kind"] for item in objects) == ["PrometheusRule", "ServiceMonitor"]
    dry_run(cluster, namespace, *(item for objects in found for item in objects))
    for item in found[0]:
        with pytest.raises(SandboxError, match=r"unknown field|not declared in schema"):
            dry_run(cluster, namespace, misspelt(item))
