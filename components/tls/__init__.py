"""Certificates: one file for each of the contract's TLS modes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.kubernetes.objects import Objects
from profiles.specification import Specification
from profiles.specification.tls import ExternalTls, OperatorManagedTls


@dataclass(frozen=True)
class Certificates:
    """What the pods serve and what clients trust.

    secret: name of the Secret mounted as tls.crt, tls.key, ca.crt; None where the server asks a CA itself.
    ca: PEM that clients verify with; None where only the cluster knows it.
    serial: changes with the certificate; restarts pods whose version cannot reload files.
    expires: RFC 3339 time at which the certificate ends, empty while nobody knows; None where only the server knows.
    checked: resolves once the certificate was looked at; pods are not changed before.
    account_key: MAC key of the server's own ACME account, from the user's Secret.
    """

    secret: pulumi.Input[str] | None
    ca: pulumi.Output[str] | None = None
    serial: pulumi.Output[str] | None = None
    expires: pulumi.Output[str] | None = None
    checked: pulumi.Output[Any] | None = None
    account_key: pulumi.Output[str] | None = None
    resources: list[pulumi.Resource] = field(default_factory=list)


def certificates(
    objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]
) -> Certificates:
    """The certificates that the specification asks for."""
    if isinstance(specification.tls, OperatorManagedTls):
        if specification.tls.cert_manager:
            from components.tls import cert_manager

            return cert_manager.self_signed(objects, specification, resolved)
        from components.tls import operator_managed

        return operator_managed.create(objects, specification, resolved)
    if isinstance(specification.tls, ExternalTls):
        from components.tls import external

        return external.create(objects, specification, resolved)
    from components.tls import acme

    return acme.create(objects, specification, resolved)
