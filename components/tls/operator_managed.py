"""Managed certificates: a CA of the cluster's own and a server certificate that covers every name (Development).

Ten years and one year, as the operator does it. The server certificate is renewed by the first `up` within
`rotationPeriod` of its end; OpenBao ≥ 2.7 reloads it without a restart.
"""

from __future__ import annotations

import hashlib
from typing import Final

import pulumi
import pulumi_tls as tls

from components.kubernetes.objects import Objects
from components.tls import Certificates
from components.tls.names import ca_common_name, subject_names
from profiles.specification import Specification
from profiles.specification.tls import MANAGED_HOURS, OperatorManagedTls

_CA_HOURS: Final = 10 * 365 * 24
_CURVE: Final = "P256"


def create(objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]) -> Certificates:
    """CA, server key and certificate, the Secret for the pods and the ConfigMap for clients."""
    managed = specification.tls
    if not isinstance(managed, OperatorManagedTls):
        raise TypeError("managed certificates need tls.mode OperatorManaged")
    name, options = objects.resource("tls"), objects.options()
    ca_key = tls.PrivateKey(f"{name}-ca", algorithm="ECDSA", ecdsa_curve=_CURVE, opts=options)
    ca = tls.SelfSignedCert(
        f"{name}-ca",
        private_key_pem=ca_key.private_key_pem,
        is_ca_certificate=True,
        validity_period_hours=_CA_HOURS,
        set_subject_key_id=True,
        allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
        subject={"common_name": resolved.apply(ca_common_name)},
        opts=options,
    )
    key = tls.PrivateKey(f"{name}-server", algorithm="ECDSA", ecdsa_curve=_CURVE, opts=options)
    request = tls.CertRequest(
        f"{name}-server",
        private_key_pem=key.private_key_pem,
        dns_names=resolved.apply(lambda known: subject_names(known)[0]),
        ip_addresses=resolved.apply(lambda known: subject_names(known)[1]),
        subject={"common_name": specification.name},
        opts=options,
    )
    certificate = tls.LocallySignedCert(
        f"{name}-server",
        cert_request_pem=request.cert_request_pem,
        ca_private_key_pem=ca_key.private_key_pem,
        ca_cert_pem=ca.cert_pem,
        validity_period_hours=MANAGED_HOURS,
        early_renewal_hours=int(managed.rotation_period.removesuffix("h")),
        set_subject_key_id=True,
        allowed_uses=["digital_signature", "key_agreement", "server_auth", "client_auth"],
        opts=options,
    )
    secret = objects.make_secret(
        "tls-server",
        string_data={"tls.crt": certificate.cert_pem, "tls.key": key.private_key_pem, "ca.crt": ca.cert_pem},
    )
    trust = objects.make_from("ConfigMap", "tls-ca", {"data": {"ca.crt": ca.cert_pem}})
    return Certificates(
        secret=objects.child("tls-server"),
        ca=ca.cert_pem,
        expires=certificate.validity_end_time,
        serial=certificate.cert_pem.apply(lambda pem: hashlib.sha256(pem.encode()).hexdigest()[:12]),
        resources=[secret, trust],
    )
