"""Examples: requests of self-initialisation and their values."""

from __future__ import annotations

from typing import Any

from tests.contract.examples.example import accepted, refused
from tests.contract.specifications import DEVELOPMENT

R = "selfInit.requests"
POLICY = 'path "kv/*" { capabilities = ["read"] }'


def _requests(*requests: dict[str, Any]) -> dict[str, Any]:
    return {R: [{"name": f"r{index}", **request} for index, request in enumerate(requests)]}


def _data(value: Any) -> dict[str, Any]:
    return _requests({"path": "sys/quotas/config", "data": {"value": value}})


EXAMPLES = [
    refused("self_init.bootstrap_agrees", "selfInit", {"bootstrap": "manual"}),
    refused("self_init.bootstrap_agrees", "selfInit.enabled", {"selfInit.enabled": False}, base=DEVELOPMENT),
    accepted("self_init.bootstrap_agrees", {"bootstrap": "operatorInit"}, base=DEVELOPMENT),
    refused("self_init.not_empty", "selfInit", {"selfInit": {}}),
    accepted("self_init.not_empty"),
    refused("self_init.request_count", R, _requests(*[{"path": "sys/quotas/config"}] * 65)),
    accepted("self_init.request_count", _requests(*[{"path": "sys/quotas/config"}] * 64)),
    refused("self_init.request_names", f"{R}[0].name", _requests({"name": "a b", "path": "sys/quotas/config"})),
    refused("self_init.request_names", f"{R}[0].name", _requests({"name": "a" * 65, "path": "sys/quotas/config"})),
    refused("self_init.request_names", f"{R}[1].name", _requests(*[{"name": "a", "path": "sys/quotas/config"}] * 2)),
    accepted("self_init.request_names", _requests({"name": "_a-1", "path": "sys/quotas/config"})),
    *(
        refused("self_init.request_paths", f"{R}[0].path", _requests({"path": path}))
        for path in (
            "/sys/quotas/config",
            "v1/sys/quotas/config",
            "sys//quotas/config",
            "sys/../quotas",
            "sys/auth?x=1",
            "sys/" + "a" * 256,
        )
    ),
    accepted("self_init.request_paths", _requests({"path": "sys/quotas/config"})),
    refused("self_init.typed_blocks", f"{R}[0]", _requests({"path": "sys/auth/x", "data": {"type": "userpass"}})),
    refused("self_init.typed_blocks", f"{R}[0]", _requests({"path": "sys/mounts/x", "data": {"type": "kv"}})),
    refused("self_init.typed_blocks", f"{R}[0]", _requests({"path": "sys/policies/acl/x", "data": {"policy": POLICY}})),
    refused("self_init.typed_blocks", f"{R}[0].policy", _requests({"path": "sys/quotas/config", "policy": POLICY})),
    accepted(
        "self_init.typed_blocks",
        _requests(
            {"path": "sys/auth/x", "authMethod": {"type": "userpass"}},
            {"path": "sys/mounts/y", "secretEngine": {"path": "y", "type": "kv"}},
            {"path": "sys/policies/acl/z", "policy": POLICY},
            {"path": "sys/auth/x/tune", "data": {"max_lease_ttl": "1h"}},
        ),
    ),
    *(
        refused("self_init.forbidden_paths", f"{R}[0].path", _requests({"path": path}))
        for path in (
            "sys/audit/file",
            "sys/init",
            "sys/seal",
            "sys/generate-root/attempt",
            "sys/raw/core",
            "sys/rekey/init",
            "sys/monitor",
            "auth/token/create",
            "auth/token/create-orphan",
            "auth/token/create/role",
        )
    ),
    *(
        refused("self_init.forbidden_paths", f"{R}[0].operation", _requests({"path": path, "operation": "delete"}))
        for path in ("sys/auth/userpass", "auth/userpass/users/admin", "sys/policies/acl/admin")
    ),
    accepted("self_init.forbidden_paths", _requests({"path": "sys/quotas/config"})),
    refused(
        "self_init.keeps_token", f"{R}[0]", _requests({"path": "auth/token/revoke-self"}, {"path": "sys/quotas/config"})
    ),
    accepted("self_init.keeps_token", _requests({"path": "sys/quotas/config"}, {"path": "auth/token/revoke-self"})),
    refused("self_init.uses_mounts", f"{R}[0].path", _requests({"path": "auth/jwt/role/x"})),
    refused("self_init.uses_mounts", f"{R}[0].path", _requests({"path": "kv/data/x"})),
    refused("self_init.uses_mounts", f"{R}[0].path", _requests({"path": "sys/polices/password/x"})),
    refused("self_init.uses_mounts", f"{R}[0].path", _requests({"path": "sys/health", "operation": "read"})),
    refused(
        "self_init.uses_mounts",
        f"{R}[0].path",
        _requests({"path": "auth/x/users/a"}, {"path": "sys/auth/x", "authMethod": {"type": "userpass"}}),
    ),
    accepted(
        "self_init.uses_mounts",
        {
            "selfInit.mounts": [{"path": "kv", "type": "kv"}],
            **_requests(
                {"path": "sys/auth/x", "authMethod": {"type": "userpass"}},
                {"path": "auth/x/users/a", "data": {"password_hash": "h"}},
                {"path": "auth/userpass/users/b"},
                {"path": "kv/data/x"},
                {"path": "nowhere/x", "allowFailure": True},
            ),
        },
    ),
    refused("self_init.mount_conflicts", "selfInit.userpass.path", {"selfInit.userpass.path": "openbao-proof"}),
    refused(
        "self_init.mount_conflicts",
        f"{R}[0]",
        _requests({"path": "sys/auth/userpass", "authMethod": {"type": "userpass"}}),
    ),
    refused(
        "self_init.mount_conflicts", "selfInit.mounts[0].path", {"selfInit.mounts": [{"path": "sys/x", "type": "kv"}]}
    ),
    refused(
        "self_init.mount_conflicts",
        "selfInit.mounts[1].path",
        {"selfInit.mounts": [{"path": "a/b", "type": "kv"}, {"path": "a", "type": "kv"}]},
    ),
    refused(
        "self_init.mount_conflicts", "selfInit.mounts[0].path", {"selfInit.mounts": [{"path": "a b", "type": "kv"}]}
    ),
    accepted(
        "self_init.mount_conflicts", {"selfInit.mounts": [{"path": "a/", "type": "kv"}, {"path": "ab", "type": "kv"}]}
    ),
    refused("self_init.mount_types", "selfInit.mounts[0].path", {"selfInit.mounts": [{"path": "a", "type": "kvv"}]}),
    refused("self_init.mount_types", f"{R}[0]", _requests({"path": "sys/auth/x", "authMethod": {"type": "ldap"}})),
    refused(
        "self_init.mount_types",
        "selfInit.mounts[0].options.version",
        {"selfInit.mounts": [{"path": "a", "type": "kv", "options": {"version": "3"}}]},
    ),
    accepted(
        "self_init.mount_types",
        {"version": "2.6.2", **_requests({"path": "sys/auth/x", "authMethod": {"type": "ldap"}})},
    ),
    # --- values
    *(
        refused("self_init_values.exact_values", f"{R}[0].data.value{inner}", _data(value))
        for value, inner in (
            (None, ""),
            ([], ""),
            (["x", True], "[1]"),
            ([{"a": 1}], "[0]"),
            ([["a"]], "[0]"),
            ({"a": [{"b": 1}]}, ".a[0]"),
            (2**63, ""),
            (float("nan"), ""),
        )
    ),
    accepted("self_init_values.exact_values", _data({"a": {"b": ["x", 1, 2.5]}, "c": True, "d": "☃"})),
    *(
        refused("self_init_values.readable_sources", f"{R}[0].data.value", _data({"eval_type": "string", **source}))
        for source in (
            {"eval_source": "enviroment"},
            {"eval_source": "env", "env_var": "PASSWORD"},
            {"eval_source": "file"},
            {"eval_source": "file", "path": "/home/me/password"},
            {"eval_source": "file", "path": "/etc/bao/../passwd"},
        )
    ),
    refused(
        "self_init_values.readable_sources",
        f"{R}[0].data.value",
        {"version": "2.5.5", **_data({"eval_type": "string", "eval_source": "cel", "expression": "1"})},
    ),
    accepted(
        "self_init_values.readable_sources",
        _data({"eval_type": "string", "eval_source": "file", "path": "/etc/bao/tls/ca.crt"}),
    ),
    refused(
        "self_init_values.no_inline_secrets",
        f"{R}[0].data.password",
        _requests({"path": "auth/userpass/users/a", "data": {"password": "canary"}}),
    ),
    refused(
        "self_init_values.no_inline_secrets",
        f"{R}[0].data.data.client_secret",
        _requests({"path": "kv/data/x", "data": {"data": {"client_secret": "canary"}}, "allowFailure": True}),
    ),
    accepted(
        "self_init_values.no_inline_secrets",
        _requests({"path": "sys/rotate/recovery/init", "data": {"secret_shares": 1, "secret_threshold": 1}}),
    ),
    accepted(
        "self_init_values.no_inline_secrets",
        _requests({"path": "auth/userpass/users/a", "data": {"token_policies": "admin", "token_ttl": "1h"}}),
    ),
]
