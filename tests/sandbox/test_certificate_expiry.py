"""A certificate of one's own in a Secret: renewed under a writer, then left to end, and what heals.

Not proven here: clocks that disagree, and clients that pin certificates.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import urllib3

from sandbox.cluster import Cluster
from tests.sandbox.client import Client, Writer, until
from tests.sandbox.figures import Figures, checked, keep
from tests.sandbox.stack import Stack
from tests.sandbox.trust.hardened import Hardened
from tests.sandbox.trust.listener import hasten, lives, until_served, wanted
from tests.sandbox.trust.production import CERTIFICATE, Place
from tests.server.pki import Authority

pytestmark = pytest.mark.sandbox

NAME = "own"
SPECIFICATION = {
    "profile": "Development",
    "replicas": 3,
    "storage": {"size": "1Gi"},
    # Preferred: a volume made anew may have to share a node, since these volumes are local to theirs.
    "scheduling": {"spreadOverNodes": "Preferred"},
    "namespace": {"create": False},
    "tls": {"mode": "External", "secretName": CERTIFICATE},
}
SERVERS = "app.kubernetes.io/component=server"
SHORT = timedelta(seconds=25)
FIGURES: Figures = {}


@pytest.fixture(scope="module")
def own(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    """Three replicas with a certificate of a private CA; later tests build on earlier ones."""
    authority = Authority()
    place = Place(cluster, NAME, authority, {})
    stack = Stack(cluster, tmp_path_factory.mktemp(NAME), NAME, SPECIFICATION)
    made = Hardened(stack, place, Client(cluster, NAME, authority.pem.decode()), SPECIFICATION)
    try:
        stack.up()
        made.client.log_in()
        made.settled()
        yield made
    finally:
        made.remove()
        keep("certificates", FIGURES)


def test_the_end_of_ones_own_certificate_is_an_output_and_a_warning_in_time(own: Hardened) -> None:
    """Nobody looks into a Secret by themselves; two hours are left here, and 30 days are the renewal window."""
    end = wanted(own.client, CERTIFICATE).not_valid_after_utc
    assert datetime.fromisoformat(own.stack.outputs()["certificate_expires"]) == end
    assert "is within its renewal window" in own.stack.preview().text


def test_a_new_certificate_in_the_secret_reaches_running_servers_and_loses_no_write(own: Hardened) -> None:
    """The user's whole renewal is one write to one Secret."""
    before = lives(own.client)
    with Writer(own.client, reconnects=True) as writer:
        own.place.certify()
        seconds = until_served(own.client, CERTIFICATE)
        time.sleep(2)
    assert lives(own.client) == before
    FIGURES["a new certificate in one's own Secret, OpenBao 2.7.2"] = checked(writer, seconds)


def test_an_ended_certificate_stops_clients_and_joins_until_a_new_one_lies_in_the_secret(own: Hardened) -> None:
    """The outage that everybody has once: what goes on, what does not, and that one write to the Secret ends it."""
    client, newcomer = own.client, f"{NAME}-0"
    kept = client.service_pool()
    assert client.call("GET", "sys/health?standbyok=true", pool=kept)[0] == 200
    with Writer(client, reconnects=True) as writer:
        own.place.certify(SHORT)
        hasten(client)
        until_served(client, CERTIFICATE, seconds=60)
        end = wanted(client, CERTIFICATE).not_valid_after_utc
        time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds() + 1))
        # clients: a new handshake is refused, a connection of before goes on
        with pytest.raises(urllib3.exceptions.HTTPError, match="certificate has expired"):
            client.call("GET", "sys/health")
        assert client.call("POST", f"{writer.mount}/kept", {"value": "x"}, pool=kept)[0] == 204
        client.kubectl("wait", "--for=condition=Ready", "pods", f"--selector={SERVERS}", "--timeout=1s")
        # `pulumi` refuses before it touches anything
        refused = own.stack.preview(expected=None)
        assert refused.code != 0
        assert "tls.secretName: The certificate ended on" in refused.text
        # a pod that has its data comes back by itself; one without cannot join
        own.replaced(f"{NAME}-1")
        client.kubectl("wait", "--for=condition=Ready", f"pod/{NAME}-1", "--timeout=60s")
        client.kubectl("delete", "pvc", f"data-{newcomer}", "--wait=false")
        own.replaced(newcomer)
        until(lambda: "certificate has expired" in client.kubectl("logs", newcomer), "the reason in the pod's log", 60)
        began = time.monotonic()
        own.place.certify()
        hasten(client)
        until(lambda: client.call("GET", "sys/health?standbyok=true")[0] == 200, "clients", 60)
        healed = time.monotonic() - began
        own.settled()
        joined = time.monotonic() - began
        time.sleep(1)
    outage = checked(writer, joined, longest_gap=180)
    FIGURES["the certificate ended: until three voters again"] = {**outage, "until clients again": healed}
    assert set(own.stack.up().changes) == {"unchanged"}
