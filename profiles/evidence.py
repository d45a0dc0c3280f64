"""What a rule saw, in a few words and without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, SecretStr

from profiles.values import Unknown

_LONGEST = 60
_ABSENT = "not set"


def evidence(model: BaseModel, fields: Sequence[str]) -> str:
    """`replicas = 3, tls.mode = External`: the fields that a rule reads, as they are."""
    return ", ".join(f"{field} = {shown(value_at(model, field))}" for field in fields)


def value_at(model: Any, path: str) -> Any:
    """The value at a camelCase path without indices; None where any step is absent."""
    value = model
    for step in path.split("."):
        if value is None or isinstance(value, Unknown):
            return value
        value = _step(value, step)
    return value


def _step(value: Any, step: str) -> Any:
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            if step in (info.alias, name):
                return getattr(value, name)
        return None
    return value.get(step) if isinstance(value, Mapping) else None


def shown(value: Any) -> str:  # noqa: PLR0911 - one line per kind
    """A short text for any value; secrets and free text of unknown content stay out."""
    match value:
        case None:
            return _ABSENT
        case Unknown():
            return "not known yet"
        case SecretStr():
            return "(hidden)"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            value = re.sub(r"//[^/@\s]+@", "//(hidden)@", value)  # a password that somebody wrote into a URL
            return value if len(value) <= _LONGEST and "\n" not in value else f"({len(value)} characters)"
        case BaseModel():
            tag = getattr(value, "mode", None) or getattr(value, "type", None)
            return str(tag) if isinstance(tag, str) else "set"
        case Mapping() | list() | tuple():
            return f"{len(value)} entries" if len(value) != 1 else "1 entry"
        case _:
            return "set"
