"""Who cert-manager is while it answers DNS-01 challenges for the issuer that is made.

With IRSA cert-manager asks for a token of a ServiceAccount that exists for this issuer alone: no other issuer can use
the role, and cert-manager needs no leave to use its own identity. Pod Identity and Google know cert-manager's own
ServiceAccount only (https://cert-manager.io/docs/configuration/acme/dns01/).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.kubernetes import access
from components.kubernetes.objects import Objects
from components.tls.names import subject_names
from profiles.layout import Names
from profiles.specification import Specification
from profiles.specification.tls import AcmeIssuer, ExternalTls

SUFFIX: Final = "dns01"


@dataclass(frozen=True)
class SolverIdentity:
    """role_arn: the role that the issuer names. resources: what has to exist before anybody orders a certificate."""

    role_arn: pulumi.Output[str] | None = None
    resources: list[pulumi.Resource] = field(default_factory=list)


def solver_identity(objects: Objects, acme: AcmeIssuer | None) -> SolverIdentity:
    """The identity that an ACME issuer asks for; nothing where it brings its own."""
    if acme is not None and acme.route53 is not None and acme.route53.identity is not None:
        from components.tls import route53

        return route53.identity(objects, acme.route53.identity)
    if acme is not None and acme.cloud_dns is not None and acme.cloud_dns.identity is not None:
        from components.tls import cloud_dns

        return cloud_dns.identity(objects, acme.cloud_dns.identity)
    return SolverIdentity()


def acme_of(specification: Specification) -> AcmeIssuer:
    """The ACME issuer that is made."""
    tls = specification.tls
    if not isinstance(tls, ExternalTls) or tls.issuer is None or tls.issuer.acme is None:
        raise TypeError("only an ACME issuer answers challenges")
    return tls.issuer.acme


def challenge_records(specification: Specification) -> list[str]:
    """Names of the TXT records that prove the certificate's names, as DNS compares them: lower case, no final dot."""
    names, _ = subject_names(specification)
    return sorted({f"_acme-challenge.{name.removeprefix('*.').rstrip('.').lower()}" for name in names})


def own_service_account(objects: Objects) -> list[pulumi.Resource]:
    """The ServiceAccount `<name>-dns01`, which no pod runs as and whose tokens cert-manager alone may ask for."""
    return [
        objects.make_from("ServiceAccount", SUFFIX, {"automountServiceAccountToken": False}),
        objects.make("Role", SUFFIX, _token_role),
        objects.make("RoleBinding", SUFFIX, _token_role_binding),
    ]


def _token_role(specification: Specification) -> dict[str, Any]:
    return access.token_role(Names.of(specification).child(SUFFIX))


def _token_role_binding(specification: Specification) -> dict[str, Any]:
    solver = acme_of(specification).cert_manager_service_account
    return access.role_binding(specification, Names.of(specification).child(SUFFIX), solver.name, solver.namespace)
