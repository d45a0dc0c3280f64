"""The table of certificates that no peer would believe: each is named in one sentence, and a good one is not."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from components.tls.inspection import KEYS, certificate_problems, is_ending, secret_problems
from tests.graph.tls_objects import DAY, NOW, Authority

pytestmark = pytest.mark.contract

NAMES = ["openbao-0.openbao.ns.svc.cluster.local", "openbao-1.openbao.ns.svc.cluster.local"]
WILDCARD = ["*.openbao.ns.svc.cluster.local"]
Triple = tuple[str, str, str]


def problems(given: Triple) -> list[str]:
    return [problem.reason for problem in certificate_problems(*given, NAMES, NOW)]


def good(authority: Authority | None = None) -> Triple:
    authority = authority or Authority()
    return (*authority.issue(WILDCARD), authority.pem)


def through_an_intermediate() -> Triple:
    root = Authority()
    intermediate = Authority("intermediate", above=root)
    certificate, key = intermediate.issue(NAMES)
    return certificate + intermediate.pem, key, root.pem


def without_its_intermediate() -> Triple:
    root = Authority()
    certificate, key = Authority("intermediate", above=root).issue(NAMES)
    return certificate, key, root.pem


def with_a_foreign_key() -> Triple:
    certificate, _, ca = good()
    return certificate, good()[1], ca


def by_an_ended_authority() -> Triple:
    return good(Authority(ends=NOW - DAY))


def by_no_authority() -> Triple:
    return good(Authority(is_one=False))


def through_no_authority() -> Triple:
    root = Authority()
    server = Authority("another server", above=root, is_one=None)
    certificate, key = server.issue(WILDCARD)
    return certificate + server.pem, key, root.pem


def by_an_old_root() -> Triple:
    return good(Authority(is_one=None))


def by_itself() -> Triple:
    certificate, key = Authority().issue(WILDCARD)
    return certificate, key, certificate


@pytest.mark.parametrize("make", [good, through_an_intermediate, by_an_old_root, by_itself])
def test_a_certificate_that_peers_believe_has_no_problem(make: Callable[[], Triple]) -> None:
    """Refusing a good certificate locks out whoever brings it."""
    assert problems(make()) == []


def _issued(**changes: object) -> Callable[[], Triple]:
    def make() -> Triple:
        authority = Authority()
        names = changes.get("names", WILDCARD)
        rest = {key: value for key, value in changes.items() if key != "names"}
        return (*authority.issue(names, **rest), authority.pem)  # type: ignore[arg-type]

    return make


def by_openssl(*key: str, hashed: str = "sha256", extension: str = "subjectKeyIdentifier=hash") -> Callable[[], Triple]:
    """What only openssl makes: signed by itself, with every name."""

    def make() -> Triple:
        names = ",".join(f"DNS:{name}" for name in NAMES)
        with tempfile.TemporaryDirectory() as folder:
            files = [f"{folder}/certificate", f"{folder}/key"]
            command = ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=x", f"-{hashed}", "-newkey", *key]
            command += ["-out", files[0], "-keyout", files[1]]
            command += ["-addext", f"subjectAltName={names}", "-addext", extension]
            subprocess.run(command, check=True, capture_output=True)
            certificate, private = (Path(file).read_text() for file in files)
        return certificate, private, certificate

    return make


TABLE: list[tuple[str, Callable[[], Triple], str]] = [
    ("wrong CA", lambda: (*good()[:2], Authority().pem), "does not lead to a certificate in ca.crt"),
    ("no intermediate", without_its_intermediate, "does not lead to a certificate in ca.crt"),
    ("ended", _issued(ends=NOW - DAY / 2), "The certificate ended on"),
    ("not begun", _issued(begins=NOW + DAY), "The certificate begins on"),
    ("a pod's name is missing", _issued(names=NAMES[:1]), f"does not name {NAMES[1]}"),
    ("a wildcard of the wrong level", _issued(names=["*.ns.svc.cluster.local"]), "does not name"),
    ("no names at all", _issued(names=[]), "no subject alternative names"),
    ("another key", with_a_foreign_key, "is not the key of the certificate"),
    ("weak RSA", _issued(key=rsa.generate_private_key(65537, 1024)), "too weak"),
    ("strange curve", _issued(key=ec.generate_private_key(ec.SECP256K1())), "too weak or of a kind"),
    ("a curve that nobody reads", by_openssl("ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP160r1"), "of a kind"),
    ("a key for PSS only", by_openssl("rsa-pss"), "of a kind"),
    ("signed with SHA-3", by_openssl("rsa:2048", hashed="sha3-256"), "as SHA-3"),
    ("a malformed extension", by_openssl("rsa:2048", extension="nameConstraints=DER:00"), "cannot be read"),
    ("an unknown demand", by_openssl("rsa:2048", extension="1.2.3.4=critical,DER:0500"), "do not know: 1.2.3.4"),
    ("for clients only", _issued(usage=ExtendedKeyUsageOID.CLIENT_AUTH), "not meant for servers"),
    ("a key that may not sign", _issued(may_sign=False), "may not sign, which TLS 1.3 demands"),
    ("signed by no CA", by_no_authority, "A certificate of the chain may not sign others"),
    ("an intermediate that is no CA", through_no_authority, "A certificate of the chain may not sign others"),
    ("CA ended", by_an_ended_authority, "A CA certificate of the chain has ended"),
    ("no PEM", lambda: ("nonsense", good()[1], good()[2]), "holds no PEM certificate"),
    ("no key", lambda: (good()[0], "nonsense", good()[2]), "no PEM private key"),
]


@pytest.mark.parametrize(("make", "reason"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_certificate_that_nobody_would_believe_is_named(make: Callable[[], Triple], reason: str) -> None:
    """What passes here ends as a handshake error in three pods' logs."""
    found = problems(make())
    assert any(reason in one for one in found), found


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_the_secret_lacks_is_named(key: str) -> None:
    """Without its file a pod waits in ContainerCreating, or starts and believes nobody."""
    content = dict(zip(KEYS, good(), strict=True))
    assert secret_problems(content, NAMES, NOW) == []
    for without in ({k: v for k, v in content.items() if k != key}, {**content, key: ""}):
        assert [found.reason for found in secret_problems(without, NAMES, NOW)] == [f"The Secret has no {key}."]


def test_no_problem_shows_the_key() -> None:
    """Messages end in terminals, logs and tickets."""
    certificate, key, ca = with_a_foreign_key()
    shown = str(certificate_problems(certificate, key, ca, NAMES, NOW))
    assert not any(line in shown for line in key.splitlines() if line)


def test_the_renewal_window_begins_where_it_is_said_to() -> None:
    """A warning that comes too late is none."""
    month = timedelta(days=30)
    assert is_ending(NOW + month, month, NOW)
    assert not is_ending(NOW + month + timedelta(seconds=1), month, NOW)
