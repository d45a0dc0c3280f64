"""Certificates from cert-manager, from the first one to renewals under a writer, through the real engine on real pods.

cert-manager's CRDs are real, its controllers are a stand-in (`tests/sandbox/cert_manager`). Not proven here: that
cert-manager issues what is asked for, and any issuer but its CA.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509

from sandbox.cluster import Cluster
from tests.sandbox.cert_manager.controller import CertManager
from tests.sandbox.cert_manager.issuers import CORPORATE, corporate_issuer, corporate_secret
from tests.sandbox.client import Client, Writer, until
from tests.sandbox.figures import Figures, checked, keep
from tests.sandbox.stack import Stack
from tests.sandbox.trust.hardened import Hardened, transit_cluster
from tests.sandbox.trust.listener import hasten, lives, served, until_served, wanted
from tests.sandbox.trust.transit import Transit, transit_server

pytestmark = pytest.mark.sandbox

FIGURES: Figures = {}


@pytest.fixture(scope="module")
def cert_manager(cluster: Cluster) -> Iterator[CertManager]:
    cluster.install_cert_manager_crds()
    with CertManager(cluster) as serving:
        corporate_issuer(cluster)
        yield serving
    keep("certificates", FIGURES)


@pytest.fixture(scope="module")
def transit(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transit]:
    with transit_server(tmp_path_factory.mktemp("transit")) as server:
        yield server


def _log_in(client: Client, secret: str) -> None:
    client.ca = client.secret(secret)["ca.crt"]
    client.log_in()


# An existing ClusterIssuer, OpenBao 2.7

ISSUED = "issued"
ISSUED_SECRET = f"{ISSUED}-tls-server"


@pytest.fixture(scope="module")
def issued(
    cluster: Cluster, transit: Transit, cert_manager: CertManager, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hardened]:
    """A Hardened cluster whose certificate comes late: cert-manager sleeps when `up` begins."""
    tls = {"mode": "External", "issuerRef": {"name": CORPORATE, "kind": "ClusterIssuer"}}
    made = transit_cluster(cluster, tmp_path_factory.mktemp(ISSUED), transit, ISSUED, tls=tls)
    try:
        cert_manager.working.clear()
        up = made.stack.start("up", "--yes", "--skip-preview")
        until(lambda: made.client.get("certificate", ISSUED_SECRET), "the Certificate")
        time.sleep(5)
        too_early = made.client.kubectl("get", "statefulsets", "--output=name")
        cert_manager.working.set()
        text, _ = up.communicate(timeout=600)
        assert up.returncode == 0, text
        assert not too_early, "pods before their certificate wait for a Secret, and `up` blames the pods"
        _log_in(made.client, ISSUED_SECRET)
        yield made
    finally:
        cert_manager.working.set()
        made.remove()


def test_an_existing_issuer_signs_for_a_hardened_cluster_and_up_ends_with_a_proof(issued: Hardened) -> None:
    """Joins, the proof and clients each verify another name; one that is missing in the request ends it all."""
    assert "proof: complete" in issued.client.kubectl("logs", f"job/{ISSUED}-proof")
    assert issued.healthy()
    outputs = issued.stack.outputs()
    assert outputs["production_ready"] is True
    certificate = wanted(issued.client, ISSUED_SECRET)
    assert datetime.fromisoformat(outputs["certificate_expires"]) == certificate.not_valid_after_utc
    assert set(issued.stack.up().changes) == {"unchanged"}
    assert set(issued.stack.refresh().changes) == {"unchanged"}


def test_a_renewal_reaches_running_servers_and_loses_no_write(issued: Hardened, cert_manager: CertManager) -> None:
    """Who has to restart something at every renewal forgets it once."""
    before, old = lives(issued.client), wanted(issued.client, ISSUED_SECRET)
    with Writer(issued.client, reconnects=True) as writer:
        cert_manager.renew(ISSUED, ISSUED_SECRET)
        assert wanted(issued.client, ISSUED_SECRET).public_key() != old.public_key(), "a new key at every renewal"
        seconds = until_served(issued.client, ISSUED_SECRET)
        time.sleep(2)
    assert lives(issued.client) == before
    FIGURES["cert-manager renews, OpenBao 2.7.2 reloads by itself"] = checked(writer, seconds)


def test_an_update_after_a_renewal_touches_no_pod_and_tells_the_new_end(issued: Hardened) -> None:
    """A renewal is no change of anybody's; yet the output must not show the end of a certificate that is gone."""
    before = lives(issued.client)
    issued.stack.pulumi("up", "--yes", "--skip-preview", "--refresh")
    assert lives(issued.client) == before
    end = datetime.fromisoformat(issued.stack.outputs()["certificate_expires"])
    assert end == wanted(issued.client, ISSUED_SECRET).not_valid_after_utc


