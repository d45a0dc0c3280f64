"""How a Kubernetes ServiceAccount proves to a cloud who it is: the pods' for the seal, cert-manager's for DNS."""

from __future__ import annotations

from pydantic import Field

from profiles.specification.base import Part
from profiles.values import Text


class PodIdentity(Part):
    """EKS Pod Identity: a role that the agent hands to the ServiceAccount."""

    cluster_name: Text
    role_arn: Text | None = Field(default=None, description="An existing role; omitted, one is created.")


class Irsa(Part):
    """IAM roles for service accounts: a role trusting the cluster's OIDC provider, sub and aud pinned."""

    oidc_provider_arn: Text | None = None
    oidc_provider_url: Text | None = None
    role_arn: Text | None = Field(default=None, description="An existing role; omitted, one is created.")


class AwsIdentity(Part):
    """How a ServiceAccount proves to AWS who it is; exactly one."""

    pod_identity: PodIdentity | None = None
    irsa: Irsa | None = None


class GcpIdentity(Part):
    """How pods prove to Google who they are; exactly one."""

    project_number: Text | None = Field(default=None, description="Direct principal of the GKE workload identity pool.")
    workload_pool: Text | None = Field(default=None, description="Default `<project>.svc.id.goog`.")
    service_account_email: Text | None = Field(default=None, description="Impersonate this Google service account.")
    create_service_account: bool = False
