"""Pulumi property values as plain Python: secrets, unknowns, and the leaf-by-leaf difference of two values.

The engine sends protobuf Structs, which know only doubles and mark secrets and unknowns with magic strings. Everything
behind this module sees dicts, lists, strings, booleans, ints and floats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict, ParseDict

Properties = dict[str, Any]
"""camelCase property names to plain values."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What a preview sends, and takes, for a value that only the real run will know (the string form of it)."""

_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$]*\Z")


def secret(value: Any) -> Properties:
    """Mark a value that a provider makes as a secret, so that the engine encrypts it in the state."""
    return {_SIGNATURE: _SECRET, "value": value}


def is_secret(value: Any) -> bool:
    """Whether `secret` made this value."""
    return isinstance(value, Mapping) and value.get(_SIGNATURE) == _SECRET


def has_unknown(value: Any) -> bool:
    """Whether an unknown is anywhere in the value."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return bool(value == UNKNOWN)


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """A Struct as a dict: whole doubles become ints, secret marks are taken off."""
    plain: Properties = _plain(MessageToDict(struct))
    return plain


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """A dict as a Struct; the marks of `secret` stay."""
    return ParseDict(dict(properties), struct_pb2.Struct())


def _plain(value: Any) -> Any:
    if is_secret(value):
        return _plain(value["value"])
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def changes(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf that differs, as (Pulumi property path, "add" | "delete" | "update")."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _change(old, new, key, _join(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _change(dict(enumerate(old)), dict(enumerate(new)), index, f"{path}[{index}]")
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, "update"


def _change(old: Mapping[Any, Any], new: Mapping[Any, Any], key: Any, path: str) -> Iterator[tuple[str, str]]:
    if key not in old:
        yield path, "add"
    elif key not in new:
        yield path, "delete"
    else:
        yield from changes(old[key], new[key], path)


def _join(path: str, key: str) -> str:
    if not _PLAIN_KEY.match(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def within(path: str, prefix: str) -> bool:
    """Whether a property path is the other one or lies below it."""
    return path == prefix or path.startswith((f"{prefix}.", f"{prefix}["))
