"""The ways in: each login method has what OpenBao demands of it, since a failed bootstrap is final."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from profiles.access_plan import logins
from profiles.addresses import is_elsewhere, is_network
from profiles.pem import is_certificate, is_public_key
from profiles.rules.rule import Breach, Case, each, rule
from profiles.rules.self_init import FINAL, access, runs
from profiles.specification.bootstrap import AppRoleRole, CertRole, JwtRole, KubernetesRole, SelfInitRequest

_LOGIN_NAME = re.compile(r"\w(([\w.-]+)?\w)?", re.ASCII)


@rule(
    "contract.self-init.issuer",
    "Identity providers are somewhere else, by TLS",
    since="S",
    fields=("selfInit.oidc.issuer", "selfInit.jwt.discoveryUrl", "selfInit.jwt.jwksUrl"),
    reason="An issuer is an https URL of another machine; who controls it decides who may log in.",
    way_out="Write it like `https://id.example.com`: no user, query or fragment, no /.well-known/, no local host.",
    when=runs,
)
def issuers(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None:
        return
    urls: list[tuple[str, str | None]] = []
    if given.oidc is not None:
        urls.append(("selfInit.oidc.issuer", given.oidc.issuer))
    if given.jwt is not None:
        urls += [("selfInit.jwt.discoveryUrl", given.jwt.discovery_url), ("selfInit.jwt.jwksUrl", given.jwt.jwks_url)]

    def look(_: int, item: tuple[str, str | None]) -> Iterator[Breach]:
        path, url = item
        if url is not None and not _is_issuer(str(url), discovery=not path.endswith("jwksUrl")):
            yield Breach(path)

    yield from each(urls, look)


def _is_issuer(url: str, *, discovery: bool) -> bool:
    return is_elsewhere(url) and not (discovery and "/.well-known/" in f"{url}/")


@rule(
    "openbao.login.names",
    "Users and roles have names that OpenBao takes",
    since="ours",
    fields=("selfInit",),
    reason=f"OpenBao knows no path with this name, or it is given twice. {FINAL}",
    way_out="Use letters, digits, dots, dashes and underscores (no @), and each name once per method.",
    when=runs,
)
def login_names(case: Case) -> Iterator[Breach]:
    given = access(case)
    seen: set[tuple[str, str]] = set()
    for login in logins(given) if given is not None else ():
        key = (login.mount, login.name.lower())
        if not _LOGIN_NAME.fullmatch(login.name) or key in seen:
            yield Breach(login.field)
        seen.add(key)


@rule(
    "openbao.login.jwt-keys",
    "JWTs can be verified",
    since="ours",
    fields=("selfInit.jwt.discoveryUrl", "selfInit.jwt.jwksUrl", "selfInit.jwt.validationPubkeys"),
    reason=f"OpenBao wants exactly one source of keys. {FINAL}",
    way_out="Set exactly one of discoveryUrl, jwksUrl and validationPubkeys (PEM public keys).",
    when=lambda case: (given := access(case)) is not None and given.jwt is not None,
)
def jwt_keys(case: Case) -> Iterator[Breach]:
    given = access(case)
    jwt = given.jwt if given is not None else None
    if jwt is None:
        return
    sources = (jwt.discovery_url is not None, jwt.jwks_url is not None, bool(jwt.validation_pubkeys))
    if sum(sources) != 1:
        yield Breach("selfInit.jwt")

    def look(index: int, key: str) -> Iterator[Breach]:
        if not is_public_key(str(key)):
            path = f"selfInit.jwt.validationPubkeys[{index}]"
            yield Breach(path, f"This is no PEM public key. {FINAL}", "Write the whole PEM block, with its lines.")

    yield from each(jwt.validation_pubkeys, look)


@rule(
    "openbao.login.jwt-roles",
    "JWT roles say whom they mean",
    since="ours",
    fields=("selfInit.jwt.roles", "selfInit.oidc.roles", "selfInit.oidc.defaultRole"),
    reason=f"OpenBao refuses a JWT role without any bound claim. {FINAL}",
    way_out="Set boundAudiences, boundSubject or boundClaims.",
    when=lambda case: (given := access(case)) is not None and (given.jwt is not None or given.oidc is not None),
)
def jwt_roles(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None:
        return

    def bound(index: int, role: JwtRole) -> Iterator[Breach]:
        if not role.bound_audiences and role.bound_subject is None and not role.bound_claims:
            yield Breach(f"selfInit.jwt.roles[{index}]")

    def redirected(index: int, role: JwtRole) -> Iterator[Breach]:
        if not role.allowed_redirect_uris:
            reason = f"OpenBao refuses an OIDC role without redirect URIs. {FINAL}"
            way_out = "Set allowedRedirectUris, as in `https://<host>:8200/ui/vault/auth/oidc/oidc/callback`."
            yield Breach(f"selfInit.oidc.roles[{index}].allowedRedirectUris", reason, way_out)

    yield from each(given.jwt.roles if given.jwt is not None else [], bound)
    yield from each(given.oidc.roles if given.oidc is not None else [], redirected)
    if given.oidc is not None and str(given.oidc.default_role) not in [str(role.name) for role in given.oidc.roles]:
        reason = "People would be sent to a role that does not exist."
        yield Breach("selfInit.oidc.defaultRole", reason, "Name one of selfInit.oidc.roles.")


@rule(
    "openbao.login.kubernetes-roles",
    "Kubernetes roles say whom they mean",
    since="ours",
    fields=("selfInit.kubernetes.roles",),
    reason=f"OpenBao refuses `*` beside names. {FINAL}",
    way_out="Write names, or `*` alone.",
    when=lambda case: (given := access(case)) is not None and given.kubernetes is not None,
)
def kubernetes_roles(case: Case) -> Iterator[Breach]:
    given = access(case)

    def look(index: int, role: KubernetesRole) -> Iterator[Breach]:
        path = f"selfInit.kubernetes.roles[{index}]"
        names = [str(name) for name in role.bound_service_account_names]
        spaces = [str(name) for name in role.bound_service_account_namespaces]
        for field, values in (("boundServiceAccountNames", names), ("boundServiceAccountNamespaces", spaces)):
            if "*" in values and len(values) > 1:
                yield Breach(f"{path}.{field}")

    yield from each(given.kubernetes.roles if given is not None and given.kubernetes is not None else [], look)


@rule(
    "openbao.login.everybody",
    "Not every workload may log in",
    since="ours",
    scope="Hardened",
    fields=("selfInit.kubernetes.roles", "selfInit.requests"),
    reason="With `*` for names and namespaces every pod of the cluster holds a key to this one.",
    way_out="Name the ServiceAccounts or the namespaces.",
    when=lambda case: (given := access(case)) is not None and (given.kubernetes is not None or bool(given.requests)),
)
def not_everybody(case: Case) -> Iterator[Breach]:
    given = access(case)

    def look(index: int, role: KubernetesRole) -> Iterator[Breach]:
        if _anybody(role.bound_service_account_names) and _anybody(role.bound_service_account_namespaces):
            yield Breach(f"selfInit.kubernetes.roles[{index}]")

    def raw(index: int, request: SelfInitRequest) -> Iterator[Breach]:
        bound = [request.data.get(f"bound_service_account_{kind}") for kind in ("names", "namespaces")]
        if all(_anybody(value if isinstance(value, list) else str(value).split(",")) for value in bound):
            yield Breach(f"selfInit.requests[{index}]")

    yield from each(given.kubernetes.roles if given is not None and given.kubernetes is not None else [], look)
    yield from each(given.requests if given is not None else [], raw)


def _anybody(names: Sequence[str]) -> bool:
    """Whether a list of patterns leaves nobody out."""
    return any(str(name).strip() and not str(name).strip(" *") for name in names)


@rule(
    "openbao.login.approle",
    "AppRoles are bound to real ranges and ids of their own",
    since="ours",
    fields=("selfInit.approle.roles",),
    reason=f"OpenBao refuses this range, or a role id that another role has. {FINAL}",
    way_out="Write ranges like `10.0.0.0/8`, and give each role its own roleId.",
    when=lambda case: (given := access(case)) is not None and given.approle is not None,
)
def approles(case: Case) -> Iterator[Breach]:
    given = access(case)
    seen: set[str] = set()

    def look(index: int, role: AppRoleRole) -> Iterator[Breach]:
        path = f"selfInit.approle.roles[{index}]"
        for position, cidr in enumerate(role.bound_cidrs):
            if not is_network(str(cidr)):
                yield Breach(f"{path}.boundCidrs[{position}]")
        if role.role_id is not None:
            if str(role.role_id) in seen:
                yield Breach(f"{path}.roleId")
            seen.add(str(role.role_id))

    yield from each(given.approle.roles if given is not None and given.approle is not None else [], look)


@rule(
    "openbao.login.certificates",
    "Trusted certificates are certificates",
    since="ours",
    fields=("selfInit.cert.roles",),
    reason=f"OpenBao cannot read this certificate. {FINAL}",
    way_out="Write the whole PEM block from BEGIN CERTIFICATE to END CERTIFICATE, with its lines (`certificate: |`).",
    when=lambda case: (given := access(case)) is not None and given.cert is not None,
)
def certificates(case: Case) -> Iterator[Breach]:
    given = access(case)

    def look(index: int, role: CertRole) -> Iterator[Breach]:
        if not is_certificate(str(role.certificate)):
            yield Breach(f"selfInit.cert.roles[{index}].certificate")

    yield from each(given.cert.roles if given is not None and given.cert is not None else [], look)
