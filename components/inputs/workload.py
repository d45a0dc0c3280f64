"""Arguments of the components, from profiles/specification (workload) by tools/component_inputs.py."""

from typing import Any, NotRequired, TypedDict

import pulumi


class Namespace(TypedDict):
    """The block `namespace`."""

    name: NotRequired[pulumi.Input[str]]
    """Default: the cluster's name."""
    create: NotRequired[bool]
    """Default: `true`."""


class Image(TypedDict):
    """The block `image`."""

    repository: NotRequired[pulumi.Input[str]]
    """Default: `docker.io/openbao/openbao`."""
    tag: NotRequired[pulumi.Input[str]]
    """Default: the version."""
    digest: NotRequired[pulumi.Input[str]]
    pull_policy: NotRequired[str]
    """One of `Always`, `IfNotPresent`, `Never`. Default: `IfNotPresent`."""
    pull_secrets: NotRequired[list[pulumi.Input[str]]]


class HelperImages(TypedDict):
    """Images of Jobs beside the server."""

    kubectl: NotRequired[pulumi.Input[str]]
    """Only used by bootstrap operatorInit. Default: `registry.k8s.io/kubectl:v1.37.1`."""


class Verification(TypedDict):
    """Cosign signature: a public key, or keyless issuer and subject (exact or as regular expressions)."""

    enabled: NotRequired[bool]
    """Default: `true`."""
    failure_policy: NotRequired[str]
    """One of `Block`, `Warn`. Default: `Block`."""
    public_key: NotRequired[pulumi.Input[str]]
    issuer: NotRequired[pulumi.Input[str]]
    subject: NotRequired[pulumi.Input[str]]
    issuer_reg_exp: NotRequired[pulumi.Input[str]]
    subject_reg_exp: NotRequired[pulumi.Input[str]]
    ignore_tlog: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""


class Storage(TypedDict):
    """The block `storage`."""

    size: NotRequired[pulumi.Input[str]]
    """Default: `10Gi`."""
    storage_class_name: NotRequired[pulumi.Input[str]]


class SeccompProfile(TypedDict):
    """The block `securityContext.seccompProfile`."""

    type: NotRequired[str]
    """One of `RuntimeDefault`, `Localhost`, `Unconfined`. Default: `RuntimeDefault`."""
    localhost_profile: NotRequired[pulumi.Input[str]]


class SecurityContext(TypedDict):
    """The block `securityContext`."""

    run_as_non_root: NotRequired[pulumi.Input[bool]]
    """Default: `true`."""
    run_as_user: NotRequired[pulumi.Input[int]]
    """Default: `100`."""
    run_as_group: NotRequired[pulumi.Input[int]]
    """Default: `1000`."""
    fs_group: NotRequired[pulumi.Input[int]]
    """Default: `1000`."""
    supplemental_groups: NotRequired[list[pulumi.Input[int]]]
    seccomp_profile: NotRequired[SeccompProfile]
    sysctls: NotRequired[list[dict[str, pulumi.Input[str]]]]
    windows_options: NotRequired[dict[str, pulumi.Input[Any]]]


class ResourceList(TypedDict):
    """The block `resources.requests`."""

    cpu: NotRequired[pulumi.Input[str]]
    memory: NotRequired[pulumi.Input[str]]


class Resources(TypedDict):
    """The block `resources`."""

    requests: NotRequired[ResourceList]
    limits: NotRequired[ResourceList]


class Toleration(TypedDict):
    """The block `scheduling.tolerations`."""

    key: NotRequired[pulumi.Input[str]]
    operator: NotRequired[str]
    """One of `Exists`, `Equal`. Default: `Equal`."""
    value: NotRequired[pulumi.Input[str]]
    effect: NotRequired[str]
    """One of `NoSchedule`, `PreferNoSchedule`, `NoExecute`."""
    toleration_seconds: NotRequired[pulumi.Input[int]]


class Scheduling(TypedDict):
    """The block `scheduling`."""

    node_selector: NotRequired[dict[str, pulumi.Input[str]]]
    tolerations: NotRequired[list[Toleration]]
    priority_class_name: NotRequired[pulumi.Input[str]]
    spread_over_nodes: NotRequired[str]
    """Default: Required in Hardened, Preferred in Development. One of `Required`, `Preferred`."""


class WorkloadIdentity(TypedDict):
    """Annotations or role by which a backup job gets cloud credentials of its own."""

    annotations: NotRequired[dict[str, pulumi.Input[str]]]


class BackupTarget(TypedDict):
    """The block `backup.target`."""

    provider: NotRequired[str]
    """One of `s3`, `gcs`, `azure`. Default: `s3`."""
    endpoint: NotRequired[pulumi.Input[str]]
    bucket: pulumi.Input[str]
    region: NotRequired[pulumi.Input[str]]
    insecure_skip_verify: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""
    credentials_secret_ref: NotRequired[pulumi.Input[str]]
    workload_identity: NotRequired[WorkloadIdentity]
    role_arn: NotRequired[pulumi.Input[str]]


class Backup(TypedDict):
    """Where snapshots go. Checked against the contract now; the Jobs are not built yet."""

    schedule: pulumi.Input[str]
    target: BackupTarget
    jwt_auth_role: NotRequired[pulumi.Input[str]]
    token_secret_ref: NotRequired[pulumi.Input[str]]
