"""Listeners that ask an ACME CA themselves: three pods, the CA outside of the cluster, from issuance to a lost cache.

Not proven here: public CAs and their rate limits, edges, network policies (the sandbox enforces none), and file systems
that are really shared: the three nodes are one machine.
"""

from __future__ import annotations

import json
import re
import shutil
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from sandbox.cluster import Cluster
from sandbox.network import HOST
from tests.sandbox.client import until
from tests.sandbox.figures import Figures, keep
from tests.sandbox.stack import Outcome, Stack
from tests.sandbox.trust.acme import ACCOUNT, AcmeAuthority, AcmeClient, acme_authority, acme_cluster
from tests.sandbox.trust.canaries import leaks
from tests.sandbox.trust.hardened import Hardened
from tests.sandbox.trust.kmip import KmipRoot, kmip_root
from tests.sandbox.trust.production import Place, egress_to_host
from tests.server.lab import Lab
from tests.server.pki import Authority

pytestmark = pytest.mark.sandbox

NAME = "acme"
FIGURES: Figures = {}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Processes on this machine that end with the module."""
    with Lab(tmp_path_factory.mktemp("lab")) as made:
        yield made


@pytest.fixture(scope="module")
def authority(cluster: Cluster, lab: Lab) -> Iterator[AcmeAuthority]:
    with acme_authority(lab) as made:
        yield made


@pytest.fixture(scope="module")
def root(cluster: Cluster, lab: Lab) -> Iterator[KmipRoot]:
    with kmip_root(lab) as made:
        yield made


@pytest.fixture(scope="module")
def acme(
    cluster: Cluster, authority: AcmeAuthority, root: KmipRoot, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hardened]:
    """Three pods, each with a name of its own, proven; later tests build on earlier ones."""
    made = acme_cluster(cluster, tmp_path_factory.mktemp(NAME), NAME, root, authority)
    try:
        began = time.monotonic()
        made.stack.up()
        FIGURES["up to a proven Hardened cluster of three, listener ACME"] = {"seconds": time.monotonic() - began}
        yield made
    finally:
        made.remove()
        keep("hardened", FIGURES)


@pytest.fixture
def settled(acme: Hardened) -> Hardened:
    """The same cluster, logged in to, with three healthy voters."""
    acme.client.log_in()
    acme.settled()
    return acme


def _client(hard: Hardened) -> AcmeClient:
    assert isinstance(hard.client, AcmeClient)
    return hard.client


def _certificates(hard: Hardened) -> dict[str, x509.Certificate]:
    return {pod: _client(hard).certificate(pod) for pod in hard.pods}


def _names(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def test_each_pod_has_a_certificate_of_its_own_name_and_up_ends_with_a_proven_cluster(settled: Hardened) -> None:
    """One door closed between CA and pods, or one wrong name in joins, probes or the proof, and nothing ever starts."""
    for pod, certificate in _certificates(settled).items():
        assert _names(certificate) == [f"{pod}.{NAME}.{NAME}.svc.cluster.local"]
    log = settled.client.kubectl("logs", f"job/{NAME}-proof")
    for point in ("version 2.7.2, seal kmip", "voters: 3 of 3", "root tokens: none alive", "proof: complete"):
        assert point in log
    assert settled.stack.outputs()["production_ready"] is True


def test_the_printed_instructions_reach_a_pod_by_the_name_that_it_has(settled: Hardened) -> None:
    """No Service's name is in any certificate: who follows the instructions must not be the one to find out."""
    commands = settled.stack.outputs()["instructions"].replace("8200 &\n", "8200 & sleep 2\n")
    outcome = settled.stack.shell(f"trap 'kill %1' EXIT\n{commands}")
    assert outcome.code == 0, outcome.text
    assert "Success! You are now authenticated" in outcome.text


def test_nobody_is_served_who_asks_by_address(settled: Hardened) -> None:
    """A certificate for any name would let whoever connects spend the CA's rate limit."""
    for pod in settled.pods:
        with pytest.raises(ssl.SSLError, match="internal error"):
            _client(settled).certificate_without_name(pod)


def test_a_second_up_finds_nothing_to_do_and_the_accounts_key_is_nowhere_to_be_seen(settled: Hardened) -> None:
    """Whoever has the MAC key gets certificates in the owner's name; drift without a cause hides real drift."""
    assert set(settled.stack.up().changes) == {"unchanged"}
    assert leaks(settled.client, settled.stack) == []


