"""Values and certificates that are made once, kept in the state, and renewed when their time comes.

Most tests call the providers directly: their rules are plain functions of inputs, outputs and the clock.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.plugins.base import Operation, Provider, Resource
from sandbox.plugins.engine_log import EngineLog
from sandbox.plugins.random import RandomProvider
from sandbox.plugins.tls import TlsProvider, ready_for_renewal
from sandbox.plugins.values import UNKNOWN, Properties, is_secret
from tests.standins.stack import Stack

pytestmark = pytest.mark.sandbox


def operation(type: str, preview: bool = False) -> Operation:
    return Operation(type, "name", "urn", preview, None, threading.Event(), EngineLog(None))


def make(provider: Provider, type: str, **inputs: Any) -> Properties:
    checked, failures = provider.check(operation(type), {}, inputs)
    assert failures == []
    return provider.create(operation(type), checked)[1]


def reveal(value: Any) -> str:
    assert is_secret(value), "this has to be a secret"
    return str(value["value"])


@pytest.fixture
def key() -> str:
    made = make(TlsProvider(), "tls:index/privateKey:PrivateKey", algorithm="ECDSA", ecdsaCurve="P256")
    return reveal(made["privateKeyPem"])


@pytest.fixture
def authority(key: str) -> Properties:
    return make(
        TlsProvider(),
        "tls:index/selfSignedCert:SelfSignedCert",
        privateKeyPem=key,
        subject={"commonName": "authority", "organization": "tests"},
        isCaCertificate=True,
        validityPeriodHours=48,
        earlyRenewalHours=5,
        allowedUses=["cert_signing", "crl_signing"],
    )


def test_passwords_have_the_asked_length_and_classes_and_are_secret() -> None:
    """If it fails, a password could be weak, or stand in the state in the clear."""
    made = make(
        RandomProvider(), "random:index:RandomPassword", length=12, special=False, minNumeric=4, upper=False, lower=True
    )
    password = reveal(made["result"])
    assert re.fullmatch(r"[a-z0-9]{12}", password)
    assert sum(character.isdigit() for character in password) >= 4
    assert bcrypt.checkpw(password.encode(), reveal(made["bcryptHash"]).encode())


def test_bytes_are_as_many_as_asked_for_and_secret() -> None:
    """If it fails, an unseal key could have the wrong length."""
    made = make(RandomProvider(), "random:index:RandomBytes", length=32)
    assert len(base64.b64decode(reveal(made["base64"]))) == 32
    assert bytes.fromhex(reveal(made["hex"])) == base64.b64decode(reveal(made["base64"]))


def test_impossible_minimums_are_refused_before_anything_is_made() -> None:
    """If it fails, a password would be longer than asked for, or the provider would hang."""
    inputs = {"length": 3, "minLower": 2, "minUpper": 2}
    _, failures = RandomProvider().check(operation("random:index:RandomString"), {}, inputs)
    assert failures[0][0] == "length"


def test_a_preview_makes_no_value() -> None:
    """If it fails, a preview would show a password that `up` then does not use."""
    _, outputs = RandomProvider().create(operation("random:index:RandomPassword", preview=True), {"length": 9})
    assert outputs["result"] == UNKNOWN


@pytest.mark.parametrize("algorithm", ["RSA", "ECDSA", "ED25519"])
def test_a_key_is_a_key_in_every_form(algorithm: str) -> None:
    """If it fails, a program could get a key that nothing can read, or that is in the clear."""
    made = make(TlsProvider(), "tls:index/privateKey:PrivateKey", algorithm=algorithm, ecdsaCurve="P384")
    for name in ("privateKeyPem", "privateKeyPemPkcs8"):
        assert serialization.load_pem_private_key(reveal(made[name]).encode(), None)
    assert serialization.load_ssh_private_key(reveal(made["privateKeyOpenssh"]).encode(), None)
    assert not is_secret(made["publicKeyPem"])


def test_a_signed_certificate_carries_its_names_uses_and_issuer(key: str, authority: Properties) -> None:
    """If it fails, peers would refuse each other's certificates."""
    request = make(
        TlsProvider(),
        "tls:index/certRequest:CertRequest",
        privateKeyPem=key,
        subject={"commonName": "bao"},
        dnsNames=["bao.example", "*.bao-internal"],
        ipAddresses=["127.0.0.1"],
    )
    signed = make(
        TlsProvider(),
        "tls:index/locallySignedCert:LocallySignedCert",
        certRequestPem=request["certRequestPem"],
        caPrivateKeyPem=key,
        caCertPem=authority["certPem"],
        validityPeriodHours=24,
        allowedUses=["server_auth", "client_auth", "digital_signature"],
    )
    made = x509.load_pem_x509_certificate(signed["certPem"].encode())
    issuer = x509.load_pem_x509_certificate(authority["certPem"].encode())
    made.verify_directly_issued_by(issuer)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["bao.example", "*.bao-internal"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "bao"
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)


