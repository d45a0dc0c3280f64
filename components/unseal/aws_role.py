"""The IAM role that the pods act as: an existing one, or one that trusts this cluster's ServiceAccount only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.kubernetes.objects import Objects
from components.unseal import policies
from profiles.layout import Names
from profiles.specification import Specification
from profiles.specification.unseal import AwsKmsUnseal, Irsa, PodIdentity

_ANNOTATION: Final = "eks.amazonaws.com/role-arn"
Account = Callable[[], pulumi.Output[str]]
"""The account's number, asked for only where it is needed."""


@dataclass(frozen=True)
class Role:
    """Who the pods are at AWS.

    created: the `aws.iam.Role`, if it is ours. account_annotations: for the pods' ServiceAccount (IRSA).
    resources: what connects role and pods.
    """

    arn: pulumi.Output[str]
    created: Any = None
    account_annotations: pulumi.Output[dict[str, str]] | None = None
    resources: list[pulumi.Resource] = field(default_factory=list)


def pods_role(
    objects: Objects, unseal: AwsKmsUnseal, resolved: pulumi.Output[Specification], account: Account
) -> Role | None:
    """The role of `unseal.identity`, connected with the ServiceAccount; None without an identity."""
    asked = _asked(unseal)
    if asked is None:
        return None
    created, arn = None, resolved.apply(lambda known: str(_known(known).role_arn))
    if asked.role_arn is None:
        created = _created(objects, resolved, account(), kept=unseal.create_key is not None)
        arn = created.arn
    if isinstance(asked, PodIdentity):
        return Role(arn, created, resources=[_association(objects, resolved, arn)])
    return Role(arn, created, account_annotations=arn.apply(lambda known: {_ANNOTATION: known}))


def _asked(unseal: Any) -> PodIdentity | Irsa | None:
    if not isinstance(unseal, AwsKmsUnseal) or unseal.identity is None:
        return None
    return unseal.identity.pod_identity or unseal.identity.irsa


def _known(specification: Specification) -> PodIdentity | Irsa:
    asked = _asked(specification.unseal)
    if asked is None:
        raise TypeError("an identity at AWS is Pod Identity or IRSA")
    return asked


def _created(
    objects: Objects, resolved: pulumi.Output[Specification], account: pulumi.Output[str], *, kept: bool
) -> Any:
    """`kept`: a created key's policy names this role, so that it must stay as long as the key does."""
    return aws.iam.Role(
        objects.resource("seal"),
        description=resolved.apply(lambda known: f"Pods of the OpenBao cluster {known.name}: use of the seal's key"),
        assume_role_policy=pulumi.Output.all(known=resolved, account=account).apply(
            lambda parts: json.dumps(_trust(parts["known"], parts["account"]))
        ),
        tags=resolved.apply(lambda known: {"openbao-cluster": known.name}),
        opts=objects.options(options=pulumi.ResourceOptions(retain_on_delete=kept)),
    )


def _trust(specification: Specification, account: str) -> policies.Policy:
    asked, names = _known(specification), Names.of(specification)
    if isinstance(asked, PodIdentity):
        return policies.pod_identity_trust(account, asked.cluster_name, names.namespace, names.service_account)
    provider = asked.oidc_provider_arn
    if provider is None:
        region = specification.unseal.region if isinstance(specification.unseal, AwsKmsUnseal) else ""
        provider = policies.oidc_provider_arn(region, account, str(asked.oidc_provider_url))
    return policies.irsa_trust(provider, names.namespace, names.service_account)


def _association(
    objects: Objects, resolved: pulumi.Output[Specification], role_arn: pulumi.Output[str]
) -> pulumi.Resource:
    """In the provider's own region: that is where the Kubernetes cluster is; the key may be elsewhere."""

    def cluster(known: Specification) -> str | None:
        asked = _known(known)
        return asked.cluster_name if isinstance(asked, PodIdentity) else None

    made: pulumi.Resource = aws.eks.PodIdentityAssociation(
        objects.resource("seal"),
        cluster_name=resolved.apply(cluster),
        namespace=resolved.apply(lambda known: known.namespace_name),
        service_account=resolved.apply(lambda known: Names.of(known).service_account),
        role_arn=role_arn,
        opts=objects.options(),
    )
    return made