def test_all_pods_restart_while_the_ca_is_away(settled: Hardened, authority: AcmeAuthority) -> None:
    """If a restart needed the CA, its outage would become ours with the next drained node."""
    before = {pod: certificate.serial_number for pod, certificate in _certificates(settled).items()}
    authority.link.set("refused")
    try:
        for pod in settled.pods:
            settled.replaced(pod)
        FIGURES["ACME CA away, all pods restarted: until three voters"] = {"seconds": settled.settled()}
        after = {pod: certificate.serial_number for pod, certificate in _certificates(settled).items()}
    finally:
        authority.link.set("open")
    assert after == before, "the cache on the data volume was not used"


@dataclass(frozen=True)
class Mismatch:
    """A `tls` block that cannot work, what of the CA's answer its user must get to see, and what is changed for it."""

    name: str
    answer: str
    fields: dict[str, Any] = field(default_factory=dict)
    mac_key: str | None = None


MISMATCHES = [
    Mismatch("wrong-directory", "HTTP 404", {"directoryUrl": "{directory}/nothing"}),
    Mismatch("no-root", "certificate signed by unknown authority", {"caRootSecretRef": None}),
    Mismatch("wrong-account", "external account binding JWS verification error", mac_key="A" * 64),
    Mismatch("unknown-name", "Could not resolve URL", {"domains": ["bao.nowhere.test"]}),
]


@pytest.fixture(scope="module")
def another_authority(cluster: Cluster, lab: Lab) -> Iterator[AcmeAuthority]:
    """One that is not taken away by the tests of others."""
    with acme_authority(lab.within("another")) as made:
        yield made


@pytest.fixture(scope="module")
def mismatches(
    cluster: Cluster, another_authority: AcmeAuthority, acme: Hardened, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[Stack, Future[Outcome]]]]:
    """A cluster for each of `MISMATCHES`, whose `up` runs while other tests wait."""
    folder, authority = tmp_path_factory.mktemp("mismatches"), another_authority
    stacks = {}
    for mismatch in MISMATCHES:
        place = Place(cluster, mismatch.name, Authority(), {})
        authority.prepare(place)
        if mismatch.mac_key:
            place.secret(ACCOUNT, {"macKey": mismatch.mac_key})
        stacks[mismatch.name] = Stack(cluster, folder / mismatch.name, mismatch.name, _mismatched(mismatch, authority))
        stacks[mismatch.name].lose_patience(45)
    try:
        with ThreadPoolExecutor(len(MISMATCHES)) as pool:
            yield {name: (stack, pool.submit(stack.up, expected=None)) for name, stack in stacks.items()}
    finally:
        cluster.kubectl("delete", "clusterrolebindings", f"--selector=openbao.org/cluster in ({','.join(stacks)})")
        cluster.kubectl("delete", "namespace", *stacks, "--wait=false")


def _mismatched(mismatch: Mismatch, authority: AcmeAuthority) -> dict[str, Any]:
    tls = authority.tls(**mismatch.fields)
    tls["directoryUrl"] = tls["directoryUrl"].format(directory=authority.directory)
    return {
        "profile": "Development",
        "replicas": 1,
        "namespace": {"create": False},
        "storage": {"size": "1Gi"},
        "tls": tls,
        "network": {"egressRules": [egress_to_host(authority.link.port)]},
    }


@pytest.mark.usefixtures("mismatches")  # they wait while this one does
def test_a_pod_that_loses_its_cache_while_the_ca_is_away_stays_a_voter_and_heals(
    settled: Hardened, authority: AcmeAuthority
) -> None:
    """Its API cannot be served without a certificate; the cluster must not lose a voter over it, for hours perhaps."""
    client = _client(settled)
    pod = next(pod for pod in settled.pods[1:] if pod != client.leader())
    before = client.certificate(pod).serial_number
    authority.link.set("refused")
    try:
        client.kubectl("exec", pod, "--", "rm", "-r", "/bao/data/acme")
        settled.replaced(pod)
        until(lambda: "could not get certificate" in client.kubectl("logs", pod), "the reason in the pod's log", 60)
        until(lambda: _container(client, pod)["started"], "a living server in kubelet's eyes", 60)
        until(lambda: _is_followed_up(client, pod), "raft goes on", 30)
        with pytest.raises(TimeoutError):
            client.certificate(pod)
        until(lambda: "listener-acme" in _warnings(client, pod), "a readiness event that says where to look", 30)
        assert not _container(client, pod)["ready"], "clients are sent to a pod that cannot answer"
        assert client.peers() == dict.fromkeys(settled.pods, True)
    finally:
        authority.link.set("open")
    seconds = until(lambda: settled.health(pod) == 200, "a new certificate, by itself", 180)
    FIGURES["ACME cache lost and CA away: from its return to a served API"] = {"seconds": seconds}
    assert _container(client, pod)["restartCount"] == 0, "killed for what its CA does"
    assert client.certificate(pod).serial_number != before


