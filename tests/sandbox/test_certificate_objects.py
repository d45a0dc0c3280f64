"""Issuers and Certificates of every kind before the real API server with the CRDs of those who read them.

Not proven here: what cert-manager's webhook would add, and Google CAS, whose CRDs come in no module that can be had.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cluster import Cluster
from sandbox.errors import SandboxError
from tests.graph.issuers import ISSUERS
from tests.sandbox.dry_run import dry_run, misspelt, registered

pytestmark = pytest.mark.sandbox

GROUPS = ("cert-manager.io", "awspca.cert-manager.io")
SOURCES: dict[str, dict[str, Any]] = {
    f"{number}-{next(iter(issuer))}": {"mode": "External", "issuer": issuer, "server_name": "bao.example.com"}
    for number, (issuer, kind, _) in enumerate(ISSUERS)
    if kind.partition("/")[0] in GROUPS
} | {
    "reference": {"mode": "External", "issuer_ref": {"name": "corporate"}, "extra_sans": ["10.0.0.10"]},
    "self-signed": {"mode": "OperatorManaged", "cert_manager": True},
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_issuer_and_certificate_is_what_its_schema_allows(cluster: Cluster, namespace: str, source: str) -> None:
    """A misspelt field is dropped in silence by a lenient server, and the wrong certificate comes, or none."""
    cluster.install_cert_manager_crds()
    objects = registered(GROUPS, tls=SOURCES[source])
    assert "Certificate" in {item["kind"] for item in objects}
    dry_run(cluster, namespace, *objects)


def test_a_misspelt_field_is_not_what_a_schema_allows(cluster: Cluster, namespace: str) -> None:
    """If this passes through, the test above proves nothing."""
    cluster.install_cert_manager_crds()
    for item in registered(GROUPS, tls=SOURCES["0-acme"]):
        with pytest.raises(SandboxError, match=r"unknown field|not declared in schema"):
            dry_run(cluster, namespace, misspelt(item))
