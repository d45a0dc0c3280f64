"""AWS KMS: the key, and the role by which the pods may use it.

Role first, then key: the key's policy names the role and the role's own policy names the key, so neither document
waits for itself. The key, its alias and the role that its policy names outlive the stack.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.identity.aws import Bearer, Role, caller_account, role_of
from components.kubernetes.objects import Objects
from components.unseal import TrustRoot, existing, policies
from profiles.layout import Names, created_key
from profiles.specification import Specification
from profiles.specification.identity import AwsIdentity
from profiles.specification.unseal import AwsKmsUnseal, CreateAwsKey

_SUFFIX: Final = "seal"
_ANNOTATION: Final = "eks.amazonaws.com/role-arn"


def create(objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]) -> TrustRoot:
    """The key (unless an existing one is named), the role (likewise), and what connects them with the pods."""
    unseal = _unseal(specification)
    kept = unseal.create_key is not None  # with its key, whose policy names it

    @cache
    def account() -> pulumi.Output[str]:
        return _account(objects, unseal, resolved)

    role = None
    if unseal.identity is not None:
        role = role_of(objects, _SUFFIX, unseal.identity, resolved.apply(_pods), account, kept=kept)
    root = TrustRoot(account_annotations=_annotations(unseal.identity, role))
    key_id = resolved.apply(existing.key_id)
    if unseal.create_key is not None:
        key = _key(objects, unseal.create_key, resolved, account(), role.arn if role else None)
        key_id = root.fields["kms_key_id"] = root.outputs["key_id"] = key.arn
        root.resources.extend([key, _alias(objects, resolved, key)])
    if role is not None:
        root.outputs["identity"] = role.arn
        root.resources.extend(role.resources)
    if role is not None and role.created is not None:
        document = pulumi.Output.all(known=resolved, account=account(), key=key_id).apply(_role_document)
        root.resources.append(role.may(objects, _SUFFIX, document, kept=kept))
    return root


def _pods(known: Specification) -> Bearer:
    unseal, names = _unseal(known), Names.of(known)
    if unseal.identity is None:
        raise TypeError("the pods have no identity at AWS")
    purpose = f"Pods of the OpenBao cluster {known.name}: use of the seal's key"
    return Bearer(unseal.identity, unseal.region, names.namespace, names.service_account, known.name, purpose)


def _annotations(identity: AwsIdentity | None, role: Role | None) -> pulumi.Output[dict[str, str]] | None:
    """What IRSA reads at the pods' ServiceAccount."""
    if identity is None or identity.irsa is None or role is None:
        return None
    return role.arn.apply(lambda arn: {_ANNOTATION: arn})


def _unseal(specification: Specification) -> AwsKmsUnseal:
    if not isinstance(specification.unseal, AwsKmsUnseal):
        raise TypeError("the awskms trust root needs an awskms unseal")
    return specification.unseal


def _wanted(specification: Specification) -> CreateAwsKey:
    wanted = _unseal(specification).create_key
    if wanted is None:
        raise TypeError("no key is to be created")
    return wanted


def _account(objects: Objects, unseal: AwsKmsUnseal, resolved: pulumi.Output[Specification]) -> pulumi.Output[str]:
    """The account's number: as given, else of whoever runs this."""
    if unseal.create_key is not None and unseal.create_key.account_id is not None:
        return resolved.apply(lambda known: str(_wanted(known).account_id))
    return caller_account(objects, "Check the AWS credentials, or set unseal.createKey.accountId.")


def _key(
    objects: Objects,
    wanted: CreateAwsKey,
    resolved: pulumi.Output[Specification],
    account: pulumi.Output[str],
    role_arn: pulumi.Output[str] | None,
) -> Any:
    def policy(parts: dict[str, Any]) -> str:
        known: Specification = parts["known"]
        users = [*([parts["role"]] if parts["role"] else []), *_wanted(known).users]
        administrators = _wanted(known).administrators
        return json.dumps(
            policies.key_policy(
                _unseal(known).region, parts["account"], administrators, users, multi_region=wanted.multi_region
            )
        )

    return aws.kms.Key(
        objects.resource(_SUFFIX),
        description=resolved.apply(lambda known: f"Unseals the OpenBao cluster {known.name} in {known.namespace_name}"),
        region=resolved.apply(lambda known: _unseal(known).region),
        enable_key_rotation=True,
        rotation_period_in_days=wanted.rotation_period_in_days,
        deletion_window_in_days=wanted.deletion_window_in_days,
        multi_region=wanted.multi_region,
        policy=pulumi.Output.all(known=resolved, account=account, role=role_arn).apply(policy),
        tags=resolved.apply(lambda known: {"openbao-cluster": known.name, **_wanted(known).tags}),
        opts=objects.options(options=_outliving()),
    )


def _outliving() -> pulumi.ResourceOptions:
    """Without its key the data is noise: removing it takes an `unprotect`, and even then the key stays at AWS."""
    return pulumi.ResourceOptions(protect=True, retain_on_delete=True)


def _alias(objects: Objects, resolved: pulumi.Output[Specification], key: Any) -> pulumi.Resource:
    alias: pulumi.Resource = aws.kms.Alias(
        objects.resource(_SUFFIX),
        name=resolved.apply(lambda known: _wanted(known).alias or f"alias/{created_key(known.name)}"),
        region=resolved.apply(lambda known: _unseal(known).region),
        target_key_id=key.key_id,
        opts=objects.options(options=_outliving()),
    )
    return alias


def _role_document(parts: dict[str, Any]) -> str:
    return json.dumps(policies.role_policy(_unseal(parts["known"]).region, parts["account"], parts["key"]))