def _container(client: AcmeClient, pod: str) -> dict[str, Any]:
    [status] = client.pods()[pod]["status"]["containerStatuses"]
    return dict(status)


def _is_followed_up(client: AcmeClient, pod: str) -> bool:
    """Whether this pod has all that the leader had a moment before. Standbys do not know: only the leader is asked."""
    leader = client.leader()
    had = _raft_servers(client, leader)[leader]["last_index"]
    seen = _raft_servers(client, leader)[pod]
    return bool(seen["healthy"] and seen["status"] == "voter" and seen["last_index"] >= had)


def _raft_servers(client: AcmeClient, leader: str) -> dict[str, Any]:
    status, answer = client.call("GET", "sys/storage/raft/autopilot/state", pool=client.pod_pool(leader))
    assert status == 200, answer
    return dict(answer["data"]["servers"])


def _warnings(client: AcmeClient, pod: str) -> str:
    selector = f"involvedObject.uid={client.pods()[pod]['metadata']['uid']},type=Warning"
    events = json.loads(client.kubectl("get", "events", f"--field-selector={selector}", "--output=json"))
    return "\n".join(event["message"] for event in events["items"])


@pytest.mark.parametrize("mismatch", MISMATCHES, ids=lambda mismatch: mismatch.name)
def test_what_the_ca_answered_is_one_command_away_from_a_failed_up(
    mismatches: dict[str, tuple[Stack, Future[Outcome]]], mismatch: Mismatch
) -> None:
    """Pulumi only knows that pods are not ready; without the way to the CA's own words everything is guessed at."""
    stack, future = mismatches[mismatch.name]
    outcome = future.result(timeout=300)
    assert outcome.code != 0
    assert "got no certificate from" in outcome.text, outcome.text
    assert "Traceback" not in outcome.text
    assert ("openbao.acme.root" in outcome.text) == ("caRootSecretRef" in mismatch.fields)
    [command] = set(re.findall(r"`(kubectl [^`]* \| grep [^`]*)`", outcome.text))
    until(lambda: mismatch.answer in stack.shell(command).text, f"{mismatch.answer} by {command}", 60, pause=2)


def test_names_that_no_acme_listener_can_serve_are_refused_before_anything_is_touched(settled: Hardened) -> None:
    """Each of them would be a pod that never becomes ready, found out minutes later."""
    before = settled.objects()
    wrong = {"directoryUrl": f"http://{HOST}/dir", "domains": [HOST, "shared.acme.test"]}
    with settled.changed({"tls": {**settled.specification["tls"], **wrong}}):
        outcome = settled.stack.up(expected=None)
    assert outcome.code != 0
    for rule in ("openbao.acme.directory", "openbao.acme.domains", "openbao.acme.shared-cache"):
        assert rule in outcome.text, outcome.text
    assert settled.objects() == before


def test_pods_that_share_a_name_share_what_any_of_them_was_given(
    cluster: Cluster, authority: AcmeAuthority, root: KmipRoot, tmp_path: Path
) -> None:
    """The CA dials one pod of three, whichever the Service picks: without the cache in common two never start."""
    name = "acme-shared"
    shared = f"{name}-acme.{name}.svc.cluster.local"
    cache = {"storageClassName": name, "size": "16Mi"}
    with _shared_volume(cluster, name):
        hard = acme_cluster(cluster, tmp_path / "stack", name, root, authority, domains=[shared], sharedCache=cache)
        try:
            hard.stack.up()
            hard.client.log_in()
            assert hard.healthy()
            served = _certificates(hard)
            assert len({certificate.serial_number for certificate in served.values()}) == 1, "ordered more than once"
            assert _names(served[hard.pods[0]]) == [shared]
            assert hard.stack.outputs()["server_name"] == shared
        finally:
            hard.remove()


@contextmanager
def _shared_volume(cluster: Cluster, storage_class: str) -> Iterator[None]:
    """A folder that every node sees, as a network file system would offer it."""
    folder = cluster.places.state / storage_class
    folder.mkdir()
    folder.chmod(0o777)
    spec = {
        "storageClassName": storage_class,
        "capacity": {"storage": "16Mi"},
        "accessModes": ["ReadWriteMany"],
        "hostPath": {"path": str(folder), "type": "Directory"},
    }
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": storage_class}, "spec": spec}
    cluster.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(volume))
    try:
        yield
    finally:
        cluster.kubectl("delete", "persistentvolume", storage_class, "--timeout=60s")
        shutil.rmtree(folder)
