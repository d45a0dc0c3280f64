"""Routes and policies before the real API server with the Gateway API's CRDs, release by release; and Ingresses.

Not proven here: that any gateway or ingress controller does what they say.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import crds
from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from tests.sandbox.dry_run import Manifest, dry_run, misspelt, registered

pytestmark = [pytest.mark.sandbox, pytest.mark.alone]  # definitions that others may use come and go

GROUP = "gateway.networking.k8s.io"
PLURALS = ("httproutes", "tlsroutes", "backendtlspolicies")
HOST = "bao.acme-corp.com"
GATEWAY = {"hostname": HOST, "gateway_ref_name": "edge", "gateway_ref_namespace": "infra", "section_name": "https"}
ISSUED = {"mode": "External", "issuer_ref": {"name": "corporate"}}
BEHIND: dict[str, dict[str, Any]] = {
    "passes-through": {"gateway": {**GATEWAY, "tls_passthrough": True}, "tls": ISSUED},
    "passes-any-name-through": {"gateway": {**GATEWAY, "tls_passthrough": True, "hostname": "*.acme-corp.com"}},
    "ca-in-config-map": {"gateway": GATEWAY},
    "ca-in-secret": {"gateway": GATEWAY, "tls": ISSUED},
    "ca-of-the-users": {"gateway": {**GATEWAY, "backend_tls": {"ca_config_map": "corporate"}}, "tls": ISSUED},
    "public-ca": {"gateway": GATEWAY, "tls": {**ISSUED, "server_name": "Bao.Acme-Corp.com"}},
}
RELEASES = [("1.3", "experimental"), ("1.4", "experimental"), ("1.5", "standard"), ("1.6", "standard")]


def _install(cluster: Cluster, release: str, channel: str) -> None:
    """In place of another release: a newer one's objects are stored in versions that an older one does not know."""
    files = crds.gateway_api(cluster.places, release, channel, PLURALS)
    cluster.kubectl("delete", "crd", "--ignore-not-found", *(f"{plural}.{GROUP}" for plural in PLURALS))
    cluster.install_crds(files)


def _edges(release: str) -> list[Manifest]:
    objects = []
    for arguments in BEHIND.values():
        gateway = {**arguments["gateway"], "api_release": release}
        found = registered({GROUP}, **{**arguments, "gateway": gateway})
        assert found
        objects += found
    return objects


@pytest.mark.parametrize(("release", "channel"), RELEASES)
def test_every_route_and_policy_is_what_a_release_serves(
    cluster: Cluster, namespace: str, release: str, channel: str
) -> None:
    """An apiVersion that is not served, or a field that is not known, ends `up` with half of a cluster made."""
    _install(cluster, release, channel)
    objects = _edges(min(release, "1.5"))
    assert {item["kind"] for item in objects} == {"TLSRoute", "HTTPRoute", "BackendTLSPolicy"}
    dry_run(cluster, namespace, *objects)


def test_another_release_and_a_misspelt_field_are_refused(cluster: Cluster, namespace: str) -> None:
    """If these pass, the test above proves nothing."""
    _install(cluster, "1.3", "experimental")
    for item in {item["kind"]: item for item in _edges("1.3")}.values():
        with pytest.raises(SandboxError, match=r"unknown field|not declared in schema"):
            dry_run(cluster, namespace, misspelt(item))
    newer = {item["kind"]: item for item in _edges("1.5")}
    for kind in ("TLSRoute", "BackendTLSPolicy"):
        with pytest.raises(SandboxError, match=r"no matches for kind|could not find the requested resource"):
            dry_run(cluster, namespace, newer[kind])


@pytest.mark.parametrize("ingress", [{}, {"tls_secret_name": "edge"}], ids=["passes-through", "ends-tls"])
def test_an_ingress_is_what_the_api_server_takes(cluster: Cluster, namespace: str, ingress: dict[str, Any]) -> None:
    """Kubernetes' own kind, whose fields graph tests only copy."""
    peers = [{"namespace_selector": {"match_labels": {"team": "edge"}}}]
    arguments = {
        "ingress": {"host": HOST, "class_name": "nginx", **ingress},
        "network": {"trusted_ingress_peers": peers},
    }
    (item,) = (one for one in registered({"networking.k8s.io"}, **arguments) if one["kind"] == "Ingress")
    dry_run(cluster, namespace, item)
    with pytest.raises(SandboxError, match=r"unknown field|not declared in schema"):
        dry_run(cluster, namespace, misspelt(item))
