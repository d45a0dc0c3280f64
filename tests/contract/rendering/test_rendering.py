"""Rendering as a whole: what holds for every specification that the contract accepts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from profiles import layout
from profiles.layout import Names
from profiles.rendering import (
    PROOF_MOUNT,
    bootstrap_configuration,
    bootstrap_secrets,
    dump,
    inline_seal_keys,
    inline_seal_secret,
    plugin_architecture,
    seal_needs,
    secret_configuration,
    server_configuration,
    server_name,
)
from profiles.rendering.audit import audit_path
from profiles.specification import Specification
from profiles.specification.server import AuditDevice
from profiles.values import NotKnownYet, Unknown
from tests.contract.rendering.strategies import CANARY, accepted
from tests.golden.cases import SEALS, SELF_INIT, TLS_MODES, servers, specification

pytestmark = pytest.mark.contract

every_accepted = settings(max_examples=150, deadline=None, derandomize=True)
LEGAL = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*$")


def everything(spec: Specification) -> dict[str, Any]:
    """All that is rendered for pods."""
    parts = [server_configuration(spec), secret_configuration(spec), bootstrap_configuration(spec)]
    return {key: value for part in parts if part is not None for key, value in part.items()}


def leaves(value: Any) -> Iterator[Any]:
    """Every value inside a structure, the structures themselves included."""
    yield value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)


@every_accepted
@given(accepted())
def test_what_is_written_is_what_is_read(spec: Specification) -> None:
    """Broken: text in a specification becomes other text, or a setting, in the server's file."""
    for configuration in (server_configuration(spec), bootstrap_configuration(spec)):
        assert json.loads(dump(configuration or {})) == (configuration or {})


@every_accepted
@given(accepted())
def test_the_same_specification_renders_to_the_same_bytes(spec: Specification) -> None:
    """Broken: pods restart without a change."""
    again = Specification.model_validate(spec.model_dump(by_alias=True))
    assert dump(everything(again)) == dump(everything(spec))


@every_accepted
@given(accepted())
def test_nothing_that_the_reader_mangles_is_rendered(spec: Specification) -> None:
    """Broken: OpenBao drops, flattens or panics on a value, in the middle of a bootstrap that cannot be repeated."""
    for value in leaves(everything(spec)):
        assert value is not None
        assert value != []
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            assert all(isinstance(item, dict) for item in value)
    for data in request_data(spec):
        for value in data.values():
            assert not isinstance(value, dict), "inner maps stand in a list of one"
            maps = [item for item in leaves(value) if isinstance(item, list) and isinstance(item[0], dict)]
            assert all(len(item) == 1 for item in maps)


def request_data(spec: Specification) -> Iterator[dict[str, Any]]:
    """The data of every self-init request."""
    groups: Any = (bootstrap_configuration(spec) or {"initialize": []})["initialize"]
    return (request["data"] for group in groups for request in group["request"] if "data" in request)


@every_accepted
@given(accepted())
def test_every_listener_decides_about_tls(spec: Specification) -> None:
    """Broken: OpenBao turns to Let's Encrypt's production directory by itself."""
    listeners: Any = everything(spec)["listener"]
    for listener in listeners:
        by_files = "tls_cert_file" in listener and "tls_key_file" in listener
        by_acme = "tls_acme_ca_directory" in listener and listener["tls_acme_domains"]
        assert (listener["tls_disable"] is True) + by_files + bool(by_acme) == 1


@every_accepted
@given(accepted())
def test_names_in_self_init_are_legal_and_unique(spec: Specification) -> None:
    """Broken: OpenBao refuses the bootstrap, for good."""
    groups: Any = (bootstrap_configuration(spec) or {})["initialize"]
    names = [[request["type"] for request in group["request"]] for group in groups]
    for found in [[group["type"] for group in groups], *names]:
        assert len(found) == len(set(found))
        assert [name for name in found if not LEGAL.match(name)] == []


