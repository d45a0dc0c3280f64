"""What Hardened is before anything else: an external trust root, trusted TLS, self-initialisation, a quorum."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Iterator

from profiles.rules.rule import Breach, Case, rule
from profiles.specification.unseal import TransitUnseal


@rule(
    "hardened.baseline",
    "TLS that clients can trust",
    since="S",
    scope="Hardened",
    fields=("tls.mode",),
    reason="Hardened needs certificates from outside the cluster; with OperatorManaged whoever reads one Secret can "
    "pose as the server.",
    way_out="Set tls.mode to External (secretName or issuerRef) or ACME (directoryUrl).",
)
def trusted_tls(case: Case) -> Iterator[Breach]:
    if case.spec.tls is None or case.spec.tls.mode == "OperatorManaged":
        yield Breach("tls.mode")


@rule(
    "hardened.baseline",
    "External trust root",
    since="S",
    scope="Hardened",
    fields=("unseal.type",),
    reason="Hardened needs a key outside the cluster; a static key lies in a Secret beside the data that it protects.",
    way_out="Set unseal.type to transit, awskms, gcpckms, azurekeyvault, ocikms, kmip, pkcs11 or kms.",
)
def external_trust_root(case: Case) -> Iterator[Breach]:
    if case.spec.unseal is None or case.spec.unseal.type == "static":
        yield Breach("unseal.type")


@rule(
    "hardened.baseline",
    "Self-initialisation",
    since="S",
    scope="Hardened",
    fields=("bootstrap", "selfInit"),
    reason="Hardened clusters initialise themselves, so that no root token ever leaves the server.",
    way_out="Leave bootstrap at selfInit and describe in selfInit who may log in.",
)
def self_initialisation(case: Case) -> Iterator[Breach]:
    if case.spec.bootstrap != "selfInit":
        yield Breach("bootstrap")
    if case.spec.self_init is None or not case.spec.self_init.enabled:
        yield Breach("selfInit")


@rule(
    "hardened.baseline",
    "The transit server is verified",
    since="S",
    scope="Hardened",
    fields=("unseal.tlsSkipVerify",),
    reason="Without verification anybody on the path to the transit server can read the key that opens the data.",
    way_out="Remove tlsSkipVerify and give the CA by unseal.tlsCaCert or `ca.crt` in credentialsSecretRef.",
    when=lambda case: isinstance(case.spec.unseal, TransitUnseal),
)
def verified_transit(case: Case) -> Iterator[Breach]:
    if isinstance(case.spec.unseal, TransitUnseal) and case.spec.unseal.tls_skip_verify:
        yield Breach("unseal.tlsSkipVerify")


@rule(
    "hardened.minimum-replicas",
    "A quorum that survives a loss",
    since="S",
    scope="Hardened",
    fields=("replicas",),
    reason="Raft needs three voters to lose one of them and go on.",
    way_out="Set replicas to 3, 5 or 7.",
)
def minimum_replicas(case: Case) -> Iterator[Breach]:
    if case.spec.replicas < 3:
        yield Breach("replicas")
