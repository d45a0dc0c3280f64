"""Requests of self-initialisation: a failed one is final, so each is checked for what OpenBao would refuse."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.access_plan import PROOF, Mount, auth_mounts, engine_mounts, plain_path
from profiles.rules.rule import Breach, Case, each, rule
from profiles.rules.versions import release
from profiles.specification.bootstrap import SelfInit, SelfInitRequest

FINAL = "A failed self-initialisation is final: the storage would have to be wiped."
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_TYPED = {"sys/auth/": "auth_method", "sys/mounts/": "secret_engine", "sys/policies/acl/": "policy"}
_SPELLED = {"auth_method": "authMethod", "secret_engine": "secretEngine", "policy": "policy"}
_FORBIDDEN = {
    "sys/audit": ("OpenBao refuses audit devices by API.", "Declare it in `audit`."),
    "sys/init": ("The cluster is initialising itself at this moment.", "Remove it."),
    "sys/seal": ("It would seal the server in the middle of its bootstrap.", "Remove it."),
    "sys/unseal": ("An auto-unsealed server is not unsealed by request.", "Remove it."),
    "sys/step-down": ("It would give up the leadership in the middle of the bootstrap.", "Remove it."),
    "sys/rekey": ("These endpoints are switched off.", "Use recoveryKeys."),
    "sys/rekey-recovery-key": ("These endpoints are switched off.", "Use recoveryKeys."),
    "sys/generate-root": ("These endpoints are switched off.", "Use recoveryKeys."),
    "sys/raw": ("Raw storage is switched off.", "Remove it."),
    "sys/storage/raft/snapshot": ("A snapshot has no place in a bootstrap.", "Restore it afterwards by the API."),
    "sys/monitor": ("It stops the server with a panic.", "Remove it."),
    "sys/storage/raft/snapshot-force": ("A snapshot has no place in a bootstrap.", "Restore it afterwards by the API."),
}
_SYSTEM = frozenset(
    """audit audit-hash auth capabilities capabilities-accessor capabilities-self config control-group decode-token
    external-keys generate-root generate-root-token ha-status host-info in-flight-req init internal key-status leader
    leases locked-users loggers metrics mfa monitor mounts namespaces plugins policies policy quotas raw rekey
    rekey-recovery-key remount rotate seal seal-status step-down storage tools unseal version-history workflows
    wrapping""".split()  # noqa: SIM905 - one name per line would fill the page
)
"""What there is below `sys/` for a request of the bootstrap; `sys/health` and `sys/pprof` are not."""
_DELETABLE = ("auth/", "sys/auth/", "sys/mounts/", "sys/policies/", "sys/policy/")
_ENGINES = frozenset({"kv", "kv-v1", "kv-v2", "pki", "transit", "ssh", "totp", "database", "kubernetes", "rabbitmq"})
_AUTH = frozenset({"userpass", "approle", "cert", "jwt", "oidc", "kubernetes"})
_UNTIL_2_7 = frozenset({"ldap", "kerberos", "radius", "openldap"})


def access(case: Case) -> SelfInit | None:
    """What self-initialisation will run, if it runs."""
    given = case.spec.self_init
    return given if given is not None and given.enabled and case.spec.bootstrap == "selfInit" else None


def runs(case: Case) -> bool:
    """Whether self-initialisation runs at all."""
    return access(case) is not None


def _requests(case: Case) -> list[SelfInitRequest]:
    given = access(case)
    return given.requests if given is not None else []


@rule(
    "contract.self-init.bootstrap",
    "Self-initialisation is either on or absent",
    since="S",
    fields=("bootstrap", "selfInit.enabled", "selfInit"),
    reason="selfInit and bootstrap contradict each other, so what is written would be ignored.",
    way_out="Use bootstrap selfInit with selfInit enabled, or another bootstrap without selfInit.",
)
def bootstrap_agrees(case: Case) -> Iterator[Breach]:
    given = case.spec.self_init
    if case.spec.bootstrap != "selfInit" and given is not None and given.enabled:
        yield Breach("selfInit")
    # Hardened says this by hardened.baseline.
    if case.spec.bootstrap == "selfInit" and case.spec.profile == "Development" and not runs(case):
        yield Breach("selfInit.enabled")


@rule(
    "contract.self-init.requests",
    "Self-initialisation does something",
    since="S",
    fields=("selfInit",),
    reason="Without any access method or request the cluster would come up with no way in.",
    way_out="Describe at least one access method: userpass, kubernetes, jwt, oidc, approle, cert, or requests.",
    when=runs,
)
def not_empty(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is not None and not given.requests and not any(True for _ in auth_mounts(given)):
        yield Breach("selfInit")


@rule(
    "contract.self-init.request-count",
    "At most 64 requests",
    since="S",
    fields=("selfInit.requests",),
    reason="Self-initialisation is for the way in, not for everything: more than 64 requests are refused.",
    way_out="Keep what is needed to log in, and do the rest afterwards by the API.",
    when=runs,
)
def request_count(case: Case) -> Iterator[Breach]:
    if len(_requests(case)) > 64:
        yield Breach("selfInit.requests")


@rule(
    "contract.self-init.request-names",
    "Request names are unique and plain",
    since="S",
    fields=("selfInit.requests",),
    reason=f"OpenBao refuses this name, or the second of two equal ones. {FINAL}",
    way_out="Use letters, digits, dashes and underscores, a letter first, at most 64, and each name once.",
    when=runs,
)
def request_names(case: Case) -> Iterator[Breach]:
    seen: set[str] = set()

    def look(index: int, request: SelfInitRequest) -> Iterator[Breach]:
        name = str(request.name)
        if not _NAME.fullmatch(name) or name in seen:
            yield Breach(f"selfInit.requests[{index}].name")
        seen.add(name)

    yield from each(_requests(case), look)


@rule(
    "contract.self-init.request-paths",
    "Request paths are paths of the API",
    since="S",
    fields=("selfInit.requests",),
    reason=f"OpenBao knows no such path. {FINAL}",
    way_out="Write it as after `/v1/`: no slash or `v1` in front, no empty or dotted parts, no query, at most 256 "
    "characters.",
    when=runs,
)
def request_paths(case: Case) -> Iterator[Breach]:
    def look(index: int, request: SelfInitRequest) -> Iterator[Breach]:
        path = str(request.path)
        parts = path.removesuffix("/").split("/")
        if (
            len(path) > 256
            or parts[0] == "v1"
            or any(part in ("", ".", "..") or part != part.strip() or "?" in part for part in parts)
        ):
            yield Breach(f"selfInit.requests[{index}].path")

    yield from each(_requests(case), look)


@rule(
    "contract.self-init.typed-blocks",
    "Mounts and policies are typed",
    since="S",
    fields=("selfInit.requests",),
    reason="Free data for a mount or policy is not checked by anybody before it is too late.",
    way_out="Use authMethod (sys/auth/…), secretEngine (sys/mounts/…) or policy (sys/policies/acl/…) instead of data.",
    when=runs,
)
def typed_blocks(case: Case) -> Iterator[Breach]:
    def look(index: int, request: SelfInitRequest) -> Iterator[Breach]:
        path = str(request.path)
        at = f"selfInit.requests[{index}]"
        wanted = next((field for prefix, field in _TYPED.items() if path.startswith(prefix)), None)
        if path.endswith("/tune"):
            wanted = None
        given = [field for field in _SPELLED if getattr(request, field) is not None]
        if wanted is not None and request.operation in ("create", "update", "patch") and wanted not in given:
            yield Breach(at, way_out=f"Use {_SPELLED[wanted]} instead of data.")
        for field in given:
            if field != wanted or request.data:
                reason = "This block does not belong to this path, or stands beside data."
                yield Breach(f"{at}.{_SPELLED[field]}", reason, "Keep the one block that fits the path.")

    yield from each(_requests(case), look)


@rule(
    "openbao.self-init.forbidden-paths",
    "No request that OpenBao refuses in a bootstrap",
    since="ours",
    fields=("selfInit.requests",),
    reason=FINAL,
    way_out="Remove this request.",
    when=runs,
)
def forbidden_paths(case: Case) -> Iterator[Breach]:
    def look(index: int, request: SelfInitRequest) -> Iterator[Breach]:
        path = plain_path(request.path)
        for prefix, (reason, way_out) in _FORBIDDEN.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                yield Breach(f"selfInit.requests[{index}].path", f"{reason} {FINAL}", way_out)
                return
        if path.startswith("auth/token/create"):
            reason = "A token made here is a root token if nothing else is said, and an orphan outlives the bootstrap."
            way_out = "Describe an access method instead, and let its user log in."
            yield Breach(f"selfInit.requests[{index}].path", reason, way_out)
        if request.operation == "delete" and path.startswith(_DELETABLE):
            reason = "A new cluster has nothing to delete but what its own bootstrap made, such as the only way in."
            yield Breach(f"selfInit.requests[{index}].operation", reason)

    yield from each(_requests(case), look)


@rule(
    "openbao.self-init.revoke",
    "The bootstrap keeps its token to the end",
    since="ours",
    fields=("selfInit.requests", "version"),
    reason=f"After this request the bootstrap's token is gone and every later one fails. {FINAL}",
    way_out="Remove it: from OpenBao 2.6 the token is revoked by itself.",
    when=runs,
)
def keeps_token(case: Case) -> Iterator[Breach]:
    requests = _requests(case)
    for index, request in enumerate(requests[:-1]):
        if plain_path(request.path) == "auth/token/revoke-self":
            yield Breach(f"selfInit.requests[{index}]")


@rule(
    "openbao.self-init.mounts",
    "Requests use what exists",
    since="S",
    fields=("selfInit.requests", "selfInit.mounts"),
    reason=f"Nothing is mounted there when this request runs. {FINAL}",
    way_out="Mount it in an earlier request (authMethod, secretEngine) or by a typed block, or correct the path.",
    when=runs,
)
def uses_mounts(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None:
        return
    made = [f"auth/{mount.path}/" for mount in auth_mounts(given.model_copy(update={"requests": []}))]
    made += [f"{mount.path}/" for mount in engine_mounts(given.model_copy(update={"requests": []}))]
    made += ["identity/", "cubbyhole/", "auth/token/", *(f"sys/{name}/" for name in _SYSTEM)]

    def look(index: int, request: SelfInitRequest) -> Iterator[Breach]:
        path = f"{plain_path(request.path)}/"
        if not path.startswith(tuple(made)) and not request.allow_failure:
            yield Breach(f"selfInit.requests[{index}].path")
        if path.startswith("sys/auth/"):
            made.append(f"auth/{path.removeprefix('sys/auth/')}")
        if path.startswith("sys/mounts/"):
            made.append(path.removeprefix("sys/mounts/"))

    yield from each(given.requests, look)


@rule(
    "openbao.self-init.mount-conflicts",
    "Every mount has a path of its own",
    since="ours",
    fields=("selfInit",),
    reason=f"This path is taken, reserved, or lies inside or above another mount. {FINAL}",
    way_out=f"Choose another path; `{PROOF}`, `token`, `sys`, `auth`, `identity` and `cubbyhole` are reserved.",
    when=runs,
)
def mount_conflicts(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None:
        return
    yield from _conflicts(list(auth_mounts(given)), ["token", PROOF])
    yield from _conflicts(list(engine_mounts(given)), ["sys", "auth", "identity", "cubbyhole"])


def _conflicts(mounts: list[Mount], reserved: list[str]) -> Iterator[Breach]:
    taken = list(reserved)
    for mount in mounts:
        path = f"{mount.path}/"
        if any(path.startswith(f"{other}/") or f"{other}/".startswith(path) for other in taken):
            yield Breach(mount.field)
        elif not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]*", mount.path) or "//" in mount.path:
            yield Breach(
                mount.field, f"This is no plain path. {FINAL}", "Use letters, digits, dots, dashes and slashes."
            )
        taken.append(mount.path)


@rule(
    "openbao.self-init.mount-types",
    "Mounts are of a kind that OpenBao has",
    since="ours",
    fields=("selfInit", "version"),
    reason=f"This release has no such engine or method built in. {FINAL}",
    way_out="Correct the type; engines from plugins are mounted after the bootstrap.",
    when=runs,
)
def mount_types(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None:
        return
    older = _UNTIL_2_7 if release(case.spec.version) < (2, 7, 0) else frozenset()
    for mount in auth_mounts(given):
        if mount.type not in _AUTH | older:
            yield Breach(mount.field, f"OpenBao {case.spec.version} has no auth method `{mount.type}`. {FINAL}")
    for mount in engine_mounts(given):
        if mount.type not in _ENGINES | older:
            yield Breach(mount.field, f"OpenBao {case.spec.version} has no secrets engine `{mount.type}`. {FINAL}")
    for index, engine in enumerate(given.mounts):
        version = engine.options.get("version")
        if engine.type == "kv" and version is not None and str(version) not in ("1", "2"):
            path = f"selfInit.mounts[{index}].options.version"
            yield Breach(path, f"kv has versions 1 and 2. {FINAL}", 'Write "1" or "2".')
