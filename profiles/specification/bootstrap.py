"""How the cluster comes to life and who may log in afterwards.

Self-initialisation (https://openbao.org/docs/configuration/self-init/) runs once in the life of a cluster and cannot be
repeated after a failure, so the common ways in are typed; `requests` is the door for everything else.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from profiles.specification.base import Part
from profiles.values import Duration, Flag, SecretName, Text

Operation = Literal["create", "read", "update", "delete", "list", "patch"]


class SelfInitPolicy(Part):
    """An ACL policy. `policy` is its text in HCL or JSON."""

    name: Text
    policy: Text


class SelfInitMount(Part):
    """A secrets engine to mount."""

    path: Text
    type: Text
    description: Text | None = None
    options: dict[str, Text] = Field(default_factory=dict)


class UserpassUser(Part):
    """A person or program that logs in by name and password; the password comes from a Secret."""

    username: Text
    password_secret_ref: SecretName | None = Field(
        default=None,
        description="Existing Secret, key `password`; omitted, a random one is made in `<name>-login-<user>`.",
    )
    policies: list[Text] = Field(min_length=1)


class UserpassAccess(Part):
    path: Text = "userpass"
    users: list[UserpassUser] = Field(min_length=1)


class KubernetesRole(Part):
    name: Text
    bound_service_account_names: list[Text] = Field(min_length=1)
    bound_service_account_namespaces: list[Text] = Field(min_length=1)
    policies: list[Text] = Field(min_length=1)
    audience: Text | None = None
    ttl: Duration = "1h"


class KubernetesAccess(Part):
    """Workloads of a Kubernetes cluster by their ServiceAccount tokens (TokenReview)."""

    path: Text = "kubernetes"
    kubernetes_host: Text = "https://kubernetes.default.svc"
    roles: list[KubernetesRole] = Field(min_length=1)


class JwtRole(Part):
    name: Text
    user_claim: Text = "sub"
    bound_audiences: list[Text] = Field(default_factory=list)
    bound_subject: Text | None = None
    bound_claims: dict[str, Text] = Field(default_factory=dict)
    allowed_redirect_uris: list[Text] = Field(default_factory=list)
    groups_claim: Text | None = None
    policies: list[Text] = Field(min_length=1)
    ttl: Duration = "1h"


class JwtAccess(Part):
    """Tokens that someone else signs: machines with a JWT."""

    path: Text = "jwt"
    issuer: Text | None = Field(default=None, description="bound_issuer.")
    discovery_url: Text | None = None
    jwks_url: Text | None = None
    validation_pubkeys: list[Text] = Field(default_factory=list, description="PEM public keys.")
    roles: list[JwtRole] = Field(min_length=1)


class OidcAccess(Part):
    """People through an identity provider."""

    path: Text = "oidc"
    issuer: Text = Field(description="https URL of the provider, without /.well-known/…")
    client_id: Text
    client_secret_ref: SecretName = Field(description="Existing Secret, key `clientSecret`.")
    default_role: Text
    roles: list[JwtRole] = Field(min_length=1)


class AppRoleRole(Part):
    name: Text
    policies: list[Text] = Field(min_length=1)
    role_id: Text | None = None
    secret_id_secret_ref: SecretName | None = Field(default=None, description="Existing Secret, key `secretId`.")
    bound_cidrs: list[Text] = Field(default_factory=list)
    ttl: Duration = "1h"


class AppRoleAccess(Part):
    path: Text = "approle"
    roles: list[AppRoleRole] = Field(min_length=1)


class CertRole(Part):
    name: Text
    certificate: Text = Field(description="PEM of the trusted CA or leaf.")
    allowed_common_names: list[Text] = Field(default_factory=list)
    allowed_dns_sans: list[Text] = Field(default_factory=list)
    policies: list[Text] = Field(min_length=1)
    ttl: Duration = "1h"


class CertAccess(Part):
    path: Text = "cert"
    roles: list[CertRole] = Field(min_length=1)


class AuthMethodBlock(Part):
    """Typed body of a request to `sys/auth/<path>`."""

    type: Text
    description: Text | None = None
    config: dict[str, Any] = Field(default_factory=dict)


class SelfInitRequest(Part):
    """One raw request, run in order after all typed ones. Values may be OpenBao's sources (`eval_source: file` …)."""

    name: Text
    operation: Operation = "update"
    path: Text
    data: dict[str, Any] = Field(default_factory=dict)
    auth_method: AuthMethodBlock | None = None
    secret_engine: SelfInitMount | None = None
    policy: Text | None = None
    allow_failure: Flag = False


class SelfInit(Part):
    enabled: bool = True
    policies: list[SelfInitPolicy] = Field(default_factory=list)
    mounts: list[SelfInitMount] = Field(default_factory=list)
    userpass: UserpassAccess | None = None
    kubernetes: KubernetesAccess | None = None
    jwt: JwtAccess | None = None
    oidc: OidcAccess | None = None
    approle: AppRoleAccess | None = None
    cert: CertAccess | None = None
    requests: list[SelfInitRequest] = Field(default_factory=list)


class PgpRecipient(Part):
    name: Text
    fingerprint: Text
    pgp_public_key: Text = Field(description="Base64 of the binary public key; it needs an encryption subkey.")


class RecoveryKeys(Part):
    """Break-glass shares, encrypted to people: made inside self-init, read back at `sys/rotate/recovery/backup`."""

    shares: int = Field(ge=1, le=255)
    threshold: int = Field(ge=1, le=255)
    recipients: list[PgpRecipient] = Field(min_length=1)