def test_an_authority_says_that_it_is_one(authority: Properties) -> None:
    """If it fails, no client would accept what it signs."""
    made = x509.load_pem_x509_certificate(authority["certPem"].encode())
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert made.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert datetime.fromisoformat(authority["validityEndTime"]) == made.not_valid_after_utc
    assert made.not_valid_after_utc - made.not_valid_before_utc == timedelta(hours=48)


@pytest.mark.parametrize(("hours_left", "ready"), [(6, False), (4, True), (-1, True)])
def test_a_certificate_is_ready_inside_its_early_renewal_window(hours_left: int, ready: bool) -> None:
    """If it fails, certificates would expire under a running cluster, or be renewed at every `up`."""
    now = datetime.now(UTC)
    outputs = {"validityEndTime": (now + timedelta(hours=hours_left)).isoformat()}
    assert ready_for_renewal(outputs, 5, now) is ready


def test_only_renewal_and_not_its_window_replaces_a_certificate(authority: Properties) -> None:
    """If it fails, a longer window would at once make a new authority, and with it distrust."""
    type = "tls:index/selfSignedCert:SelfSignedCert"
    inputs = {name: authority[name] for name in ("privateKeyPem", "earlyRenewalHours", "validityPeriodHours")}
    old = Resource("id", inputs, authority)
    wider = TlsProvider().diff(operation(type), old, {**inputs, "earlyRenewalHours": 6})
    assert (set(wider.paths), wider.replaces) == ({"earlyRenewalHours"}, set())
    other = TlsProvider().diff(operation(type), old, {**inputs, "validityPeriodHours": 49})
    assert other.replaces == {"validityPeriodHours"}
    late = TlsProvider().diff(operation(type), old, {**inputs, "earlyRenewalHours": 49})
    assert "readyForRenewal" in late.replaces


def test_a_key_that_is_none_is_refused_in_words() -> None:
    """If it fails, a user would see a traceback."""
    with pytest.raises(Exception, match="name: "):
        make(
            TlsProvider(),
            "tls:index/selfSignedCert:SelfSignedCert",
            privateKeyPem="no key",
            validityPeriodHours=1,
            allowedUses=[],
        )


def test_values_are_kept_renewed_on_time_and_never_in_the_clear(plain_stack: Stack) -> None:
    """If it fails, every `up` would make a new key (lost data), or the state would hold it in the clear."""
    text = """
        import pulumi_random as random, pulumi_tls as tls
        password = random.RandomPassword("password", length=24, keepers={{"change": "{keeper}"}})
        seal = random.RandomBytes("seal", length=32)
        key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
        tls.SelfSignedCert("cert", private_key_pem=key.private_key_pem, validity_period_hours=24,
            early_renewal_hours={early}, allowed_uses=["cert_signing"], is_ca_certificate=True)
        pulumi.export("password", password.result)
        pulumi.export("seal", seal.base64)
        pulumi.export("key", key.private_key_pem)
    """
    plain_stack.program(text.format(keeper=1, early=1))
    assert plain_stack.up().ok
    names = ("password", "seal", "key")
    first = {name: plain_stack.must("stack", "output", name, "--show-secrets").strip() for name in names}
    recorded = plain_stack.state_text()
    telling = [value.splitlines()[:2][-1] for value in first.values()]  # of a key the first line behind its heading
    assert not any(value in recorded for value in telling)
    assert plain_stack.preview() == []
    plain_stack.must("refresh", "--yes", "--expect-no-changes")
    plain_stack.program(text.format(keeper=2, early=30))
    assert plain_stack.preview() == [("replace", "password"), ("replace", "cert")]
    assert plain_stack.up().ok
    second = {name: plain_stack.must("stack", "output", name, "--show-secrets").strip() for name in names}
    assert (second["seal"], second["key"]) == (first["seal"], first["key"])
    assert second["password"] != first["password"]
