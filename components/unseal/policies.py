"""Who may do what with the seal's key, as documents: pure, so that each can be read and tested on its own.

AWS: key policy, trust policies and the role's own policy. The statements' ids (`Sid`) are for ever: auditors look for
them. Google Cloud: principals and full resource names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

Policy = dict[str, Any]

_VERSION: Final = "2012-10-17"
USE: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt")
"""All that OpenBao's seal calls (https://openbao.org/docs/configuration/seal/awskms/)."""
ADMINISTER: Final = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What keeps a key alive and in order. No grants: whoever may create one could use the key after all."""
REPLICATE: Final = ("kms:ReplicateKey", "kms:UpdatePrimaryRegion")
"""Beside `ADMINISTER` for multi-region keys."""

_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}


def partition(region: str) -> str:
    """The part of AWS that a region belongs to; every ARN starts with it."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def _statement(sid: str, principal: Policy | None, actions: Sequence[str], resource: str | None, **more: Any) -> Policy:
    found = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": resource,
        "Condition": more.get("condition"),
    }
    return {key: value for key, value in found.items() if value is not None}


def key_policy(
    region: str, account: str, administrators: Sequence[str], users: Sequence[str], *, multi_region: bool
) -> Policy:
    """The policy of a created key: the account administers it, only `users` encrypt and decrypt with it.

    The root statement hands administration, and nothing else, to the account's IAM policies, so that the key never
    becomes unmanageable; terraform-aws-kms delegates `kms:*` there, which would let any IAM policy grant Decrypt.
    """
    administration = sorted((*ADMINISTER, *(REPLICATE if multi_region else ())))
    root = f"arn:{partition(region)}:iam::{account}:root"
    statements = [_statement("AccountAdministration", {"AWS": root}, administration, "*")]
    if administrators:
        statements.append(_statement("KeyAdministration", {"AWS": sorted(administrators)}, administration, "*"))
    statements.append(_statement("SealUse", {"AWS": sorted(users)}, USE, "*"))
    return {"Version": _VERSION, "Statement": statements}


def role_policy(region: str, account: str, key_id: str) -> Policy:
    """What the pods' role may do: use the one key, given as ARN, id or alias."""
    if key_id.startswith("arn:") and ":alias/" not in key_id:
        return {"Version": _VERSION, "Statement": [_statement("SealUse", None, USE, key_id)]}
    keys = f"arn:{partition(region)}:kms:{region}:{account}:key"
    if "alias/" in key_id:
        # Policies cannot name a key by an alias; a condition can, and follows the alias.
        alias = "alias/" + key_id.split("alias/", 1)[1]
        condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
        return {"Version": _VERSION, "Statement": [_statement("SealUse", None, USE, f"{keys}/*", condition=condition)]}
    return {"Version": _VERSION, "Statement": [_statement("SealUse", None, USE, f"{keys}/{key_id}")]}


def pod_identity_trust(account: str, cluster: str, namespace: str, service_account: str) -> Policy:
    """Only this ServiceAccount of this EKS cluster of this account gets the role.

    The session tags are set by EKS itself (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html).
    """
    condition = {
        "StringEquals": {
            "aws:SourceAccount": account,
            "aws:RequestTag/eks-cluster-name": cluster,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        }
    }
    principal = {"Service": "pods.eks.amazonaws.com"}
    actions = ("sts:AssumeRole", "sts:TagSession")
    return {
        "Version": _VERSION,
        "Statement": [_statement("PodIdentity", principal, actions, None, condition=condition)],
    }


def irsa_trust(provider_arn: str, namespace: str, service_account: str) -> Policy:
    """Only this ServiceAccount, by a token that was made for STS, gets the role."""
    issuer = provider_arn.split(":oidc-provider/", 1)[1]
    condition = {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": f"system:serviceaccount:{namespace}:{service_account}",
        }
    }
    actions = ("sts:AssumeRoleWithWebIdentity",)
    return {
        "Version": _VERSION,
        "Statement": [_statement("Irsa", {"Federated": provider_arn}, actions, None, condition=condition)],
    }


def oidc_provider_arn(region: str, account: str, url: str) -> str:
    """ARN of the account's OIDC provider for an issuer's URL."""
    return f"arn:{partition(region)}:iam::{account}:oidc-provider/{url.removeprefix('https://').rstrip('/')}"


def last_part(name: str) -> str:
    """`ring` of `projects/p/locations/l/keyRings/ring`, or the name as it is."""
    return name.rsplit("/", 1)[-1]


def key_ring_id(project: str, region: str, ring: str) -> str:
    """Full name of a key ring that is given by name or full name."""
    return ring if ring.startswith("projects/") else f"projects/{project}/locations/{region}/keyRings/{ring}"


def direct_principal(project_number: str, pool: str, namespace: str, service_account: str) -> str:
    """The pods' ServiceAccount itself as an IAM member (https://cloud.google.com/iam/docs/principal-identifiers)."""
    return (
        f"principal://iam.googleapis.com/projects/{project_number}/locations/global/workloadIdentityPools/{pool}"
        f"/subject/ns/{namespace}/sa/{service_account}"
    )


def impersonator(pool: str, namespace: str, service_account: str) -> str:
    """The pods' ServiceAccount as a member that may act as a Google service account."""
    return f"serviceAccount:{pool}[{namespace}/{service_account}]"


def service_account_id(email: str, project: str) -> str:
    """Full name of a Google service account; its project stands in the address, unless it is one of Google's own."""
    _, _, domain = email.partition("@")
    suffix = ".iam.gserviceaccount.com"
    owner = domain.removesuffix(suffix) if domain.endswith(suffix) else project
    return f"projects/{owner}/serviceAccounts/{email}"
