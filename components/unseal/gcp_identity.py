"""Who the pods are at Google: their ServiceAccount itself as a principal, or a Google service account they act as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_gcp as gcp

from components.identity import documents
from components.kubernetes.objects import Objects
from profiles.layout import Names, created_key, legal_label
from profiles.specification import Specification
from profiles.specification.identity import GcpIdentity
from profiles.specification.unseal import GcpCkmsUnseal

_ANNOTATION: Final = "iam.gke.io/gcp-service-account"
_ID_LENGTH: Final = 30  # of a service account's id


@dataclass(frozen=True)
class Identity:
    """member: for IAM (`principal://…` or `serviceAccount:…`). account_annotations: for the pods' ServiceAccount."""

    member: pulumi.Output[str]
    account_annotations: pulumi.Output[dict[str, str]] | None = None
    resources: list[pulumi.Resource] = field(default_factory=list)


def pods_identity(objects: Objects, unseal: GcpCkmsUnseal, resolved: pulumi.Output[Specification]) -> Identity | None:
    """The identity that the specification asks for; None without one."""
    asked = unseal.identity
    if asked is None:
        return None
    if asked.project_number is not None:
        return Identity(resolved.apply(_direct))
    if not asked.create_service_account:
        return _impersonating(
            objects, resolved, resolved.apply(lambda known: str(_known(known)[1].service_account_email))
        )
    account = gcp.serviceaccount.Account(
        objects.resource("seal"),
        account_id=resolved.apply(lambda known: legal_label(created_key(known.name), _ID_LENGTH)),
        display_name=resolved.apply(lambda known: f"Pods of the OpenBao cluster {known.name}"),
        project=resolved.apply(lambda known: _known(known)[0].project),
        opts=objects.options(),
    )
    return _impersonating(objects, resolved, account.email, [account])


def _known(specification: Specification) -> tuple[GcpCkmsUnseal, GcpIdentity]:
    unseal = specification.unseal
    if not isinstance(unseal, GcpCkmsUnseal) or unseal.identity is None:
        raise TypeError("an identity at Google belongs to a gcpckms unseal")
    return unseal, unseal.identity


def _pool(unseal: GcpCkmsUnseal, identity: GcpIdentity) -> str:
    return documents.workload_pool(identity.workload_pool, unseal.project)


def _direct(specification: Specification) -> str:
    unseal, identity = _known(specification)
    names = Names.of(specification)
    return documents.direct_principal(
        str(identity.project_number), _pool(unseal, identity), names.namespace, names.service_account
    )


def _impersonating(
    objects: Objects,
    resolved: pulumi.Output[Specification],
    email: pulumi.Output[str],
    resources: list[pulumi.Resource] | None = None,
) -> Identity:
    """`email` as identity, and the right of the pods' ServiceAccount to act as it."""

    def pods(known: Specification) -> str:
        names = Names.of(known)
        return documents.impersonator(_pool(*_known(known)), names.namespace, names.service_account)

    def account(parts: dict[str, Any]) -> str:
        return documents.service_account_id(parts["email"], _known(parts["known"])[0].project)

    grant = gcp.serviceaccount.IAMMember(
        objects.resource("seal"),
        service_account_id=pulumi.Output.all(known=resolved, email=email).apply(account),
        role="roles/iam.workloadIdentityUser",
        member=resolved.apply(pods),
        opts=objects.options(),
    )
    return Identity(
        email.apply(lambda known: f"serviceAccount:{known}"),
        email.apply(lambda known: {_ANNOTATION: known}),
        [*(resources or []), grant],
    )
