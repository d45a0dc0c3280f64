"""Issuers and Certificates of every kind before the real API server with the CRDs of those who read them.

Not proven here: what cert-manager's webhook would add, and Google CAS, whose CRDs come in no module that can be had.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from tests.graph.clouds import ACCOUNT
from tests.graph.issuers import ISSUERS
from tests.graph.recorder import Recorder, Registration
from tests.graph.trust_roots import of_cloud, statements
from tests.sandbox.dry_run import dry_run, is_of, manifests, misspelt, recorded, registered

pytestmark = pytest.mark.sandbox

GROUPS = ("cert-manager.io", "awspca.cert-manager.io")
ROUTE53 = {"region": "eu-central-1", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"
SOLVERS: dict[str, dict[str, Any]] = {
    "route53-irsa": {"route53": {**ROUTE53, "identity": {"irsa": {"oidc_provider_arn": PROVIDER}}}},
    "route53-pod-identity": {"route53": {**ROUTE53, "identity": {"pod_identity": {"cluster_name": "production"}}}},
    "cloud-dns": {
        "cloud_dns": {"project": "p", "hosted_zone_name": "example-com", "identity": {"project_number": "42"}}
    },
}
SOURCES: dict[str, dict[str, Any]] = {
    f"{number}-{next(iter(issuer))}": {"mode": "External", "issuer": issuer, "server_name": "bao.example.com"}
    for number, (issuer, kind, _) in enumerate(ISSUERS)
    if kind.partition("/")[0] in GROUPS
} | {
    "reference": {"mode": "External", "issuer_ref": {"name": "corporate"}, "extra_sans": ["10.0.0.10"]},
    "self-signed": {"mode": "OperatorManaged", "cert_manager": True},
    **{
        name: {
            "mode": "External",
            "server_name": "bao.example.com",
            "issuer": {"acme": {"server": "https://acme-v02.api.letsencrypt.org/directory", **solver}},
        }
        for name, solver in SOLVERS.items()
    },
}


def _objects(recorder: Recorder) -> list[dict[str, Any]]:
    """What the component registers for cert-manager: Issuers, Certificates, and who may be the solver."""
    return manifests(item for item in recorder.registrations if is_of(GROUPS, item) or _is_solver(item))


def _is_solver(item: Registration) -> bool:
    return item.type.startswith("kubernetes:") and item.name == "openbao-dns01"


@pytest.mark.parametrize("source", SOURCES)
def test_every_issuer_and_certificate_is_what_its_schema_allows(cluster: Cluster, namespace: str, source: str) -> None:
    """A misspelt field is dropped in silence by a lenient server, and the wrong certificate comes, or none."""
    cluster.install_cert_manager_crds()
    objects = _objects(recorded(tls=SOURCES[source]))
    assert "Certificate" in {item["kind"] for item in objects}
    dry_run(cluster, namespace, *objects)


def test_a_misspelt_field_is_not_what_a_schema_allows(cluster: Cluster, namespace: str) -> None:
    """If this passes through, the test above proves nothing."""
    cluster.install_cert_manager_crds()
    for item in registered(GROUPS, tls=SOURCES["0-acme"]):
        with pytest.raises(SandboxError, match=r"unknown field|not declared in schema"):
            dry_run(cluster, namespace, misspelt(item))


def test_cert_manager_gets_the_tokens_that_the_role_trusts_and_no_others(cluster: Cluster, namespace: str) -> None:
    """AWS compares `sub` and `aud` letter by letter; a Role that says more would hand out the pods' own tokens."""
    recorder = recorded(tls=SOURCES["route53-irsa"], namespace={"create": False, "name": namespace})
    objects = [item for item in _objects(recorder) if item["metadata"]["name"] == "openbao-dns01"]
    cluster.kubectl("apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def token(account: str, caller: str) -> dict[str, Any]:
        place = (f"--namespace={namespace}", f"--as=system:serviceaccount:{caller}")
        made = cluster.kubectl("create", "token", account, "--audience=sts.amazonaws.com", *place)
        claims = made.split(".")[1]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return found

    claims = token("openbao-dns01", "cert-manager:cert-manager")
    trust = statements(of_cloud(recorder)["Role"].inputs["assumeRolePolicy"])["Irsa"]["Condition"]["StringEquals"]
    issuer = PROVIDER.split("oidc-provider/")[1]
    assert trust == {f"{issuer}:sub": claims["sub"], f"{issuer}:aud": claims["aud"][0]}
    assert len(claims["aud"]) == 1
    for account, caller in (("default", "cert-manager:cert-manager"), ("openbao-dns01", f"{namespace}:default")):
        with pytest.raises(SandboxError, match="forbidden"):
            token(account, caller)
