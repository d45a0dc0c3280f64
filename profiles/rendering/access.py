"""Self-init requests of the typed access methods: who may log in once the cluster lives.

Each function yields `(name, path, data)` of its requests in order. Fields are those of OpenBao's auth APIs
(https://openbao.org/api-docs/auth/); what was not said is left out, so OpenBao's own defaults hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from profiles.rendering.secret_files import from_file
from profiles.rendering.text import Stanza, without_empty
from profiles.specification.bootstrap import (
    AppRoleAccess,
    CertAccess,
    JwtAccess,
    JwtRole,
    KubernetesAccess,
    OidcAccess,
    SelfInit,
    UserpassAccess,
)

Call = tuple[str, str, Stanza]
"""Wished name, path and data of one request; all are `update`."""

Group = tuple[str, Iterator[Call]]


def access_groups(access: SelfInit) -> Iterator[Group]:
    """One group per access method that the specification uses."""
    if access.userpass is not None:
        yield "userpass", userpass(access.userpass)
    if access.kubernetes is not None:
        yield "kubernetes", kubernetes(access.kubernetes)
    if access.jwt is not None:
        yield "jwt", jwt(access.jwt)
    if access.oidc is not None:
        yield "oidc", oidc(access.oidc)
    if access.approle is not None:
        yield "approle", approle(access.approle)
    if access.cert is not None:
        yield "cert", cert(access.cert)


def userpass(access: UserpassAccess) -> Iterator[Call]:
    """Names and passwords."""
    path = _plain(access.path)
    yield "mount", f"sys/auth/{path}", {"type": "userpass"}
    for user in access.users:
        password = from_file("userpass", user.username, "password")
        yield (
            f"user-{user.username}",
            f"auth/{path}/users/{user.username}",
            {"password": password, "token_policies": list(user.policies)},
        )


def kubernetes(access: KubernetesAccess) -> Iterator[Call]:
    """ServiceAccount tokens; the reviewer is the server's own ServiceAccount, its token and CA are read in the pod."""
    path = _plain(access.path)
    yield "mount", f"sys/auth/{path}", {"type": "kubernetes"}
    yield "config", f"auth/{path}/config", {"kubernetes_host": access.kubernetes_host}
    for role in access.roles:
        yield (
            f"role-{role.name}",
            f"auth/{path}/role/{role.name}",
            without_empty(
                {
                    "bound_service_account_names": list(role.bound_service_account_names),
                    "bound_service_account_namespaces": list(role.bound_service_account_namespaces),
                    "audience": role.audience,
                    "token_policies": list(role.policies),
                    "token_ttl": role.ttl,
                }
            ),
        )


def jwt(access: JwtAccess) -> Iterator[Call]:
    """Tokens of another issuer, verified by its keys."""
    path = _plain(access.path)
    yield "mount", f"sys/auth/{path}", {"type": "jwt"}
    keys = without_empty(
        {
            "bound_issuer": access.issuer,
            "oidc_discovery_url": access.discovery_url,
            "jwks_url": access.jwks_url,
            "jwt_validation_pubkeys": list(access.validation_pubkeys),
        }
    )
    remote = access.discovery_url is not None or access.jwks_url is not None
    yield "config", f"auth/{path}/config", keys | (_TOLERATE_ABSENT_ISSUER if remote else {})
    for role in access.roles:
        yield f"role-{role.name}", f"auth/{path}/role/{role.name}", _jwt_role(role, "jwt")


def oidc(access: OidcAccess) -> Iterator[Call]:
    """People through an identity provider."""
    path = _plain(access.path)
    yield "mount", f"sys/auth/{path}", {"type": "oidc"}
    yield (
        "config",
        f"auth/{path}/config",
        {
            "oidc_discovery_url": access.issuer,
            "oidc_client_id": access.client_id,
            "oidc_client_secret": from_file("oidc", access.client_id, "client-secret"),
            "default_role": access.default_role,
            **_TOLERATE_ABSENT_ISSUER,
        },
    )
    for role in access.roles:
        yield f"role-{role.name}", f"auth/{path}/role/{role.name}", _jwt_role(role, "oidc")


def approle(access: AppRoleAccess) -> Iterator[Call]:
    """Programs by role id and secret id."""
    path = _plain(access.path)
    yield "mount", f"sys/auth/{path}", {"type": "approle"}
    for role in access.roles:
        at = f"auth/{path}/role/{role.name}"
        settings = {
            "token_policies": list(role.policies),
            "token_ttl": role.ttl,
            "secret_id_bound_cidrs": list(role.bound_cidrs),
            "token_bound_cidrs": list(role.bound_cidrs),
        }
        yield f"role-{role.name}", at, without_empty(settings)
        if role.role_id is not None:
            yield f"role-id-{role.name}", f"{at}/role-id", {"role_id": role.role_id}
        if role.secret_id_secret_ref is not None:
            yield (
                f"secret-id-{role.name}",
                f"{at}/custom-secret-id",
                {"secret_id": from_file("approle", role.name, "secret-id")},
            )


def cert(access: CertAccess) -> Iterator[Call]:
    """TLS client certificates."""
    path = _plain(access.path)
    yield "mount", f"sys/auth/{path}", {"type": "cert"}
    for role in access.roles:
        settings = {
            "certificate": role.certificate,
            "allowed_common_names": list(role.allowed_common_names),
            "allowed_dns_sans": list(role.allowed_dns_sans),
            "token_policies": list(role.policies),
            "token_ttl": role.ttl,
        }
        yield f"role-{role.name}", f"auth/{path}/certs/{role.name}", without_empty(settings)


_TOLERATE_ABSENT_ISSUER: Stanza = {"skip_jwks_validation": True}
"""An identity provider that is away for a moment must not fail self-init, which cannot be repeated."""


def _jwt_role(role: JwtRole, role_type: str) -> Stanza:
    return without_empty(
        {
            "role_type": role_type,
            "user_claim": role.user_claim,
            "bound_audiences": list(role.bound_audiences),
            "bound_subject": role.bound_subject,
            "bound_claims": dict(role.bound_claims),
            "allowed_redirect_uris": list(role.allowed_redirect_uris),
            "groups_claim": role.groups_claim,
            "token_policies": list(role.policies),
            "token_ttl": role.ttl,
        }
    )


def _plain(path: str) -> str:
    return path.strip("/")
