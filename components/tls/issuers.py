"""Issuers that the component creates: ACME, a CA, another OpenBao or Vault, AWS Private CA, Google CAS.

Secrets that a user names live in the cluster's namespace, under these keys: `macKey` (external account binding, as the
CA gave it: base64url), `key.json` (a Google service account), `tls.crt` and `tls.key` (a CA).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components.kubernetes.objects import Objects
from components.tls import dns01, issued
from profiles.layout import Names
from profiles.specification import Specification
from profiles.specification.tls import (
    AcmeIssuer,
    CreateIssuer,
    ExternalTls,
    PrivateCaIssuer,
    Route53Solver,
    VaultIssuer,
)

ACCOUNT_KEY: Final = "macKey"
SUFFIX: Final = "tls"
# Kind → (group, version, fields): both are external issuers with controllers of their own.
_PRIVATE: Final = {
    "AWSPCAIssuer": ("awspca.cert-manager.io", "v1beta1", ("arn", "region")),
    "GoogleCASIssuer": ("cas-issuer.jetstack.io", "v1beta1", ("project", "location", "ca_pool_id")),
}


def create(objects: Objects, wanted: CreateIssuer, after: Sequence[pulumi.Resource] = ()) -> pulumi.CustomResource:
    """The issuer `<name>-tls`; `up` waits until it is Ready (an ACME account exists, a CA can sign)."""
    reference = issuer_ref(objects.child(SUFFIX), wanted)
    version = _PRIVATE[wanted.private_ca.kind][1] if wanted.private_ca is not None else "v1"
    identity = dns01.solver_identity(objects, wanted.acme)
    spec = pulumi.Output.all(specification=objects.resolved, role_arn=identity.role_arn).apply(
        lambda parts: issuer_spec(**parts)
    )
    return objects.custom_from(
        f"{reference['group']}/{version}",
        reference["kind"],
        SUFFIX,
        spec,
        own=issued.WAITED_FOR,
        after=[*after, *identity.resources],
    )


def issuer_ref(name: str, wanted: CreateIssuer) -> dict[str, Any]:
    """What a Certificate names this issuer by."""
    if wanted.private_ca is None:
        return {"name": name, "kind": "Issuer", "group": issued.GROUP}
    return {"name": name, "kind": wanted.private_ca.kind, "group": _PRIVATE[wanted.private_ca.kind][0]}


def issuer_spec(specification: Specification, role_arn: str | None = None) -> dict[str, Any]:
    """`spec` of the issuer; role_arn: the role of the ServiceAccount that is its own.

    Raises:
        ValueError: the specification creates none.
    """
    tls = specification.tls
    wanted = tls.issuer if isinstance(tls, ExternalTls) else None
    if wanted is not None and wanted.acme is not None:
        return {"acme": _acme(specification, wanted.acme, role_arn)}
    if wanted is not None and wanted.ca is not None:
        return {"ca": {"secretName": wanted.ca.secret_name}}
    if wanted is not None and wanted.vault is not None:
        return {"vault": _vault(wanted.vault)}
    if wanted is not None and wanted.private_ca is not None:
        return _private(wanted.private_ca)
    raise ValueError("tls.issuer names no kind of issuer")


def _acme(specification: Specification, acme: AcmeIssuer, role_arn: str | None) -> dict[str, Any]:
    binding = acme.external_account_binding
    account = (
        {
            "keyID": binding.key_id,
            "keySecretRef": {"name": binding.mac_key_secret_ref, "key": ACCOUNT_KEY},
        }
        if binding is not None
        else None
    )
    optional = {"email": acme.email, "preferredChain": acme.preferred_chain, "externalAccountBinding": account}
    return {
        "server": acme.server,
        "privateKeySecretRef": {"name": Names.of(specification).child("tls-account")},
        "solvers": [_solver(acme, Names.of(specification), role_arn)],
        **_given(optional),
    }


def _solver(acme: AcmeIssuer, names: Names, role_arn: str | None) -> dict[str, Any]:
    if acme.route53 is not None:
        return {"dns01": {"route53": _route53(acme.route53, names, role_arn)}}
    if acme.cloud_dns is not None:
        zone = acme.cloud_dns
        secret = zone.service_account_secret_ref
        reference = {"name": secret, "key": "key.json"} if secret is not None else None
        optional = {"hostedZoneName": zone.hosted_zone_name, "serviceAccountSecretRef": reference}
        return {"dns01": {"cloudDNS": {"project": zone.project, **_given(optional)}}}
    if acme.http01 is not None:
        return {"http01": {"ingress": {"ingressClassName": acme.http01.ingress_class_name}}}
    raise ValueError("tls.issuer.acme names no solver")


def _route53(zone: Route53Solver, names: Names, role_arn: str | None) -> dict[str, Any]:
    optional: dict[str, Any] = {"hostedZoneID": zone.hosted_zone_id, "role": zone.role_arn}
    if zone.identity is not None and zone.identity.irsa is not None:
        own = {"kubernetes": {"serviceAccountRef": {"name": names.child(dns01.SUFFIX)}}}
        optional |= {"role": role_arn, "auth": own}
    return {"region": zone.region, **_given(optional)}


def _vault(vault: VaultIssuer) -> dict[str, Any]:
    bundle = base64.b64encode(vault.ca_bundle.encode()).decode() if vault.ca_bundle is not None else None
    return {"server": vault.server, "path": vault.path, "auth": dict(vault.auth), **_given({"caBundle": bundle})}


def _private(private: PrivateCaIssuer) -> dict[str, Any]:
    fields = private.model_dump(by_alias=True, include=set(_PRIVATE[private.kind][2]), exclude_none=True)
    return dict(fields)


def _given(optional: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in optional.items() if value is not None}
