"""Arguments of the components, from profiles/specification (bootstrap) by tools/component_inputs.py."""

from typing import Any, NotRequired, TypedDict

import pulumi


class SelfInitPolicy(TypedDict):
    """An ACL policy. `policy` is its text in HCL or JSON."""

    name: pulumi.Input[str]
    policy: pulumi.Input[str]


class SelfInitMount(TypedDict):
    """A secrets engine to mount."""

    path: pulumi.Input[str]
    type: pulumi.Input[str]
    description: NotRequired[pulumi.Input[str]]
    options: NotRequired[dict[str, pulumi.Input[str]]]


class UserpassUser(TypedDict):
    """A person or program that logs in by name and password; the password comes from a Secret."""

    username: pulumi.Input[str]
    password_secret_ref: NotRequired[pulumi.Input[str]]
    """Existing Secret, key `password`; omitted, a random one is made in `<name>-login-<user>`."""
    policies: list[pulumi.Input[str]]


class UserpassAccess(TypedDict):
    """The block `selfInit.userpass`."""

    path: NotRequired[pulumi.Input[str]]
    """Default: `userpass`."""
    users: list[UserpassUser]


class KubernetesRole(TypedDict):
    """The block `selfInit.kubernetes.roles`."""

    name: pulumi.Input[str]
    bound_service_account_names: list[pulumi.Input[str]]
    bound_service_account_namespaces: list[pulumi.Input[str]]
    policies: list[pulumi.Input[str]]
    audience: NotRequired[pulumi.Input[str]]
    ttl: NotRequired[pulumi.Input[str]]
    """Default: `1h`."""


class KubernetesAccess(TypedDict):
    """Workloads of a Kubernetes cluster by their ServiceAccount tokens (TokenReview)."""

    path: NotRequired[pulumi.Input[str]]
    """Default: `kubernetes`."""
    kubernetes_host: NotRequired[pulumi.Input[str]]
    """Default: `https://kubernetes.default.svc`."""
    roles: list[KubernetesRole]


class JwtRole(TypedDict):
    """The block `selfInit.jwt.roles`."""

    name: pulumi.Input[str]
    user_claim: NotRequired[pulumi.Input[str]]
    """Default: `sub`."""
    bound_audiences: NotRequired[list[pulumi.Input[str]]]
    bound_subject: NotRequired[pulumi.Input[str]]
    bound_claims: NotRequired[dict[str, pulumi.Input[str]]]
    allowed_redirect_uris: NotRequired[list[pulumi.Input[str]]]
    groups_claim: NotRequired[pulumi.Input[str]]
    policies: list[pulumi.Input[str]]
    ttl: NotRequired[pulumi.Input[str]]
    """Default: `1h`."""


class JwtAccess(TypedDict):
    """Tokens that someone else signs: machines with a JWT."""

    path: NotRequired[pulumi.Input[str]]
    """Default: `jwt`."""
    issuer: NotRequired[pulumi.Input[str]]
    """bound_issuer."""
    discovery_url: NotRequired[pulumi.Input[str]]
    jwks_url: NotRequired[pulumi.Input[str]]
    validation_pubkeys: NotRequired[list[pulumi.Input[str]]]
    """PEM public keys."""
    roles: list[JwtRole]


class OidcAccess(TypedDict):
    """People through an identity provider."""

    path: NotRequired[pulumi.Input[str]]
    """Default: `oidc`."""
    issuer: pulumi.Input[str]
    """https URL of the provider, without /.well-known/…."""
    client_id: pulumi.Input[str]
    client_secret_ref: pulumi.Input[str]
    """Existing Secret, key `clientSecret`."""
    default_role: pulumi.Input[str]
    roles: list[JwtRole]


class AppRoleRole(TypedDict):
    """The block `selfInit.approle.roles`."""

    name: pulumi.Input[str]
    policies: list[pulumi.Input[str]]
    role_id: NotRequired[pulumi.Input[str]]
    secret_id_secret_ref: NotRequired[pulumi.Input[str]]
    """Existing Secret, key `secretId`."""
    bound_cidrs: NotRequired[list[pulumi.Input[str]]]
    ttl: NotRequired[pulumi.Input[str]]
    """Default: `1h`."""


class AppRoleAccess(TypedDict):
    """The block `selfInit.approle`."""

    path: NotRequired[pulumi.Input[str]]
    """Default: `approle`."""
    roles: list[AppRoleRole]


class CertRole(TypedDict):
    """The block `selfInit.cert.roles`."""

    name: pulumi.Input[str]
    certificate: pulumi.Input[str]
    """PEM of the trusted CA or leaf."""
    allowed_common_names: NotRequired[list[pulumi.Input[str]]]
    allowed_dns_sans: NotRequired[list[pulumi.Input[str]]]
    policies: list[pulumi.Input[str]]
    ttl: NotRequired[pulumi.Input[str]]
    """Default: `1h`."""


class CertAccess(TypedDict):
    """The block `selfInit.cert`."""

    path: NotRequired[pulumi.Input[str]]
    """Default: `cert`."""
    roles: list[CertRole]


class AuthMethodBlock(TypedDict):
    """Typed body of a request to `sys/auth/<path>`."""

    type: pulumi.Input[str]
    description: NotRequired[pulumi.Input[str]]
    config: NotRequired[dict[str, pulumi.Input[Any]]]


class SelfInitRequest(TypedDict):
    """One raw request, run in order after all typed ones. Values may be OpenBao's sources (`eval_source: file` …)."""

    name: pulumi.Input[str]
    operation: NotRequired[str]
    """One of `create`, `read`, `update`, `delete`, `list`, `patch`. Default: `update`."""
    path: pulumi.Input[str]
    data: NotRequired[dict[str, pulumi.Input[Any]]]
    auth_method: NotRequired[AuthMethodBlock]
    secret_engine: NotRequired[SelfInitMount]
    policy: NotRequired[pulumi.Input[str]]
    allow_failure: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""


class SelfInit(TypedDict):
    """The block `selfInit`."""

    enabled: NotRequired[bool]
    """Default: `true`."""
    policies: NotRequired[list[SelfInitPolicy]]
    mounts: NotRequired[list[SelfInitMount]]
    userpass: NotRequired[UserpassAccess]
    kubernetes: NotRequired[KubernetesAccess]
    jwt: NotRequired[JwtAccess]
    oidc: NotRequired[OidcAccess]
    approle: NotRequired[AppRoleAccess]
    cert: NotRequired[CertAccess]
    requests: NotRequired[list[SelfInitRequest]]


class PgpRecipient(TypedDict):
    """The block `recoveryKeys.recipients`."""

    name: pulumi.Input[str]
    fingerprint: pulumi.Input[str]
    pgp_public_key: pulumi.Input[str]
    """Base64 of the binary public key; it needs an encryption subkey."""


class RecoveryKeys(TypedDict):
    """Break-glass shares, encrypted to people: made inside self-init, read back at `sys/rotate/recovery/backup`."""

    shares: int
    threshold: int
    recipients: list[PgpRecipient]
