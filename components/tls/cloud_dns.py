"""What cert-manager may do in one zone of Cloud DNS: a member beside what others granted, never a binding.

Google's IAM knows no record names that could be relied on: the grant is for all records of the zone.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi
import pulumi_gcp as gcp

from components.identity import documents
from components.kubernetes.objects import Objects
from components.tls import dns01
from profiles.layout import created_key
from profiles.specification import Specification
from profiles.specification.tls import CloudDnsIdentity, CloudDnsSolver

PERMISSIONS: Final = (
    "dns.changes.create",
    "dns.changes.get",
    "dns.changes.list",
    "dns.resourceRecordSets.create",
    "dns.resourceRecordSets.delete",
    "dns.resourceRecordSets.get",
    "dns.resourceRecordSets.list",
    "dns.resourceRecordSets.update",
)
"""What cert-manager's documentation asks for (https://cert-manager.io/docs/configuration/acme/dns01/google/), one by
one, without `dns.managedZones.list`, which whoever names the zone can do without. `roles/dns.admin` could delete the
zone and change who may."""


def identity(objects: Objects, asked: CloudDnsIdentity) -> dns01.SolverIdentity:
    """The role (unless an existing one is named) and its grant on the zone."""
    made: list[pulumi.Resource] = []
    role = objects.resolved.apply(lambda known: str(_solver(known)[1].role))
    if asked.role is None:
        created = _role(objects)
        role = created.name
        made.append(created)
    grant = gcp.dns.DnsManagedZoneIamMember(
        objects.resource(dns01.SUFFIX),
        managed_zone=objects.resolved.apply(lambda known: _solver(known)[0].hosted_zone_name),
        project=objects.resolved.apply(lambda known: _solver(known)[0].project),
        role=role,
        member=objects.resolved.apply(member),
        opts=objects.options(),
    )
    return dns01.SolverIdentity(resources=[*made, grant])


def member(known: Specification) -> str:
    """cert-manager as an IAM member: its ServiceAccount itself, or the Google service account that it acts as."""
    solver, asked = _solver(known)
    if asked.service_account_email is not None:
        return f"serviceAccount:{asked.service_account_email}"
    own = dns01.acme_of(known).cert_manager_service_account
    pool = documents.workload_pool(asked.workload_pool, solver.project)
    return documents.direct_principal(str(asked.project_number), pool, own.namespace, own.name)


def _role(objects: Objects) -> Any:
    return gcp.projects.IAMCustomRole(
        objects.resource(dns01.SUFFIX),
        # Ids of roles know no hyphens, and names of clusters no underscores.
        role_id=objects.resolved.apply(lambda known: created_key(f"{known.name}_{dns01.SUFFIX}").replace("-", "_")),
        project=objects.resolved.apply(lambda known: _solver(known)[0].project),
        title=objects.resolved.apply(lambda known: f"DNS-01 challenges of the OpenBao cluster {known.name}"),
        permissions=list(PERMISSIONS),
        opts=objects.options(),
    )


def _solver(known: Specification) -> tuple[CloudDnsSolver, CloudDnsIdentity]:
    solver = dns01.acme_of(known).cloud_dns
    if solver is None or solver.identity is None:
        raise TypeError("an identity at Google belongs to a cloudDns solver")
    return solver, solver.identity
