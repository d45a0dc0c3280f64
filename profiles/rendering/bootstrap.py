"""Self-initialisation: the `initialize` stanzas that ordinal 0 sees once in the life of a cluster.

A failed self-init is final (https://openbao.org/docs/configuration/self-init/), so only shapes that OpenBao reads
exactly are rendered, names are made legal and unique, and secrets stay in files. Order: settings, policies, mounts,
access methods, our own proof login, recovery keys, and last the raw requests.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from profiles.layout import Names
from profiles.rendering.access import Call, access_groups
from profiles.rendering.secret_files import PROOF_USER, from_file
from profiles.rendering.text import Stanza, exactly, known, legal_name, require_known, without_empty
from profiles.rendering.versions import revokes_root_token
from profiles.specification import Specification
from profiles.specification.bootstrap import SelfInit, SelfInitMount, SelfInitRequest

ProofLogin = Literal["userpass", "kubernetes"]
"""How the proof Job logs in: a generated password, or its own ServiceAccount (needs token reviews)."""

PROOF_MOUNT = "openbao-proof"
PROOF_POLICY = "openbao-proof"
PROOF_ROLE = "openbao-proof"
PROOF_AUDIENCE = "openbao-proof"
PROOF_SERVICE_ACCOUNT = "proof"
PROOF_TTL = "5m"

PROOF_RULES = """\
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }
path "sys/audit" { capabilities = ["read", "sudo"] }
path "auth/token/accessors" { capabilities = ["list", "sudo"] }
path "auth/token/lookup-accessor" { capabilities = ["update"] }
"""
"""All that the proof may do: see the peers, the audit devices, and what kinds of tokens live."""


def bootstrap_configuration(specification: Specification, proof: ProofLogin = "userpass") -> dict[str, object] | None:
    """What only ordinal 0 may read, as `layout.BOOTSTRAP_FILE`; None unless `bootstrap` is `selfInit`.

    Holds no secret. Raises `NotKnownYet` for the field that is not known yet.
    """
    if specification.bootstrap != "selfInit":
        return None
    access = specification.self_init or SelfInit()
    groups = [
        _group("settings", [_autopilot(specification)]),
        _group("policies", _policies(access)),
        _group("mounts", _mounts(access.mounts)),
        *(_group(name, calls) for name, calls in access_groups(access)),
        _group("proof", _proof(specification, proof)),
        _group("recovery", _recovery(specification)),
        _raw(access.requests),
        *([] if revokes_root_token(specification) else [_group("end", [("revoke", "auth/token/revoke-self", {})])]),
    ]
    configuration: dict[str, object] = {"initialize": [group for group in groups if group["request"]]}
    require_known(configuration)
    return configuration


def _group(name: str, calls: Iterable[Call]) -> Stanza:
    taken: set[str] = set()
    return {
        "type": name,
        "request": [
            without_empty({"type": legal_name(wish, taken), "operation": "update", "path": path, "data": exactly(data)})
            for wish, path, data in calls
        ],
    }


def _autopilot(specification: Specification) -> Call:
    wishes = specification.configuration.autopilot
    cleanup = wishes.cleanup_dead_servers
    if cleanup is None:
        cleanup = specification.replicas >= 3
    settings: Stanza = {"server_stabilization_time": wishes.server_stabilization_time}
    if cleanup:
        settings |= {
            "cleanup_dead_servers": True,
            "dead_server_last_contact_threshold": wishes.dead_server_last_contact_threshold,
            "min_quorum": max(3, specification.replicas),  # below 3 OpenBao refuses, and the bootstrap is lost
        }
    return "autopilot", "sys/storage/raft/autopilot/configuration", settings


def _policies(access: SelfInit) -> Iterable[Call]:
    for policy in access.policies:
        yield policy.name, f"sys/policies/acl/{policy.name}", {"policy": policy.policy}


def _mounts(mounts: Iterable[SelfInitMount]) -> Iterable[Call]:
    for mount in mounts:
        yield mount.path, f"sys/mounts/{mount.path.strip('/')}", _engine(mount)


def _engine(mount: SelfInitMount) -> Stanza:
    return without_empty({"type": mount.type, "description": mount.description, "options": dict(mount.options)})


def _proof(specification: Specification, login: ProofLogin) -> Iterable[Call]:
    yield "policy", f"sys/policies/acl/{PROOF_POLICY}", {"policy": PROOF_RULES}
    yield "mount", f"sys/auth/{PROOF_MOUNT}", {"type": login}
    token = {"token_policies": [PROOF_POLICY], "token_ttl": PROOF_TTL, "token_max_ttl": PROOF_TTL}
    if login == "userpass":
        password = from_file("userpass", PROOF_USER, "password")
        yield "user", f"auth/{PROOF_MOUNT}/users/{PROOF_USER}", {"password": password, **token}
        return
    names = Names.of(specification)
    yield "config", f"auth/{PROOF_MOUNT}/config", {"kubernetes_host": "https://kubernetes.default.svc"}
    bound = {
        "bound_service_account_names": [names.child(PROOF_SERVICE_ACCOUNT)],
        "bound_service_account_namespaces": [names.namespace],
        "audience": PROOF_AUDIENCE,
    }
    yield "role", f"auth/{PROOF_MOUNT}/role/{PROOF_ROLE}", {**bound, **token}


def _recovery(specification: Specification) -> Iterable[Call]:
    keys = specification.recovery_keys
    if keys is not None:
        shares = {
            "secret_shares": keys.shares,
            "secret_threshold": keys.threshold,
            "pgp_keys": [recipient.pgp_public_key for recipient in keys.recipients],
            "backup": True,
        }
        yield "shares", "sys/rotate/recovery/init", shares


def _raw(requests: Iterable[SelfInitRequest]) -> Stanza:
    taken: set[str] = set()
    return {"type": "requests", "request": [_request(request, taken) for request in requests]}


def _request(request: SelfInitRequest, taken: set[str]) -> Stanza:
    require_known(request.name)
    return {
        "type": legal_name(request.name, taken),
        "operation": request.operation,
        "path": request.path,
        **without_empty({"data": exactly(_data(request))}),
        **({"allow_failure": True} if request.allow_failure else {}),
    }


def _data(request: SelfInitRequest) -> dict[str, Any]:
    if request.auth_method is not None:
        method = request.auth_method
        return without_empty({"type": method.type, "description": method.description, "config": dict(method.config)})
    if request.secret_engine is not None:
        return _engine(request.secret_engine)
    if request.policy is not None:
        return {"policy": known(request.policy, "selfInit.requests.policy")}
    return dict(request.data)
