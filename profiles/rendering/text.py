"""The last step of rendering: known values only, as text that never changes without reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import SecretStr

from profiles.values import NotKnownYet, Unknown

Stanza = dict[str, Any]
"""One block of configuration, as OpenBao's JSON reader wants it."""

T = TypeVar("T")


def known(value: T | None, path: str) -> T:
    """The value of a field that rendering cannot do without; raises `NotKnownYet` while there is none."""
    if value is None or isinstance(value, Unknown):
        raise NotKnownYet(path)
    return value


def reveal(secret: SecretStr | str | None, path: str) -> str:
    """The text of a field that may be secret; only for what ends in a Kubernetes Secret."""
    if isinstance(secret, SecretStr):
        return secret.get_secret_value()
    return known(secret, path)


def without_empty(stanza: Mapping[str, Any]) -> Stanza:
    """Leave out what was not said: OpenBao reads `null` as an empty string and an empty list as `null`."""
    return {key: value for key, value in stanza.items() if value is not None and value not in ([], {})}


def exactly(data: Mapping[str, Any]) -> Stanza:
    """The `data` of a self-init request in the form that OpenBao reads as written: each inner map in a list of one.

    HCL 1's JSON reader flattens an object whose values are all objects; two such in one request panic the server in the
    middle of self-init (seen with 2.6.2 and 2.7.2). A list of one map is read as that map, at any depth.
    """
    return {key: _wrapped(value) for key, value in data.items()}


def _wrapped(value: Any) -> Any:
    return [exactly(value)] if isinstance(value, dict) else value


def legal_name(text: str, taken: set[str]) -> str:
    """A name of a self-init group or request (`^[A-Za-z_][A-Za-z0-9_-]*$`), unique among `taken`, which grows by it."""
    letters = "".join(char if char.isascii() and (char.isalnum() or char in "_-") else "_" for char in text)
    base = letters if letters[:1].isalpha() or letters.startswith("_") else f"_{letters}"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name


def dump(configuration: Mapping[str, object]) -> str:
    """Configuration as JSON: keys sorted (their order has no meaning), lists in order, a newline at the end.

    Characters stay raw: an escaped surrogate pair (`\\ud83d\\ude00`) makes OpenBao's reader panic.
    """
    return json.dumps(configuration, indent=2, sort_keys=True, ensure_ascii=False, default=_refuse) + "\n"


def _refuse(value: object) -> object:
    if isinstance(value, Unknown):
        str(value)  # raises NotKnownYet with the field's path
    raise TypeError(f"{type(value).__name__} cannot be part of a server configuration")


def require_known(value: object) -> None:
    """Raise `NotKnownYet` if anything inside a rendered structure is not known yet."""
    if isinstance(value, Unknown):
        str(value)
    if isinstance(value, dict):
        for item in value.values():
            require_known(item)
    if isinstance(value, list):
        for item in value:
            require_known(item)
