"""Stand-in for the official Pulumi aws provider: keys, aliases, roles and their policies, kept by a moto server.

Not the official plugin, and no AWS behind it. A pod that reaches the moto server is really unsealed by the key that
was made here. moto checks neither signatures nor policies, and forgets everything when it ends; it knows no Pod
Identity associations, so these are only recorded. Names who do not exist in a key policy are refused, as AWS does.
Source of the rules: github.com/hashicorp/terraform-provider-aws 6.x, which the official one bridges.
"""
# ruff: noqa: D102 - what the methods mean stands in Provider

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.plugins.aws_api import Aws, AwsError
from sandbox.plugins.base import Failure, Operation, Provider, ProviderError, Resource
from sandbox.plugins.server import serve
from sandbox.plugins.values import UNKNOWN, Properties

_OUTPUTS = {
    "Key": ("arn", "keyId"),
    "Alias": ("arn", "targetKeyArn"),
    "Role": ("arn", "uniqueId"),
    "RolePolicy": (),
    "PodIdentityAssociation": ("associationArn", "associationId"),
}
_REPLACES = {
    "Key": ("customerMasterKeySpec", "keyUsage", "multiRegion", "region"),
    "Alias": ("name", "region"),
    "Role": ("name", "path"),
    "RolePolicy": ("name", "role"),
    "PodIdentityAssociation": ("clusterName", "namespace", "serviceAccount", "region"),
}
_NAMED = ("Role", "RolePolicy")
_REGIONAL = ("Key", "Alias", "PodIdentityAssociation")
_DEFAULTS: dict[str, Properties] = {
    "Key": {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT", "deletionWindowInDays": 30}
}


class AwsProvider(Provider):
    """kms Key and Alias, iam Role and RolePolicy, eks PodIdentityAssociation, getCallerIdentity, getRegion."""

    name = "aws"

    def __init__(self) -> None:
        self._region = "us-east-1"

    def configure(self, config: Properties) -> None:
        self._region = config.get("region") or self._region

    def check(self, operation: Operation, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        kind = operation.kind
        if kind not in _OUTPUTS:
            return news, [("", self._unknown(operation.type))]
        named = {"name": olds.get("name") or f"{operation.name}-{secrets.token_hex(4)[:7]}"} if kind in _NAMED else {}
        place = {"region": self._region} if kind in _REGIONAL else {}
        return {**place, **_DEFAULTS.get(kind, {}), **named, **news}, _failures(kind, news)

    def replaces(self, kind: str, path: str) -> bool:
        return path in _REPLACES[kind]

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        if operation.preview:
            return "", {**inputs, **dict.fromkeys(_OUTPUTS[operation.kind], UNKNOWN)}
        id, outputs = _CREATE[operation.kind](self._aws(inputs), inputs)
        return id, {**inputs, **outputs}

    def read(self, operation: Operation, recorded: Resource) -> Resource | None:
        if not recorded.outputs:
            return super().read(operation, recorded)
        aws, kind = self._aws(recorded.outputs), operation.kind
        try:
            if kind == "Key" and aws.kms("DescribeKey", KeyId=recorded.id)["KeyMetadata"].get("DeletionDate"):
                return None
            if kind == "Alias":
                aws.kms("DescribeKey", KeyId=recorded.id)
            if kind == "Role":
                aws.query("iam", "GetRole", RoleName=recorded.id)
            if kind == "RolePolicy":
                role, name = recorded.id.split(":")
                aws.query("iam", "GetRolePolicy", RoleName=role, PolicyName=name)
        except AwsError as error:
            if error.means_gone:
                return None
            raise
        return recorded

    def update(self, operation: Operation, old: Resource, inputs: Properties) -> Properties:
        if not operation.preview:
            _UPDATE[operation.kind](self._aws(inputs), old, inputs)
        return {**old.outputs, **inputs}

    def delete(self, operation: Operation, old: Resource) -> None:
        aws = self._aws(old.outputs)
        try:
            if operation.kind == "Key":
                days = old.outputs["deletionWindowInDays"]
                aws.kms("ScheduleKeyDeletion", KeyId=old.id, PendingWindowInDays=days)
            if operation.kind == "Alias":
                aws.kms("DeleteAlias", AliasName=old.id)
            if operation.kind == "Role":
                aws.query("iam", "DeleteRole", RoleName=old.id)
            if operation.kind == "RolePolicy":
                role, name = old.id.split(":")
                aws.query("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)
        except AwsError as error:
            if not error.means_gone:
                raise

    def invoke(self, token: str, arguments: Properties) -> Properties:
        function = token.rsplit(":", 1)[-1]
        if function == "getCallerIdentity":
            caller = Aws(self._region).query("sts", "GetCallerIdentity")
            account = caller["Account"]
            return {"accountId": account, "arn": caller["Arn"], "id": account, "userId": caller["UserId"]}
        if function == "getRegion":
            region = arguments.get("region") or self._region
            return {"id": region, "region": region, "name": region, "description": "a region of the sandbox"}
        return super().invoke(token, arguments)

    def _aws(self, properties: Properties) -> Aws:
        return Aws(properties.get("region") or self._region)


def _failures(kind: str, inputs: Properties) -> list[Failure]:
    """What the official provider refuses before it calls anybody."""
    found: list[Failure] = []
    for name in ("policy", "assumeRolePolicy"):
        text = inputs.get(name)
        if text in (None, UNKNOWN):
            continue
        try:
            json.loads(str(text))
        except ValueError:
            found.append((name, "contains an invalid JSON policy"))
    alias = inputs.get("name")
    if kind == "Alias" and alias not in (None, UNKNOWN) and not str(alias).startswith("alias/"):
        found.append(("name", 'must begin with "alias/"'))
    return found


def _tags(inputs: Properties) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in (inputs.get("tags") or {}).items()]


def _require_principals(aws: Aws, policy: str) -> None:
    """AWS refuses key policies that name a role which does not exist; moto would take them."""
    for statement in json.loads(policy)["Statement"]:
        named = (statement.get("Principal") or {}).get("AWS", [])
        for arn in [named] if isinstance(named, str) else named:
            if ":role/" not in arn:
                continue
            try:
                aws.query("iam", "GetRole", RoleName=arn.rsplit("/", 1)[1])
            except AwsError:
                reason = "Policy contains a statement with one or more invalid principals."
                raise AwsError("kms PutKeyPolicy", "MalformedPolicyDocumentException", reason) from None


def _create_key(aws: Aws, inputs: Properties) -> tuple[str, Properties]:
    wish: dict[str, Any] = {
        "Description": inputs.get("description", ""),
        "KeySpec": inputs["customerMasterKeySpec"],
        "KeyUsage": inputs["keyUsage"],
        "MultiRegion": inputs.get("multiRegion", False),
        "Tags": _tags(inputs),
    }
    if inputs.get("policy"):
        _require_principals(aws, inputs["policy"])
        wish["Policy"] = inputs["policy"]
    made = aws.kms("CreateKey", **wish)["KeyMetadata"]
    _rotate(aws, made["KeyId"], inputs)
    return made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]}