# An issuer that the component makes, OpenBao 2.6

AGED = "aged"
AGED_SECRET = f"{AGED}-tls-server"


@pytest.fixture(scope="module")
def aged(
    cluster: Cluster, transit: Transit, cert_manager: CertManager, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hardened]:
    tls = {"mode": "External", "issuer": {"ca": {"secretName": CORPORATE}}}
    made = transit_cluster(cluster, tmp_path_factory.mktemp(AGED), transit, AGED, version="2.6.2", tls=tls)
    try:
        corporate_secret(cluster, AGED)
        made.stack.up()
        _log_in(made.client, AGED_SECRET)
        yield made
    finally:
        made.remove()


def test_an_issuer_that_is_made_signs_for_a_hardened_cluster(aged: Hardened) -> None:
    """An issuer that is not Ready before its Certificate, or a Certificate that names another one."""
    assert "proof: complete" in aged.client.kubectl("logs", f"job/{AGED}-proof")
    assert aged.healthy()
    issuer = wanted(aged.client, CORPORATE)
    wanted(aged.client, AGED_SECRET).verify_directly_issued_by(issuer)


def test_a_signal_makes_an_older_server_read_a_renewed_certificate(aged: Hardened, cert_manager: CertManager) -> None:
    """OpenBao 2.6 serves what it read at its start, until it ends in clients' faces."""
    client = aged.client
    before, old = lives(client), wanted(client, AGED_SECRET)
    with Writer(client, reconnects=True) as writer:
        cert_manager.renew(AGED, AGED_SECRET)
        hasten(client)
        renewed = client.secret(AGED_SECRET)["tls.crt"]
        for pod in aged.pods:
            until(lambda pod=pod: client.kubectl("exec", pod, "--", "cat", "/etc/bao/tls/tls.crt") == renewed, "file")
        assert {served(client, pod) for pod in aged.pods} == {old}
        began = time.monotonic()
        for pod in aged.pods:
            client.kubectl("exec", pod, "--", "kill", "-HUP", "1")
        until_served(client, AGED_SECRET, seconds=30)
        seconds = time.monotonic() - began
        time.sleep(2)
    assert lives(client) == before
    assert aged.healthy()
    FIGURES["cert-manager renews, OpenBao 2.6.2 gets a signal"] = checked(writer, seconds)


def test_an_update_with_refresh_restarts_older_servers_after_a_renewal(
    aged: Hardened, cert_manager: CertManager
) -> None:
    """What docs/tls.md promises to those who send no signals."""
    cert_manager.renew(AGED, AGED_SECRET)
    before = lives(aged.client)
    with Writer(aged.client, reconnects=True) as writer:
        began = time.monotonic()
        aged.stack.pulumi("up", "--yes", "--skip-preview", "--refresh")
        seconds = time.monotonic() - began
        assert not set(lives(aged.client).values()) & set(before.values()), "`up` left a pod with the old certificate"
        assert {served(aged.client, pod) for pod in aged.pods} == {wanted(aged.client, AGED_SECRET)}
        time.sleep(1)
    assert aged.healthy()
    FIGURES["cert-manager renews, OpenBao 2.6.2 is restarted by `up --refresh`"] = checked(writer, seconds)


def test_a_new_name_is_served_by_every_pod_when_up_ends(aged: Hardened) -> None:
    """Ready is what the Certificate was before the change, too: who believes it goes on with the old certificate."""
    name = "bao.corp.internal"
    aged.change({"tls": {**aged.specification["tls"], "extraSans": [name]}})
    aged.stack.up()
    for pod in aged.pods:
        names = served(aged.client, pod).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert name in names.get_values_for_type(x509.DNSName)
    assert aged.healthy()


# Development


def test_a_development_cluster_lives_on_a_ca_that_cert_manager_keeps(
    cluster: Cluster, cert_manager: CertManager, tmp_path: Path
) -> None:
    """Old clients know the CA of the first day; a CA with a new key would part them from the server."""
    name = "dev-issued"
    tls = {"mode": "OperatorManaged", "certManager": True}
    stack = Stack(cluster, tmp_path, name, {"profile": "Development", "storage": {"size": "1Gi"}, "tls": tls})
    try:
        stack.up()
        client = Client(cluster, name, "")
        _log_in(client, f"{name}-tls-server")
        assert client.peers() == {f"{name}-0": True}
        for certificate in (f"{name}-tls-ca", f"{name}-tls-server"):
            cert_manager.renew(name, certificate)
        hasten(client)
        until_served(client, f"{name}-tls-server")
        assert client.secret(f"{name}-tls-server")["ca.crt"] != client.ca
        assert client.peers() == {f"{name}-0": True}, "verified by the CA certificate of before"
    finally:
        stack.destroy()
