"""Listener certificates from an ACME CA, asked for and validated for real (TLS-ALPN-01) on loopback.

Not proven here: a CA that dials port 443, and pods' DNS (tests/sandbox/test_acme.py does).
"""

from __future__ import annotations

import socket
import ssl

import pytest
import requests

from profiles import layout
from profiles.layout import Names
from tests.server.binaries import NEWEST, bao
from tests.server.cluster import Cluster, Node
from tests.server.lab import Lab, eventually
from tests.server.services import Pebble, name_server
from tests.server.specifications import SECRETS, cluster_specification

pytestmark = pytest.mark.server


def _cluster(lab: Lab, replicas: int, lifetime: int | None = None) -> tuple[Cluster, Pebble]:
    """A cluster whose listeners ask a CA, started."""
    names = Names.of(cluster_specification(replicas=replicas))
    addresses = {names.pod_dns(pod): lab.address() for pod in names.pods}
    pebble = Pebble(lab, name_server(lab, addresses), tls_port=layout.API_PORT, lifetime=lifetime)
    tls = {
        "mode": "ACME",
        "directoryUrl": pebble.directory(),
        "caRootSecretRef": "acme-roots",
        "email": "ops@acme.test",
        "eabKeyId": pebble.key_id,
        "eabMacKey": pebble.mac_key,
    }
    specification = cluster_specification(tls=tls, replicas=replicas)
    cluster = Cluster(lab, bao(NEWEST), specification, SECRETS, list(addresses.values()))
    cluster.trust(pebble.root)
    for node in cluster.nodes:
        node.write(f"{layout.ACME_CA_DIR}/ca.crt", lab.ca.pem)
        node.write(f"{layout.ACME_CA_DIR}/issuer.crt", pebble.root)
    cluster.start()
    return cluster, pebble


def test_three_nodes_get_certificates_and_join_by_them(lab: Lab) -> None:
    """Broken: with listener ACME no node joins (root or server name), or account keys stand in the ConfigMap."""
    cluster, pebble = _cluster(lab, 3)
    leader = cluster.active()
    cluster.wait_for_voters(leader, cluster.proof_token(leader))
    public = leader.path(f"{layout.CONFIG_DIR}/{layout.CONFIG_FILE}").read_text()
    assert pebble.mac_key not in public
    assert leader.path(layout.ACME_CACHE_DIR).is_dir(), "certificates must survive a restart on the data volume"
    _a_name_that_is_not_ours_gets_no_certificate(cluster)


def test_a_certificate_near_its_end_is_renewed_by_the_running_server(lab: Lab) -> None:
    """Without it every ACME cluster ends with its first certificates, all pods on the same day."""
    cluster, pebble = _cluster(lab, 1, lifetime=60)
    node = cluster.active()
    first = _served(node, pebble)
    eventually(lambda: _served(node, pebble) != first, "another certificate")
    assert node.process is not None
    assert node.process.exit_code() is None
    assert node.health() == 200


def _served(node: Node, pebble: Pebble) -> str:
    context = ssl.create_default_context(cadata=pebble.root.decode())
    name = node.cluster.names.pod_dns(node.name)
    with (
        socket.create_connection((node.address, layout.API_PORT), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=name) as encrypted,
    ):
        return str((encrypted.getpeercert() or {})["serialNumber"])


def _a_name_that_is_not_ours_gets_no_certificate(cluster: Cluster) -> None:
    """Without the allow-list any client could spend the CA's rate limit."""
    leader = cluster.nodes[0]
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"https://{leader.address}:{layout.API_PORT}/v1/sys/health", verify=False, timeout=5)
