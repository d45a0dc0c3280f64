"""The pods: image, resources, place, storage, and what happens to it all at the end."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from profiles.specification.base import Part
from profiles.values import AnyText, Count, Flag, LabelValue, Leaf, Quantity, SecretName, Text

Id = Annotated[int, Field(ge=0, le=2**31 - 1), Leaf]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$"), Leaf]


class Verification(Part):
    """Cosign signature: a public key, or keyless issuer and subject (exact or as regular expressions)."""

    enabled: bool = True
    failure_policy: Literal["Block", "Warn"] = "Block"
    public_key: Text | None = None
    issuer: Text | None = None
    subject: Text | None = None
    issuer_reg_exp: Text | None = None
    subject_reg_exp: Text | None = None
    ignore_tlog: Flag = False


class Image(Part):
    repository: Text = "docker.io/openbao/openbao"
    tag: Text | None = Field(default=None, description="Default: the version.")
    digest: Digest | None = None
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    pull_secrets: list[SecretName] = Field(default_factory=list)


class HelperImages(Part):
    """Images of Jobs beside the server."""

    kubectl: Text = Field(default="registry.k8s.io/kubectl:v1.37.1", description="Only used by bootstrap operatorInit.")


class ResourceList(Part):
    cpu: Quantity | None = None
    memory: Quantity | None = None


class Resources(Part):
    requests: ResourceList = Field(default_factory=lambda: ResourceList.model_construct(cpu="100m", memory="256Mi"))
    limits: ResourceList = Field(default_factory=lambda: ResourceList.model_construct(memory="1Gi"))


class SeccompProfile(Part):
    type: Literal["RuntimeDefault", "Localhost", "Unconfined"] = "RuntimeDefault"
    localhost_profile: Text | None = None


class SecurityContext(Part):
    run_as_non_root: Flag = True
    run_as_user: Id | None = 100
    run_as_group: Id | None = 1000
    fs_group: Id | None = 1000
    supplemental_groups: list[Id] = Field(default_factory=list)
    seccomp_profile: SeccompProfile = Field(default_factory=SeccompProfile.defaults)
    sysctls: list[dict[str, Text]] = Field(default_factory=list)
    windows_options: dict[str, Any] | None = None


class Toleration(Part):
    key: Text | None = None
    operator: Literal["Exists", "Equal"] = "Equal"
    value: LabelValue | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Count | None = None


class Scheduling(Part):
    node_selector: dict[str, LabelValue] = Field(default_factory=dict)
    tolerations: list[Toleration] = Field(default_factory=list)
    priority_class_name: Text | None = None
    spread_over_nodes: Literal["Required", "Preferred"] | None = Field(
        default=None, description="Default: Required in Hardened, Preferred in Development."
    )


class Storage(Part):
    size: Quantity = "10Gi"
    storage_class_name: Text | None = None


class WorkloadIdentity(Part):
    """Annotations or role by which a backup job gets cloud credentials of its own."""

    annotations: dict[str, AnyText] = Field(default_factory=dict)


class BackupTarget(Part):
    provider: Literal["s3", "gcs", "azure"] = "s3"
    endpoint: Text | None = None
    bucket: Text
    region: Text | None = None
    insecure_skip_verify: Flag = False
    credentials_secret_ref: SecretName | None = None
    workload_identity: WorkloadIdentity | None = None
    role_arn: Text | None = None


class Backup(Part):
    """Where snapshots go. Checked against the contract now; the Jobs are not built yet."""

    schedule: Text
    target: BackupTarget
    jwt_auth_role: Text | None = None
    token_secret_ref: SecretName | None = None


class Namespace(Part):
    name: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")] | None = Field(
        default=None, description="Default: the cluster's name."
    )
    create: bool = True
