"""Who may act as whom, as documents: pure, so that each can be read and tested on its own.

AWS: policies and who a role trusts. The statements' ids (`Sid`) are for ever: auditors look for them. Google Cloud:
principals and full resource names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Policy = dict[str, Any]
Statement = dict[str, Any]

_VERSION: Final = "2012-10-17"
# https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
_PARTITIONS: Final = {
    "cn-": "aws-cn",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
}


def partition(region: str) -> str:
    """The part of AWS that a region belongs to; every ARN starts with it."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def policy(*statements: Statement) -> Policy:
    """An IAM policy of these statements."""
    return {"Version": _VERSION, "Statement": list(statements)}


def statement(
    sid: str,
    actions: Sequence[str],
    *,
    principal: Mapping[str, Any] | None = None,
    resource: str | None = None,
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    """Allows `actions`; what is None is left out."""
    found = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": resource,
        "Condition": condition,
    }
    return {key: value for key, value in found.items() if value is not None}


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
    return policy(statement("PodIdentity", actions, principal=principal, condition=condition))


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
    return policy(statement("Irsa", actions, principal={"Federated": provider_arn}, condition=condition))


def oidc_provider_arn(region: str, account: str, url: str) -> str:
    """ARN of the account's OIDC provider for an issuer's URL."""
    return f"arn:{partition(region)}:iam::{account}:oidc-provider/{url.removeprefix('https://').rstrip('/')}"


def direct_principal(project_number: str, pool: str, namespace: str, service_account: str) -> str:
    """A ServiceAccount itself as an IAM member (https://cloud.google.com/iam/docs/principal-identifiers)."""
    return (
        f"principal://iam.googleapis.com/projects/{project_number}/locations/global/workloadIdentityPools/{pool}"
        f"/subject/ns/{namespace}/sa/{service_account}"
    )


def workload_pool(pool: str | None, project: str) -> str:
    """The pool of a GKE cluster's ServiceAccounts: as given, else the project's own."""
    return pool or f"{project}.svc.id.goog"


def impersonator(pool: str, namespace: str, service_account: str) -> str:
    """A ServiceAccount as a member that may act as a Google service account."""
    return f"serviceAccount:{pool}[{namespace}/{service_account}]"


def service_account_id(email: str, project: str) -> str:
    """Full name of a Google service account; its project stands in the address, unless it is one of Google's own."""
    _, _, domain = email.partition("@")
    suffix = ".iam.gserviceaccount.com"
    owner = domain.removesuffix(suffix) if domain.endswith(suffix) else project
    return f"projects/{owner}/serviceAccounts/{email}"
