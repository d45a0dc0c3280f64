"""Managed certificates by cert-manager: the same CA and server certificate, kept by the cluster, not by the stack.

Development only, like `operator_managed`. The CA lives in the Secret `<name>-tls-ca`; it keeps its key when it is
renewed, so that certificates of before and after trust each other.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components.kubernetes.metadata import labels, risk_annotations
from components.kubernetes.objects import Objects
from components.tls import Certificates, issued
from components.tls.names import ca_common_name
from profiles.layout import Names
from profiles.specification import Specification

_CA: Final = "tls-ca"
_SELF_SIGNED: Final = "tls-self-signed"
_ISSUER: Final = "tls"


def self_signed(
    objects: Objects, _specification: Specification, _resolved: pulumi.Output[Specification]
) -> Certificates:
    """Self-signed issuer → CA → issuer of that CA → server certificate; each waits for the one before to be Ready."""
    root = issued.issuer(objects, _SELF_SIGNED, {"selfSigned": {}})
    ca = objects.custom(
        issued.API_VERSION,
        "Certificate",
        _CA,
        lambda known: issued.ready({"spec": ca_spec(known)}),
        after=[root],
    )
    signer = issued.issuer(objects, _ISSUER, {"ca": {"secretName": objects.child(_CA)}}, after=[ca])
    return issued.server_certificate(objects, _reference(objects.child(_ISSUER)), after=[root, ca, signer])


def ca_spec(specification: Specification) -> dict[str, Any]:
    """`spec` of the CA's Certificate: ten years, as `operator_managed` does it."""
    names = Names.of(specification)
    return {
        "isCA": True,
        "commonName": ca_common_name(specification),
        "secretName": names.child(_CA),
        "secretTemplate": {"labels": labels(specification), "annotations": risk_annotations(specification)},
        "duration": "87600h",
        "renewBefore": "8760h",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
        "usages": ["cert sign", "crl sign", "digital signature"],
        "issuerRef": _reference(names.child(_SELF_SIGNED)),
    }


def _reference(name: str) -> dict[str, Any]:
    return {"name": name, "kind": "Issuer", "group": issued.GROUP}
