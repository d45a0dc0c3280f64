"""Certificates that cert-manager keeps: the objects as its CRDs define them, and what their status tells.

Shapes: https://cert-manager.io/docs/reference/api-docs/ (v1). A private key never leaves the cluster: Pulumi sees the
Certificate, not the Secret that it fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pulumi

from components.kubernetes.metadata import labels, risk_annotations
from components.kubernetes.objects import Objects
from components.tls import Certificates
from components.tls.names import subject_names
from profiles.layout import Names
from profiles.rendering import signed_by_public_ca
from profiles.specification import Specification
from profiles.specification.tls import MANAGED_HOURS, ExternalTls, OperatorManagedTls

API_VERSION: Final = "cert-manager.io/v1"
GROUP: Final = "cert-manager.io"
WAITED_FOR: Final = {"annotations": {"pulumi.com/waitFor": "condition=Ready"}}
"""Own metadata of an object that `up` waits for until its condition Ready holds."""
_PATIENCE: Final = pulumi.CustomTimeouts(create="15m", update="15m")


def issuer(objects: Objects, suffix: str, spec: Mapping[str, Any], after: Sequence[pulumi.Resource] = ()) -> Any:
    """An Issuer `<name>-<suffix>` in the cluster's namespace; `up` waits until it is Ready."""
    return objects.custom(API_VERSION, "Issuer", suffix, lambda _: ready({"spec": dict(spec)}), after=after)


def ready(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest, waited for until its condition Ready holds."""
    return {**manifest, "metadata": WAITED_FOR}


def server_certificate(
    objects: Objects, issuer_ref: Mapping[str, Any], after: Sequence[pulumi.Resource] = ()
) -> Certificates:
    """The Certificate that fills Secret `<name>-tls-server`, issued before the pods start and renewed by cert-manager.

    issuer_ref: name, kind and group; leaves may be `Unknown`, they are looked at only when all is known.
    """
    made = objects.custom(
        API_VERSION,
        "Certificate",
        "tls-server",
        lambda known: ready({"spec": server_certificate_spec(known, issuer_ref_of(known, issuer_ref))}),
        after=after,
        options=pulumi.ResourceOptions(custom_timeouts=_PATIENCE),
    )
    said = made.status.apply(lambda status: {key: str(value) for key, value in (status or {}).items()})
    pulumi.Output.all(known=objects.resolved, said=said).apply(lambda both: _warn(made, **both))
    return Certificates(
        secret=objects.child("tls-server"),
        serial=said.apply(lambda status: status.get("revision", "")),
        expires=said.apply(lambda status: status.get("notAfter", "")),
        resources=[*after, made],
    )


def issuer_ref_of(specification: Specification, made: Mapping[str, Any]) -> dict[str, Any]:
    """The issuer that the Certificate names: the user's existing one, or the one that was made."""
    tls = specification.tls
    if isinstance(tls, ExternalTls) and tls.issuer_ref is not None:
        return {"name": tls.issuer_ref.name, "kind": tls.issuer_ref.kind, "group": tls.issuer_ref.group}
    return dict(made)


def server_certificate_spec(specification: Specification, issuer_ref: Mapping[str, Any]) -> dict[str, Any]:
    """`spec` of the server's Certificate: every name that the CA can sign, a new key at every renewal."""
    names, addresses = subject_names(specification)
    return {
        "secretName": Names.of(specification).child("tls-server"),
        "secretTemplate": {"labels": labels(specification), "annotations": risk_annotations(specification)},
        "dnsNames": names,
        **({"ipAddresses": addresses} if addresses else {}),
        **lifetime(specification),
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": _usages(specification),
        "issuerRef": dict(issuer_ref),
    }


def lifetime(specification: Specification) -> dict[str, str]:
    """`duration` and `renewBefore` of the server's certificate; empty where the server asks its CA itself."""
    tls = specification.tls
    if isinstance(tls, ExternalTls):
        return {"duration": tls.duration, "renewBefore": tls.renew_before}
    if isinstance(tls, OperatorManagedTls):
        return {"duration": f"{MANAGED_HOURS}h", "renewBefore": tls.rotation_period}
    return {}


def _usages(specification: Specification) -> list[str]:
    """Public CAs no longer sign client certificates; OpenBao's nodes do without, other servers may not."""
    tls = specification.tls
    public = isinstance(tls, ExternalTls) and signed_by_public_ca(tls)
    return ["digital signature", "server auth", *([] if public else ["client auth"])]


def _warn(certificate: pulumi.Resource, known: Specification, said: Mapping[str, str]) -> None:
    """By cert-manager's own date: a CA may give less than `duration`, and `renewBefore` may be more than that."""
    due = said.get("renewalTime")
    if due and datetime.now(UTC) >= datetime.fromisoformat(due):
        shown = f"kubectl --namespace {known.namespace_name} describe certificate {Names.of(known).child('tls-server')}"
        # Renewals are none of Pulumi's business: what it knows of a Certificate is as old as the last refresh.
        way_out = f"Unless `pulumi refresh` finds a new one, cert-manager failed to renew it: `{shown}`."
        warn_of_end(certificate, said.get("notAfter", "a time unknown"), way_out)


def warn_of_end(resource: pulumi.Resource, expires: str, way_out: str) -> None:
    """Say at every preview and update that a certificate is within its renewal window."""
    pulumi.log.warn(f"The server certificate ends at {expires} and is within its renewal window. {way_out}", resource)
