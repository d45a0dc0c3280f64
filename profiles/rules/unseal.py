"""The trust root: one key, one identity, no credential in the open."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from profiles.addresses import is_elsewhere, split_url
from profiles.pem import is_certificate
from profiles.rules.rule import Breach, Case, rule
from profiles.specification.base import Part
from profiles.specification.unseal import (
    AwsKmsUnseal,
    AzureKeyVaultUnseal,
    GcpCkmsUnseal,
    GenericKmsUnseal,
    KmipUnseal,
    OciKmsUnseal,
    Pkcs11Unseal,
    StaticUnseal,
    TransitUnseal,
)

_EXPOSED = "Whoever reads this stack, its state or the Pulumi program could open the cluster with it."
_BY_REFERENCE = "Put it into a Secret and name that in unseal.credentialsSecretRef"


_CREDENTIALS = {
    "transit": "the key `token`",
    "kmip": "the keys `tls.crt`, `tls.key` and `ca.crt`",
    "pkcs11": "the key `BAO_HSM_PIN`",
}


def _is(*kinds: type[Part]) -> Callable[[Case], bool]:
    return lambda case: isinstance(case.spec.unseal, kinds)


@rule(
    "hardened.unseal.transit-inline-token",
    "No transit token in the specification",
    since="N",
    scope="Hardened",
    fields=("unseal.token",),
    reason=_EXPOSED,
    way_out=f"{_BY_REFERENCE} (key `token`).",
    when=_is(TransitUnseal),
)
def transit_token(case: Case) -> Iterator[Breach]:
    if isinstance(case.spec.unseal, TransitUnseal) and case.spec.unseal.token is not None:
        yield Breach("unseal.token")


@rule(
    "hardened.unseal.aws-inline-secret-key",
    "No AWS secret key in the specification",
    since="N",
    scope="Hardened",
    fields=("unseal.secretKey",),
    reason=_EXPOSED,
    way_out="Use unseal.identity (podIdentity or irsa). Or name a Secret with it in unseal.credentialsSecretRef.",
    when=_is(AwsKmsUnseal),
)
def aws_secret_key(case: Case) -> Iterator[Breach]:
    if isinstance(case.spec.unseal, AwsKmsUnseal) and case.spec.unseal.secret_key is not None:
        yield Breach("unseal.secretKey")


@rule(
    "hardened.unseal.aws-inline-session-token",
    "No AWS session token in the specification",
    since="N",
    scope="Hardened",
    fields=("unseal.sessionToken",),
    reason=_EXPOSED,
    way_out="Use unseal.identity (podIdentity or irsa). Or name a Secret with it in unseal.credentialsSecretRef.",
    when=_is(AwsKmsUnseal),
)
def aws_session_token(case: Case) -> Iterator[Breach]:
    if isinstance(case.spec.unseal, AwsKmsUnseal) and case.spec.unseal.session_token is not None:
        yield Breach("unseal.sessionToken")


@rule(
    "hardened.unseal.azure-inline-client-secret",
    "No Azure client secret in the specification",
    since="N",
    scope="Hardened",
    fields=("unseal.clientSecret",),
    reason=_EXPOSED,
    way_out="Use authMethod workload_identity. Or name a Secret with the key `AZURE_CLIENT_SECRET` in "
    "unseal.credentialsSecretRef.",
    when=_is(AzureKeyVaultUnseal),
)
def azure_client_secret(case: Case) -> Iterator[Breach]:
    if isinstance(case.spec.unseal, AzureKeyVaultUnseal) and case.spec.unseal.client_secret is not None:
        yield Breach("unseal.clientSecret")


@rule(
    "hardened.unseal.pkcs11-inline-pin",
    "No HSM PIN in the specification",
    since="N",
    scope="Hardened",
    fields=("unseal.pin",),
    reason=_EXPOSED,
    way_out=f"{_BY_REFERENCE} (key `BAO_HSM_PIN`).",
    when=_is(Pkcs11Unseal),
)
def pkcs11_pin(case: Case) -> Iterator[Breach]:
    if isinstance(case.spec.unseal, Pkcs11Unseal) and case.spec.unseal.pin is not None:
        yield Breach("unseal.pin")


@rule(
    "hardened.unseal.kms-plugin-inline-config",
    "No plugin options in the specification",
    since="N",
    scope="Hardened",
    fields=("unseal.config",),
    reason="Options of an unknown plugin may be secrets, and nobody can tell which.",
    way_out=f"{_BY_REFERENCE} (its keys become files that the plugin reads).",
    when=_is(GenericKmsUnseal),
)
def plugin_config(case: Case) -> Iterator[Breach]:
    if isinstance(case.spec.unseal, GenericKmsUnseal) and case.spec.unseal.config:
        yield Breach("unseal.config")


@rule(
    "contract.transit.address",
    "The transit server is somewhere else, by TLS",
    since="N",
    fields=("unseal.address",),
    reason="The transit server must be another machine, reached by TLS: it hands out the key that opens the data.",
    way_out="Write it like `https://bao.example.com:8200`: no user, query or fragment, no loopback or link-local host.",
    when=_is(TransitUnseal),
)
def transit_address(case: Case) -> Iterator[Breach]:
    if not isinstance(case.spec.unseal, TransitUnseal):
        return
    if not is_elsewhere(str(case.spec.unseal.address)):
        yield Breach("unseal.address")


@rule(
    "openbao.unseal.ca",
    "The transit server's CA is a certificate",
    since="ours",
    fields=("unseal.tlsCaCert",),
    reason="This is no PEM certificate, so the server could not verify the transit server and would exit.",
    way_out="Write the whole PEM block of the CA with its lines (`tlsCaCert: |`), and never a private key.",
    when=_is(TransitUnseal),
)
def transit_ca(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    given = unseal.tls_ca_cert if isinstance(unseal, TransitUnseal) else None
    if given is not None and not is_certificate(str(given)):
        yield Breach("unseal.tlsCaCert")


@rule(
    "openbao.unseal.circular",
    "A cluster does not unseal itself",
    since="ours",
    fields=("unseal.address", "name", "namespace.name"),
    reason="This is the cluster's own address: after a restart nobody could open it.",
    way_out="Name the transit server of another cluster.",
    when=_is(TransitUnseal),
)
def not_circular(case: Case) -> Iterator[Breach]:
    if not isinstance(case.spec.unseal, TransitUnseal):
        return
    parts = split_url(str(case.spec.unseal.address))
    labels = ((parts.hostname or "") if parts else "").split(".")
    own = {case.spec.name, f"{case.spec.name}-public", f"{case.spec.name}-active"}
    # <service>.<namespace>[.svc…], or <pod>.<service>.<namespace>[.svc…]
    if any(a in own and b == case.spec.namespace_name for a, b in pairwise(labels[:3])):
        yield Breach("unseal.address")


@rule(
    "openbao.unseal.credentials",
    "The seal can prove who it is",
    since="ours",
    fields=("unseal.credentialsSecretRef",),
    reason="Without credentials the server exits at its first start.",
    way_out="Put the credentials into a Secret and name it in unseal.credentialsSecretRef.",
    when=_is(TransitUnseal, KmipUnseal, Pkcs11Unseal),
)
def seal_credentials(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    inline = getattr(unseal, "token", None) if isinstance(unseal, TransitUnseal) else getattr(unseal, "pin", None)
    if unseal is None or isinstance(unseal, StaticUnseal):
        return
    if unseal.credentials_secret_ref is None and inline is None:
        keys = _CREDENTIALS[unseal.type]
        yield Breach("unseal.credentialsSecretRef", way_out=f"Name a Secret with {keys}.")


@rule(
    "openbao.unseal.key",
    "The seal has one key",
    since="ours",
    fields=("unseal.kmsKeyId", "unseal.createKey", "unseal.keyRing", "unseal.cryptoKey"),
    reason="A seal needs exactly one key: an existing one, or one to create.",
    way_out="Name the existing key, or set unseal.createKey, not both.",
    when=_is(AwsKmsUnseal, GcpCkmsUnseal),
)
def one_key(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if isinstance(unseal, AwsKmsUnseal) and (unseal.kms_key_id is None) == (unseal.create_key is None):
        yield Breach("unseal.kmsKeyId", way_out="Set unseal.kmsKeyId, or unseal.createKey: {} to have one made.")
    if isinstance(unseal, GcpCkmsUnseal):
        complete = unseal.key_ring is not None and unseal.crypto_key is not None
        begun = unseal.key_ring is not None or unseal.crypto_key is not None
        if (unseal.create_key is None and not complete) or (unseal.create_key is not None and begun):
            way_out = (
                "Set unseal.keyRing and unseal.cryptoKey, or unseal.createKey (its keyRing may name an existing ring)."
            )
            yield Breach("unseal.cryptoKey", way_out=way_out)


@rule(
    "openbao.unseal.pkcs11-key",
    "The HSM knows which token and key",
    since="ours",
    fields=("unseal.slot", "unseal.tokenLabel", "unseal.keyLabel", "unseal.keyId"),
    reason="PKCS#11 finds its token by slot or label, and its key by label or id.",
    way_out="Set exactly one of slot and tokenLabel, and keyLabel or keyId.",
    when=_is(Pkcs11Unseal),
)
def pkcs11_key(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, Pkcs11Unseal):
        return
    if (unseal.slot is None) == (unseal.token_label is None):
        yield Breach("unseal.tokenLabel")
    if unseal.key_label is None and unseal.key_id is None:
        yield Breach("unseal.keyLabel")


def _identities(case: Case) -> list[str]:
    """Every way by which the seal would prove who it is, by field."""
    unseal = case.spec.unseal
    found = []
    if isinstance(unseal, AwsKmsUnseal):
        identity = unseal.identity
        found += ["unseal.identity.podIdentity"] if identity and identity.pod_identity else []
        found += ["unseal.identity.irsa"] if identity and identity.irsa else []
        found += ["unseal.accessKey"] if unseal.access_key is not None or unseal.secret_key is not None else []
    if isinstance(unseal, GcpCkmsUnseal) and unseal.identity is not None:
        identity_fields = unseal.identity
        by_account = identity_fields.service_account_email is not None or identity_fields.create_service_account
        found += ["unseal.identity.projectNumber"] if identity_fields.project_number is not None else []
        found += ["unseal.identity.serviceAccountEmail"] if by_account else []
    if isinstance(unseal, AzureKeyVaultUnseal) and (unseal.auth_method is not None or unseal.client_secret is not None):
        found += ["unseal.authMethod"] if unseal.auth_method is not None else ["unseal.clientSecret"]
    if isinstance(unseal, OciKmsUnseal) and not unseal.auth_type_api_key and unseal.credentials_secret_ref is None:
        found += ["unseal.authTypeApiKey"]  # the instance principal, OCI's way of identity
    if unseal is not None and not isinstance(unseal, StaticUnseal) and unseal.credentials_secret_ref is not None:
        found.append("unseal.credentialsSecretRef")
    return found


@rule(
    "openbao.unseal.one-identity",
    "The seal has one identity",
    since="ours",
    fields=("unseal.identity", "unseal.credentialsSecretRef"),
    reason="With two identities the cloud's library picks one by an order of its own, and it may change.",
    way_out="Keep one of them.",
    when=_is(AwsKmsUnseal, GcpCkmsUnseal),
)
def one_identity(case: Case) -> Iterator[Breach]:
    found = _identities(case)
    if len(found) > 1:
        yield Breach(found[1], f"Two identities are given: {' and '.join(found)}.")


@rule(
    "openbao.unseal.ambient-identity",
    "The seal does not borrow the node's identity",
    since="N",
    fields=("unseal.identity", "unseal.credentialsSecretRef"),
    reason="Without an identity of its own the seal uses the node's, and so could every other pod there.",
    way_out="Set unseal.identity, or unseal.credentialsSecretRef.",
    advice=True,
    when=_is(AwsKmsUnseal, GcpCkmsUnseal, AzureKeyVaultUnseal),
)
def no_ambient_identity(case: Case) -> Iterator[Breach]:
    if not _identities(case):
        yield Breach("unseal.identity")


@rule(
    "openbao.unseal.aws-credentials",
    "AWS credentials are complete",
    since="ours",
    fields=("unseal.accessKey", "unseal.secretKey"),
    reason="AWS needs access key and secret key together.",
    way_out="Set both, or better neither: unseal.identity needs no secret.",
    when=_is(AwsKmsUnseal),
)
def aws_pair(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if isinstance(unseal, AwsKmsUnseal) and (unseal.access_key is None) != (unseal.secret_key is None):
        yield Breach("unseal.accessKey" if unseal.access_key is None else "unseal.secretKey")


@rule(
    "openbao.unseal.endpoint",
    "The key service is reached by TLS",
    since="ours",
    scope="Hardened",
    fields=("unseal.endpoint", "unseal.cryptoEndpoint", "unseal.managementEndpoint"),
    # Requests are signed, answers are not secret: the key that they decrypted stands in them.
    reason="Over clear text anybody on the path reads what opens the data.",
    way_out="Write the endpoint with `https://`.",
    when=_is(AwsKmsUnseal, OciKmsUnseal),
)
def endpoint_by_tls(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    endpoints: list[tuple[str, str | None]] = []
    if isinstance(unseal, AwsKmsUnseal):
        endpoints = [("endpoint", unseal.endpoint)]
    if isinstance(unseal, OciKmsUnseal):
        endpoints = [("cryptoEndpoint", unseal.crypto_endpoint), ("managementEndpoint", unseal.management_endpoint)]
    for name, endpoint in endpoints:
        if endpoint is not None and not str(endpoint).startswith("https://"):
            yield Breach(f"unseal.{name}")


@rule(
    "openbao.unseal.kmip-endpoint",
    "The KMIP server has host and port",
    since="ours",
    fields=("unseal.endpoint", "unseal.timeout"),
    reason="OpenBao dials the endpoint as it stands, without scheme or default port.",
    way_out="Write it like `kmip.example.com:5696`.",
    when=_is(KmipUnseal),
)
def kmip_endpoint(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, KmipUnseal):
        return
    match = re.fullmatch(r"(?:[^/:@\s]+|\[[^]]+\]):([0-9]{1,5})", str(unseal.endpoint))
    if match is None or not 0 < int(match[1]) < 65536:
        yield Breach("unseal.endpoint")
    if unseal.timeout is not None and unseal.timeout <= 0:
        yield Breach("unseal.timeout", "Without a positive timeout no request can end.", "Write seconds, as in 10.")


@rule(
    "openbao.static-key.id",
    "A static key has an id",
    since="ours",
    fields=("unseal.secretName", "unseal.keyId"),
    reason="Data is marked with the key's id; for a key from your own Secret only you know it.",
    way_out="Set unseal.keyId to a name that no other key ever had, for example a hash of the key.",
    when=_is(StaticUnseal),
)
def static_key_id(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if isinstance(unseal, StaticUnseal) and unseal.secret_name is not None and unseal.key_id is None:
        yield Breach("unseal.keyId")


@rule(
    "openbao.static-key.previous",
    "Old and new static key differ",
    since="ours",
    fields=("unseal.previous", "unseal.keyId", "unseal.secretName"),
    reason="OpenBao refuses one key under two ids and two keys under one id.",
    way_out="Give the new key a Secret and an id of its own; previous names the old ones.",
    when=lambda case: isinstance(case.spec.unseal, StaticUnseal) and case.spec.unseal.previous is not None,
)
def static_key_previous(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, StaticUnseal) or unseal.previous is None:
        return
    if unseal.key_id is not None and unseal.previous.key_id == unseal.key_id:
        yield Breach("unseal.previous.keyId")
    own = unseal.secret_name if unseal.secret_name is not None else f"{case.spec.name}-unseal-key"
    if unseal.previous.secret_name == own:
        yield Breach("unseal.previous.secretName")


@rule(
    "openbao.static-key.shape",
    "The static key is exactly a key",
    since="ours",
    fields=("unseal.secretName",),
    reason="OpenBao takes 32 raw bytes, 64 hex digits or 44 characters of base64, and no newline behind them.",
    way_out="Check it: `kubectl get secret <name> -o jsonpath='{.data.key}' | base64 -d | wc -c` says 32, 43, 44 or "
    "64.",
    advice=True,
    when=lambda case: isinstance(case.spec.unseal, StaticUnseal) and case.spec.unseal.secret_name is not None,
)
def static_key_shape(_: Case) -> Iterator[Breach]:
    yield Breach("unseal.secretName")
