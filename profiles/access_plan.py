"""What self-initialisation would leave behind: mounts, policies, and who could log in with which of them.

Typed blocks and raw requests are read into one picture, so that rules need not care where something was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from profiles.specification.bootstrap import JwtRole, SelfInit, SelfInitRequest
from profiles.values import NotKnownYet

PROOF = "openbao-proof"
"""Mount, user and policy of the component's own proof login."""

BUILT_IN_POLICIES = frozenset({"default"})
_LOGIN_PATH = re.compile(r"auth/(?P<mount>.+?)/(?:users|role|certs|groups)/(?P<name>[^/]+)(?:/policies)?")


@dataclass(frozen=True)
class Mount:
    """An auth method or secrets engine: where it is written, its path without slashes, its type."""

    field: str
    path: str
    type: str


@dataclass(frozen=True)
class Policy:
    """A policy: where it is written, its name as OpenBao compares it, its text."""

    field: str
    name: str
    text: str


@dataclass(frozen=True)
class Login:
    """Somebody who could log in. `usable`: whether the specification gives them all they need for it."""

    field: str
    mount: str
    name: str
    policies: tuple[str, ...]
    usable: bool = True


def plain_path(path: str) -> str:
    """A mount path without slashes around it."""
    return str(path).strip("/")


def auth_mounts(access: SelfInit) -> Iterator[Mount]:
    """Every auth method, typed ones first, in the order they are made."""
    methods = (
        ("userpass", access.userpass, "userpass"),
        ("kubernetes", access.kubernetes, "kubernetes"),
        ("jwt", access.jwt, "jwt"),
        ("oidc", access.oidc, "oidc"),
        ("approle", access.approle, "approle"),
        ("cert", access.cert, "cert"),
    )
    for field, method, kind in methods:
        if method is not None:
            yield Mount(f"selfInit.{field}.path", plain_path(method.path), kind)
    for index, request in enumerate(access.requests):
        path = plain_path(request.path)
        if _creates(request) and re.fullmatch(r"sys/auth/.+", path) and not path.endswith("/tune"):
            kind = request.auth_method.type if request.auth_method else request.data.get("type", "")
            yield Mount(f"selfInit.requests[{index}]", path.removeprefix("sys/auth/"), str(kind))


def engine_mounts(access: SelfInit) -> Iterator[Mount]:
    """Every secrets engine, in the order they are made."""
    for index, mount in enumerate(access.mounts):
        yield Mount(f"selfInit.mounts[{index}].path", plain_path(mount.path), str(mount.type))
    for index, request in enumerate(access.requests):
        path = plain_path(request.path)
        if _creates(request) and re.fullmatch(r"sys/mounts/.+", path) and not path.endswith("/tune"):
            engine = request.secret_engine
            kind = engine.type if engine else request.data.get("type", "")
            yield Mount(f"selfInit.requests[{index}]", path.removeprefix("sys/mounts/"), str(kind))


def policies(access: SelfInit) -> Iterator[Policy]:
    """Every policy that is written, typed ones first."""
    for index, policy in enumerate(access.policies):
        yield Policy(f"selfInit.policies[{index}]", str(policy.name).lower(), str(policy.policy))
    for index, request in enumerate(access.requests):
        match = re.fullmatch(r"sys/policies/acl/(.+)|sys/policy/(.+)", plain_path(request.path))
        if match and _creates(request):
            text = request.policy if request.policy is not None else request.data.get("policy", "")
            yield Policy(f"selfInit.requests[{index}]", (match[1] or match[2]).lower(), str(text))


def logins(access: SelfInit) -> Iterator[Login]:
    """Everybody who could log in, by typed methods and by raw requests."""
    yield from _typed_logins(access)
    for index, request in enumerate(access.requests):
        match = _LOGIN_PATH.fullmatch(plain_path(request.path))
        if match and _creates(request):
            given = request.data.get("token_policies", request.data.get("policies", []))
            names = given if isinstance(given, list) else str(given).split(",")
            yield Login(f"selfInit.requests[{index}]", match["mount"], match["name"], _names(names))


def _typed_logins(access: SelfInit) -> Iterator[Login]:
    if access.userpass is not None:
        for index, user in enumerate(access.userpass.users):
            field = f"selfInit.userpass.users[{index}]"
            yield Login(field, plain_path(access.userpass.path), str(user.username), _names(user.policies))
    if access.kubernetes is not None:
        for index, workload in enumerate(access.kubernetes.roles):
            field = f"selfInit.kubernetes.roles[{index}]"
            yield Login(field, plain_path(access.kubernetes.path), str(workload.name), _names(workload.policies))
    for method, tokens in (("jwt", access.jwt), ("oidc", access.oidc)):
        for index, bearer in enumerate(tokens.roles if tokens is not None else []):
            yield _jwt_login(f"selfInit.{method}.roles[{index}]", plain_path(tokens.path if tokens else ""), bearer)
    if access.approle is not None:
        for index, program in enumerate(access.approle.roles):
            # Without a known role id and secret id nobody holds what an approle login needs.
            usable = program.role_id is not None and program.secret_id_secret_ref is not None
            field = f"selfInit.approle.roles[{index}]"
            mount = plain_path(access.approle.path)
            yield Login(field, mount, str(program.name), _names(program.policies), usable)
    if access.cert is not None:
        for index, client in enumerate(access.cert.roles):
            field = f"selfInit.cert.roles[{index}]"
            yield Login(field, plain_path(access.cert.path), str(client.name), _names(client.policies))


def _jwt_login(field: str, mount: str, role: JwtRole) -> Login:
    return Login(field, mount, str(role.name), _names(role.policies))


def _names(names: list[str]) -> tuple[str, ...]:
    return tuple(str(name).strip().lower() for name in names)


def _creates(request: SelfInitRequest) -> bool:
    return request.operation in ("create", "update", "patch")


def known_policies(access: SelfInit) -> tuple[dict[str, Policy], NotKnownYet | None]:
    """Policies by name, and what stopped the reading if one is not known yet."""
    found: dict[str, Policy] = {}
    try:
        for policy in policies(access):
            found.setdefault(policy.name, policy)
    except NotKnownYet as pending:
        return found, pending
    return found, None
