"""Arguments of the components, from profiles/specification (identity) by tools/component_inputs.py."""

from typing import NotRequired, TypedDict

import pulumi


class PodIdentity(TypedDict):
    """EKS Pod Identity: a role that the agent hands to the ServiceAccount."""

    cluster_name: pulumi.Input[str]
    role_arn: NotRequired[pulumi.Input[str]]
    """An existing role; omitted, one is created."""


class Irsa(TypedDict):
    """IAM roles for service accounts: a role trusting the cluster's OIDC provider, sub and aud pinned."""

    oidc_provider_arn: NotRequired[pulumi.Input[str]]
    oidc_provider_url: NotRequired[pulumi.Input[str]]
    role_arn: NotRequired[pulumi.Input[str]]
    """An existing role; omitted, one is created."""


class Identity(TypedDict):
    """The block `unseal.identity`, by the block around it. `awskms`: How a ServiceAccount proves to AWS who it is;
    exactly one. `gcpckms`: How pods prove to Google who they are; exactly one.
    """

    pod_identity: NotRequired[PodIdentity]
    """For all but `gcpckms`."""
    irsa: NotRequired[Irsa]
    """For all but `gcpckms`."""
    project_number: NotRequired[pulumi.Input[str]]
    """For all but `awskms`. Direct principal of the GKE workload identity pool."""
    workload_pool: NotRequired[pulumi.Input[str]]
    """For all but `awskms`. Default `<project>.svc.id.goog`."""
    service_account_email: NotRequired[pulumi.Input[str]]
    """For all but `awskms`. Impersonate this Google service account."""
    create_service_account: NotRequired[bool]
    """For all but `awskms`. Default: `false`."""


class AwsIdentity(TypedDict):
    """How a ServiceAccount proves to AWS who it is; exactly one."""

    pod_identity: NotRequired[PodIdentity]
    irsa: NotRequired[Irsa]