def _rotate(aws: Aws, key: str, inputs: Properties) -> None:
    if not inputs.get("enableKeyRotation"):
        aws.kms("DisableKeyRotation", KeyId=key)
        return
    aws.kms("EnableKeyRotation", KeyId=key, RotationPeriodInDays=inputs.get("rotationPeriodInDays", 365))


def _update_key(aws: Aws, old: Resource, inputs: Properties) -> None:
    if inputs.get("policy"):
        _require_principals(aws, inputs["policy"])
        aws.kms("PutKeyPolicy", KeyId=old.id, PolicyName="default", Policy=inputs["policy"])
    aws.kms("UpdateKeyDescription", KeyId=old.id, Description=inputs.get("description", ""))
    _rotate(aws, old.id, inputs)
    gone = (old.inputs.get("tags") or {}).keys() - (inputs.get("tags") or {}).keys()
    if gone:
        aws.kms("UntagResource", KeyId=old.id, TagKeys=sorted(gone))
    aws.kms("TagResource", KeyId=old.id, Tags=_tags(inputs))


def _create_alias(aws: Aws, inputs: Properties) -> tuple[str, Properties]:
    aws.kms("CreateAlias", AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
    target = aws.kms("DescribeKey", KeyId=inputs["targetKeyId"])["KeyMetadata"]["Arn"]
    return inputs["name"], {"arn": f"{target.rsplit(':', 1)[0]}:{inputs['name']}", "targetKeyArn": target}


def _update_alias(aws: Aws, old: Resource, inputs: Properties) -> None:
    aws.kms("UpdateAlias", AliasName=old.id, TargetKeyId=inputs["targetKeyId"])


def _create_role(aws: Aws, inputs: Properties) -> tuple[str, Properties]:
    name, trust = inputs["name"], inputs["assumeRolePolicy"]
    wish = {"RoleName": name, "AssumeRolePolicyDocument": trust, "Description": inputs.get("description", "")}
    made = aws.query("iam", "CreateRole", **wish)
    return name, {"arn": made["Arn"], "uniqueId": made["RoleId"]}


def _update_role(aws: Aws, old: Resource, inputs: Properties) -> None:
    document = inputs["assumeRolePolicy"]
    aws.query("iam", "UpdateAssumeRolePolicy", RoleName=old.id, PolicyDocument=document)
    aws.query("iam", "UpdateRole", RoleName=old.id, Description=inputs.get("description", ""))


def _put_role_policy(aws: Aws, inputs: Properties) -> tuple[str, Properties]:
    role, name = inputs["role"], inputs["name"]
    aws.query("iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])
    return f"{role}:{name}", {}


def _associate(aws: Aws, inputs: Properties) -> tuple[str, Properties]:
    _require_role(aws, inputs)
    id = f"a-{secrets.token_hex(9)[:17]}"
    account = aws.query("sts", "GetCallerIdentity")["Account"]
    arn = f"arn:aws:eks:{aws.region}:{account}:podidentityassociation/{inputs['clusterName']}/{id}"
    return id, {"associationArn": arn, "associationId": id}


def _require_role(aws: Aws, inputs: Properties) -> None:
    try:
        aws.query("iam", "GetRole", RoleName=inputs["roleArn"].rsplit("/", 1)[1])
    except (AwsError, IndexError):
        raise ProviderError(f"the role {inputs['roleArn']} does not exist") from None


_CREATE: dict[str, Callable[[Aws, Properties], tuple[str, Properties]]] = {
    "Key": _create_key,
    "Alias": _create_alias,
    "Role": _create_role,
    "RolePolicy": _put_role_policy,
    "PodIdentityAssociation": _associate,
}
_UPDATE: dict[str, Callable[[Aws, Resource, Properties], object]] = {
    "Key": _update_key,
    "Alias": _update_alias,
    "Role": _update_role,
    "RolePolicy": lambda aws, _, inputs: _put_role_policy(aws, inputs),
    "PodIdentityAssociation": lambda aws, _, inputs: _require_role(aws, inputs),
}


if __name__ == "__main__":
    serve(AwsProvider())
