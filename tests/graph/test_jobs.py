"""The Jobs of a bootstrap: where they run, and whom they may call."""

from __future__ import annotations

from typing import Any

import pytest

from components import DevelopmentVaultCluster
from tests.graph.recorder import Recorder, run

pytestmark = pytest.mark.graph

DNS = [
    {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
    {"ipBlock": {"cidr": "169.254.20.10/32"}},
]
API_SERVER = {"to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}


def development(**arguments: Any) -> Recorder:
    wanted: Any = arguments
    return run(lambda: DevelopmentVaultCluster("openbao", wanted))


def test_jobs_run_where_the_servers_run() -> None:
    """They run the server's image: elsewhere it may be of the wrong architecture, or no node takes them."""
    toleration = {"key": "dedicated", "operator": "Equal", "value": "openbao", "effect": "NoSchedule"}
    scheduling = {"node_selector": {"kubernetes.io/arch": "arm64"}, "tolerations": [toleration]}
    recorder = development(bootstrap="operatorInit", scheduling=scheduling)
    for job in recorder.of_kind("Job"):
        spec = job.inputs["spec"]["template"]["spec"]
        assert spec["nodeSelector"] == {"kubernetes.io/arch": "arm64"}, job.name
        assert spec["tolerations"] == [toleration], job.name


@pytest.mark.parametrize(("bootstrap", "calls_the_api"), [("selfInit", False), ("operatorInit", True)])
def test_jobs_call_name_servers_the_cluster_and_the_api_server_where_they_must(
    bootstrap: str, calls_the_api: bool
) -> None:
    """A node-local name server left out fails every proof; an API server let in serves nobody but a thief."""
    network = {"dns_endpoint_ips": ["169.254.20.10"], "api_server_cidr": "10.0.0.1/32"}
    recorder = development(bootstrap=bootstrap, network=network)
    egress = recorder.named(":NetworkPolicy", "openbao-jobs-network-policy").inputs["spec"]["egress"]
    assert egress[0]["to"] == DNS
    assert [port["port"] for port in egress[1]["ports"]] == [8200]
    assert [{"to": rule["to"]} for rule in egress[2:]] == ([API_SERVER] if calls_the_api else [])
