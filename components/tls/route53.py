"""The IAM role by which cert-manager writes challenges into Route 53, and nothing else there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import pulumi

from components.identity import documents
from components.identity.aws import Bearer, caller_account, role_of
from components.kubernetes.objects import Objects
from components.tls import dns01
from profiles.layout import Names
from profiles.specification import Specification
from profiles.specification.identity import AwsIdentity
from profiles.specification.tls import Route53Solver


def identity(objects: Objects, asked: AwsIdentity) -> dns01.SolverIdentity:
    """The role (unless an existing one is named), what it may do, and what connects it with cert-manager."""

    @cache
    def account() -> pulumi.Output[str]:
        return caller_account(objects, "Check the AWS credentials.")

    role = role_of(objects, dns01.SUFFIX, asked, objects.resolved.apply(_bearer), account)
    made = list(role.resources)
    if role.created is not None:
        made.append(role.may(objects, dns01.SUFFIX, objects.resolved.apply(_document)))
    if asked.irsa is None:
        return dns01.SolverIdentity(resources=made)
    return dns01.SolverIdentity(role.arn, [*made, *dns01.own_service_account(objects)])


def solver_policy(region: str, zone_id: str | None, records: Sequence[str]) -> documents.Policy:
    """What cert-manager's documentation asks for, limited to the zone and to the records of the certificate's names.

    Without a zone id the records are what limits it: they may be in any zone of the account.
    https://cert-manager.io/docs/configuration/acme/dns01/route53/
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
    """
    route53 = f"arn:{documents.partition(region)}:route53:::"
    zone = f"{route53}hostedzone/{zone_id or '*'}"
    only_these = {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": list(records),
            "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
        }
    }
    finding = documents.statement("FindZone", ("route53:ListHostedZonesByName",), resource="*")
    return documents.policy(
        documents.statement(
            "WriteChallenges", ("route53:ChangeResourceRecordSets",), resource=zone, condition=only_these
        ),
        documents.statement("ReadRecords", ("route53:ListResourceRecordSets",), resource=zone),
        documents.statement("AwaitChanges", ("route53:GetChange",), resource=f"{route53}change/*"),
        *([finding] if zone_id is None else []),
    )


def _solver(known: Specification) -> tuple[Route53Solver, AwsIdentity]:
    solver = dns01.acme_of(known).route53
    if solver is None or solver.identity is None:
        raise TypeError("an identity at AWS belongs to a route53 solver")
    return solver, solver.identity


def _bearer(known: Specification) -> Bearer:
    solver, asked = _solver(known)
    purpose = f"cert-manager for the OpenBao cluster {known.name}: challenges in Route 53"
    if asked.irsa is not None:
        names = Names.of(known)
        return Bearer(asked, solver.region, names.namespace, names.child(dns01.SUFFIX), known.name, purpose)
    own = dns01.acme_of(known).cert_manager_service_account
    return Bearer(asked, solver.region, own.namespace, own.name, known.name, purpose)


def _document(known: Specification) -> str:
    solver, _ = _solver(known)
    return json.dumps(solver_policy(solver.region, solver.hosted_zone_id, dns01.challenge_records(known)))