@every_accepted
@given(accepted())
def test_secrets_are_rendered_into_secrets_only(spec: Specification) -> None:
    """Broken: who reads ConfigMaps reads credentials."""
    shown = dump(server_configuration(spec)) + dump(bootstrap_configuration(spec) or {})
    assert CANARY not in shown
    if "token" in inline_seal_keys(spec):
        assert (inline_seal_secret(spec) or {})["token"] == CANARY


@every_accepted
@given(accepted())
def test_every_secret_file_that_self_init_reads_is_mounted(spec: Specification) -> None:
    """Broken: self-init looks for a file that nobody mounts, and fails for good."""
    read = {item["path"] for item in leaves(bootstrap_configuration(spec)) if is_source(item)}
    mounted = {f"{layout.BOOTSTRAP_SECRETS_DIR}/{secret.file}" for secret in bootstrap_secrets(spec)}
    assert read == mounted


def is_source(value: Any) -> bool:
    """Whether a value is read from a file by self-init."""
    return isinstance(value, dict) and value.get("eval_source") == "file"


@pytest.mark.parametrize(
    ("block", "field"),
    [
        ("configuration", "ui"),
        ("configuration", "log_format"),
        ("configuration", "cache_size"),
        ("telemetry", "prometheus_retention_time"),
        ("unseal", "previous"),
    ],
)
def test_a_value_that_is_not_known_yet_never_reaches_a_file(block: str, field: str) -> None:
    """Broken: a placeholder in a running server's configuration."""
    spec = specification()
    changed = getattr(spec, block).model_copy(update={field: Unknown(f"{block}.{field}")})
    with pytest.raises(NotKnownYet) as raised:
        dump(server_configuration(spec.model_copy(update={block: changed})))
    assert raised.value.path == f"{block}.{field}"


def test_a_key_that_is_still_to_be_made_is_not_known_yet() -> None:
    """Broken: a cluster starts without its key id."""
    with pytest.raises(NotKnownYet, match=r"unseal\.kmsKeyId"):
        server_configuration(specification(unseal={**SEALS["awskms"], "kmsKeyId": None}))


def test_unknown_values_in_self_init_are_noticed() -> None:
    """Broken: a placeholder becomes a policy or a password source."""
    request = {"name": "r", "path": "kv/x", "data": {"inner": {"value": Unknown("selfInit.requests[0].data")}}}
    with pytest.raises(NotKnownYet):
        bootstrap_configuration(specification(selfInit={"requests": [request]}))


def test_inline_credentials_are_counted_while_unknown() -> None:
    """Broken: a preview with an unresolved token fails instead of showing the Secret to come."""
    unseal = {"type": "transit", "address": "https://kms.example", "keyName": "k", "token": Unknown("unseal.token")}
    assert inline_seal_keys(specification(unseal=unseal)) == ["token"]


def test_an_audit_device_keeps_its_path_until_anything_about_it_changes() -> None:
    """Broken: an option changes under a path that the server knows, and no node becomes active."""
    device = AuditDevice(name="stdout", options={"file_path": "stdout"})
    same = AuditDevice(name="stdout", options={"file_path": "stdout"})
    assert audit_path(device) == audit_path(same)
    changes: list[dict[str, Any]] = [{"type": "syslog"}, {"description": "x"}, {"options": {"file_path": "/x"}}]
    paths = {audit_path(device.model_copy(update=change)) for change in changes}
    assert len(paths | {audit_path(device)}) == 4


def test_a_specification_without_self_init_renders_no_bootstrap() -> None:
    """Broken: a cluster that somebody initialises by hand finds itself initialised."""
    spec = specification(bootstrap="manual")
    assert bootstrap_configuration(spec) is None
    assert bootstrap_secrets(spec) == []


def test_autopilot_never_asks_for_what_the_server_refuses() -> None:
    """Broken: cleanup with fewer than three voters is refused, and the bootstrap is lost."""
    for replicas in (1, 2, 3, 5):
        settings_of = next(request_data(specification(replicas=replicas)))
        assert settings_of.get("cleanup_dead_servers", False) is (replicas >= 3)
        assert settings_of.get("min_quorum", 3) >= 3


