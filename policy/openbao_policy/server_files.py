"""What a server's configuration file, in JSON or HCL, says in the words of a specification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from profiles.hcl import PolicyError, read_document

_FLAGS = {
    "raw_storage_endpoint": "rawStorageEndpoint",
    "introspection_endpoint": "introspectionEndpoint",
    "unsafe_allow_api_audit_creation": "unsafeAllowAPIAuditCreation",
}
_SEAL_FIELDS = {
    "transit": ("address", "key_name", "token", "tls_skip_verify"),
    "awskms": ("region", "kms_key_id", "access_key", "secret_key", "session_token"),
    "gcpckms": ("project", "region", "key_ring", "crypto_key"),
    "azurekeyvault": ("vault_name", "key_name", "client_secret"),
    "ocikms": ("key_id", "crypto_endpoint", "management_endpoint"),
    "kmip": ("endpoint", "kms_key_id"),
    "pkcs11": ("lib", "slot", "token_label", "key_label", "key_id", "pin"),
    "static": (),
}
_INLINE = {"token", "access_key", "secret_key", "session_token", "client_secret", "pin"}
_SEEN_OF_SEAL = ("type", "address", "tlsSkipVerify", "token", "secretKey", "sessionToken", "clientSecret", "pin")
_SEEN_OF_SERVER = ("listener.tlsDisable", "detectDeadlocks", "logLevel", *_FLAGS.values())


def read_server_files(text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The part of a specification that a file shows, and its fields; nothing when it is no server configuration."""
    document = _document(text)
    if document is None or not {"listener", "seal", "storage"} & document.keys():
        return {}, ()
    data: dict[str, Any] = {}
    fields: list[str] = []
    if "listener" in document:
        data["configuration"] = _configuration(document)
        fields += [f"configuration.{name}" for name in _SEEN_OF_SERVER]
    seal = _seal(document)
    if seal is not None:
        data["unseal"] = seal
        fields += [f"unseal.{name}" for name in _SEEN_OF_SEAL]
    devices = _audit(document)
    if devices:
        data["audit"] = devices
        fields.append("audit")
    return data, tuple(fields)


def _document(text: str) -> dict[str, list[Any]] | None:
    """Every top-level entry under its name, as a list of `(labels, value)`."""
    if text.lstrip().startswith("{"):
        try:
            entries = [([key], value) for key, value in json.loads(text).items()]
        except (ValueError, AttributeError):
            return None
    else:
        try:
            entries = read_document(text)
        except PolicyError:
            return None
    found: dict[str, list[Any]] = {}
    for keys, value in entries:
        for one in value if isinstance(value, list) and all(isinstance(item, Mapping) for item in value) else [value]:
            found.setdefault(keys[0], []).append((keys[1:], one))
    return found


def _blocks(document: Mapping[str, list[Any]], name: str) -> list[tuple[str, dict[str, Any]]]:
    """Blocks as `(type, body)`, however their type was written: as label, as key, or as `type`."""
    blocks = []
    for labels, body in document.get(name, []):
        if labels:
            blocks.append((labels[0], dict(body)))
        elif isinstance(body, Mapping) and "type" in body:
            blocks.append((str(body["type"]), dict(body)))
        elif isinstance(body, Mapping):
            blocks += [(key, dict(inner)) for key, inner in body.items() if isinstance(inner, Mapping)]
    return blocks


def _value(document: Mapping[str, list[Any]], name: str) -> Any:
    found = document.get(name)
    return found[0][1] if found else None


def _yes(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "t", "yes")


def _configuration(document: Mapping[str, list[Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {to: True for name, to in _FLAGS.items() if _yes(_value(document, name))}
    disabled = [_yes(body.get("tls_disable", False)) for _, body in _blocks(document, "listener")]
    read["listener"] = {"tlsDisable": any(disabled)}
    watched = [word.strip() for word in str(_value(document, "detect_deadlocks") or "").split(",") if word.strip()]
    if watched:
        read["detectDeadlocks"] = watched
    level = _value(document, "log_level")
    if level is not None:
        read["logLevel"] = str(level).lower()
    return read


def _seal(document: Mapping[str, list[Any]]) -> dict[str, Any] | None:
    """The enabled seal; values that point elsewhere (`file://`, `env://`) are no inline secrets."""
    for kind, body in _blocks(document, "seal"):
        if _yes(body.get("disabled", False)) or kind not in _SEAL_FIELDS:
            continue
        read: dict[str, Any] = {"type": kind}
        for name in _SEAL_FIELDS[kind]:
            value = body.get(name)
            if value is None or (name in _INLINE and str(value).startswith(("file://", "env://"))):
                continue
            camel = {"kms_key_id": "kmsKeyId"}.get(name, to_camel(name))
            read[camel] = _yes(value) if name == "tls_skip_verify" else str(value)
        return read
    return None


def _audit(document: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = []
    for kind, body in _blocks(document, "audit"):
        options = body.get("options", {})
        if kind in ("file", "syslog", "socket", "http") and isinstance(options, Mapping):
            named = str(body.get("path", f"device-{len(devices)}"))
            texts = {key: str(value) for key, value in options.items()}
            devices.append({"type": kind, "name": named.strip("/").replace("/", "-"), "options": texts})
    return devices
