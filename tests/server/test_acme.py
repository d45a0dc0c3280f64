"""Listener certificates from an ACME CA, asked for and validated for real (TLS-ALPN-01) on loopback.

Not proven here: a CA that dials port 443, and pods' DNS.
"""

from __future__ import annotations

import pytest
import requests

from profiles import layout
from profiles.layout import Names
from tests.server.binaries import NEWEST, bao
from tests.server.cluster import Cluster
from tests.server.lab import Lab
from tests.server.services import Pebble
from tests.server.specifications import SECRETS, cluster_specification

pytestmark = pytest.mark.server


def test_three_nodes_get_certificates_and_join_by_them(lab: Lab) -> None:
    """Broken: with listener ACME no node joins (root or server name), or account keys stand in the ConfigMap."""
    names = Names.of(cluster_specification())
    addresses = {names.pod_dns(pod): lab.address() for pod in names.pods}
    pebble = Pebble(lab, addresses)
    tls = {
        "mode": "ACME",
        "directoryUrl": pebble.directory,
        "caRootSecretRef": "acme-roots",
        "email": "ops@acme.test",
        "eabKeyId": pebble.key_id,
        "eabMacKey": pebble.mac_key,
    }
    specification = cluster_specification(tls=tls)
    cluster = Cluster(lab, bao(NEWEST), specification, SECRETS, list(addresses.values()))
    cluster.trust(pebble.root)
    for node in cluster.nodes:
        node.write(f"{layout.ACME_CA_DIR}/ca.crt", lab.ca.pem)
        node.write(f"{layout.ACME_CA_DIR}/issuer.crt", pebble.root)
    cluster.start()
    leader = cluster.active()
    cluster.wait_for_voters(leader, cluster.proof_token(leader))
    public = leader.path(f"{layout.CONFIG_DIR}/{layout.CONFIG_FILE}").read_text()
    assert pebble.mac_key not in public
    assert leader.path(layout.ACME_CACHE_DIR).is_dir(), "certificates must survive a restart on the data volume"
    _a_name_that_is_not_ours_gets_no_certificate(cluster)


def _a_name_that_is_not_ours_gets_no_certificate(cluster: Cluster) -> None:
    """Without the allow-list any client could spend the CA's rate limit."""
    leader = cluster.nodes[0]
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://{leader.address}:{layout.API_PORT}/v1/sys/health", verify=False, timeout=5)