def test_older_servers_are_told_to_revoke_the_root_token() -> None:
    """Broken: before 2.6 the root token of self-init outlives it."""
    groups: Any = (bootstrap_configuration(specification("2.5.3")) or {})["initialize"]
    assert groups[-1]["request"][-1]["path"] == "auth/token/revoke-self"


def test_the_proof_may_log_in_by_its_service_account_instead() -> None:
    """Broken: the proof has two ways in, or a password file that nobody makes."""
    spec = specification()
    configuration = bootstrap_configuration(spec, proof="kubernetes")
    assert not any(is_source(value) for value in leaves(configuration))
    assert bootstrap_secrets(spec, proof_password=False) == []
    assert f"auth/{PROOF_MOUNT}/role/openbao-proof" in dump(configuration or {})


def test_users_whose_names_are_no_file_names_get_different_files_and_secrets() -> None:
    """Broken: two users share one password."""
    users = [{"username": name, "policies": ["p"]} for name in ("a.b", "a-b", "A-b", "a_b", "a" * 60)]
    secrets = bootstrap_secrets(specification(selfInit={"userpass": {"users": users}}))
    assert len({secret.file for secret in secrets}) == len({secret.secret_name for secret in secrets}) == 6
    for secret in secrets:
        assert re.fullmatch(r"[-a-z0-9]{1,100}", secret.file)
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", secret.secret_name)


def test_names_by_which_pods_are_verified_follow_the_tls_mode() -> None:
    """Broken: joins and probes verify a name that the certificate does not carry."""
    own = Names.of(specification()).pod_dns("openbao-1")
    expected = {"managed": own, "external": "bao.example", "acme": own}
    for mode, name in expected.items():
        assert server_name(specification(tls=TLS_MODES[mode]), "openbao-1") == name


@pytest.mark.parametrize(
    ("given_sums", "selector", "expected"),
    [
        ({"amd64": "a" * 64}, None, "amd64"),
        ({"arm64": "a" * 64}, None, "arm64"),
        ({"amd64": "a" * 64, "arm64": "b" * 64}, "arm64", "arm64"),
        ({"amd64": "a" * 64, "arm64": "b" * 64}, None, "amd64"),
    ],
)
def test_the_checksum_is_that_of_the_architecture_that_pods_are_kept_to(
    given_sums: dict[str, str], selector: str | None, expected: str
) -> None:
    """Broken: a pod on another architecture refuses its plugin and never starts."""
    scheduling = {"nodeSelector": {"kubernetes.io/arch": selector}} if selector else {}
    plugin = {"command": "x", "sha256": given_sums}
    spec = specification(unseal={**SEALS["awskms"], "plugin": plugin}, scheduling=scheduling)
    assert plugin_architecture(spec) == expected
    stanzas: Any = server_configuration(spec)["plugin"]
    assert stanzas[0]["sha256sum"] == given_sums[expected]


def test_every_path_that_a_seal_reads_is_mounted_or_pointed_to() -> None:
    """Broken: the seal of a rendered configuration looks for a credential that no pod has."""
    for name, spec in servers():
        seal: Any = everything(spec)["seal"]
        needs = seal_needs(spec)
        folders = tuple(f"{mount.directory}/" for mount in needs.mounts)
        for value in leaves(seal):
            path = value.removeprefix("file://") if isinstance(value, str) else ""
            if path.startswith("/etc/bao/"):
                assert path.startswith(folders), f"{name}: {path}"


def test_self_init_asks_for_every_access_method_of_the_specification() -> None:
    """Broken: a way in that was written is not made."""
    configuration: Any = bootstrap_configuration(specification(selfInit=SELF_INIT))
    groups = [group["type"] for group in configuration["initialize"]]
    methods = ["userpass", "kubernetes", "jwt", "oidc", "approle", "cert"]
    assert groups == ["settings", "policies", "mounts", *methods, "proof", "requests"]
