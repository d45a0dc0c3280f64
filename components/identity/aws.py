"""A ServiceAccount at AWS: an existing IAM role, or one that trusts this ServiceAccount only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.identity import documents
from components.kubernetes.objects import Objects
from profiles.specification.identity import AwsIdentity, Irsa, PodIdentity

Account = Callable[[], pulumi.Output[str]]
"""The account's number, asked for only where it is needed."""


@dataclass(frozen=True)
class Bearer:
    """Who gets a role, with every value known.

    region: any of the part of AWS in question. purpose: the role's description.
    """

    identity: AwsIdentity
    region: str
    namespace: str
    service_account: str
    cluster: str
    purpose: str


@dataclass(frozen=True)
class Role:
    """The role of a ServiceAccount.

    created: the `aws.iam.Role`, if it is ours. resources: what has to exist before the ServiceAccount has the role.
    """

    arn: pulumi.Output[str]
    created: Any = None
    resources: list[pulumi.Resource] = field(default_factory=list)

    def may(
        self, objects: Objects, suffix: str, document: pulumi.Output[str], *, kept: bool = False
    ) -> pulumi.Resource:
        """The created role's own policy. Somebody else's role gets none of ours."""
        options = objects.options(options=pulumi.ResourceOptions(retain_on_delete=kept))
        made: pulumi.Resource = aws.iam.RolePolicy(
            objects.resource(suffix), role=self.created.name, policy=document, opts=options
        )
        return made


def role_of(
    objects: Objects,
    suffix: str,
    asked: AwsIdentity,
    bearer: pulumi.Output[Bearer],
    account: Account,
    *,
    kept: bool = False,
) -> Role:
    """The role that `asked` (as far as it is known: it decides what exists) speaks of, connected with `bearer`.

    kept: it outlives the stack, because something that does so names it.
    """
    created, arn = None, bearer.apply(lambda known: str(_choice(known.identity).role_arn))
    if _choice(asked).role_arn is None:
        created = aws.iam.Role(
            objects.resource(suffix),
            description=bearer.apply(lambda known: known.purpose),
            assume_role_policy=_trust(asked, bearer, account),
            tags=bearer.apply(lambda known: {"openbao-cluster": known.cluster}),
            opts=objects.options(options=pulumi.ResourceOptions(retain_on_delete=kept)),
        )
        arn = created.arn
    connected = [_association(objects, suffix, bearer, arn)] if asked.pod_identity is not None else []
    return Role(arn, created, connected)


def caller_account(objects: Objects, way_out: str) -> pulumi.Output[str]:
    """The account's number of whoever runs this.

    Raises:
        pulumi.RunError: AWS does not tell; `way_out` says what else to do.
    """
    try:
        # At once, not as an output: a failing one would be reported as a traceback.
        caller = aws.get_caller_identity(opts=pulumi.InvokeOptions(parent=objects.parent))
    except Exception as error:
        reason = str(error).strip().splitlines()[-1]
        raise pulumi.RunError(f"AWS does not say which account this is: {reason} {way_out}") from None
    # Nothing in a preview whose provider is not configured yet.
    return pulumi.Output.from_input(caller.account_id or pulumi.output.UNKNOWN)


def _choice(identity: AwsIdentity) -> PodIdentity | Irsa:
    chosen = identity.pod_identity or identity.irsa
    if chosen is None:
        raise TypeError("an identity at AWS is Pod Identity or IRSA")
    return chosen


def _trust(asked: AwsIdentity, bearer: pulumi.Output[Bearer], account: Account) -> pulumi.Output[str]:
    if asked.irsa is not None and asked.irsa.oidc_provider_arn is not None:
        return bearer.apply(lambda known: json.dumps(_document(known, "")))
    return pulumi.Output.all(known=bearer, account=account()).apply(lambda parts: json.dumps(_document(**parts)))


def _document(known: Bearer, account: str) -> documents.Policy:
    """Who may take the role. account: needed unless an OIDC provider is named by its ARN."""
    chosen = _choice(known.identity)
    if isinstance(chosen, PodIdentity):
        return documents.pod_identity_trust(account, chosen.cluster_name, known.namespace, known.service_account)
    provider = chosen.oidc_provider_arn
    if provider is None:
        provider = documents.oidc_provider_arn(known.region, account, str(chosen.oidc_provider_url))
    return documents.irsa_trust(provider, known.namespace, known.service_account)


def _association(
    objects: Objects, suffix: str, bearer: pulumi.Output[Bearer], role_arn: pulumi.Output[str]
) -> pulumi.Resource:
    """In the provider's own region: that is where the Kubernetes cluster is; a key may be elsewhere."""

    def cluster(known: Bearer) -> str | None:
        return known.identity.pod_identity.cluster_name if known.identity.pod_identity else None

    made: pulumi.Resource = aws.eks.PodIdentityAssociation(
        objects.resource(suffix),
        cluster_name=bearer.apply(cluster),
        namespace=bearer.apply(lambda known: known.namespace),
        service_account=bearer.apply(lambda known: known.service_account),
        role_arn=role_arn,
        opts=objects.options(),
    )
    return made
