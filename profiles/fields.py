"""Every field of a specification as a document: `python -m profiles.fields > docs/configuration.md`.

Derived from the models, so that it cannot disagree with them; a test compares the committed file.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from profiles.defaults import with_profile_defaults
from profiles.specification import Profile, Specification
from profiles.specification.base import Part

INTRODUCTION = """# Configuration

All fields of `vault:cluster`, in the spelling of a stack file. Programs may write them in snake_case, too. "by profile"
in the column "default" means that the profile decides; see the README's table. This page is made from the models:
`python -m profiles.fields > docs/configuration.md`.
"""


def document() -> str:
    """The whole page, as Markdown."""
    sections = [INTRODUCTION]
    seen: set[type[Part]] = set()
    pending: list[tuple[str, type[Part]]] = [("vault:cluster", Specification)]
    while pending:
        title, part = pending.pop(0)
        if part in seen:
            continue
        seen.add(part)
        sections.append(_section(title, part))
        pending = list(_children(title, part)) + pending
    return "\n".join(sections)


def _section(title: str, part: type[Part]) -> str:
    summary = (part.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
    rows = [_row(field, part is Specification) for field in part.model_fields.values()]
    table = ["| field | type | default | |", "| --- | --- | --- | --- |", *rows]
    return "\n".join([f"## `{title}`", "", *([" ".join(summary.split()), ""] if summary else []), *table, ""])


def _row(field: FieldInfo, top: bool) -> str:
    description = " ".join((field.description or "").split())
    return f"| `{field.alias}` | {_type(field.annotation)} | {_default(field, top)} | {description} |".replace(
        "  ", " "
    )


def _default(field: FieldInfo, top: bool) -> str:
    if top and field.alias in decided_by_profile():
        return "by profile"
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or isinstance(value, Part) or value in ([], {}):
        return ""
    if isinstance(value, list):
        return "see below"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@functools.cache
def decided_by_profile() -> frozenset[str]:
    """Top-level fields that the two profiles fill differently from the model's own default."""
    found: set[str] = set()
    for profile in get_args(Profile):
        plain = Specification(profile=profile)
        filled = with_profile_defaults(plain)
        fields = Specification.model_fields
        found |= {fields[name].alias or name for name in fields if getattr(plain, name) != getattr(filled, name)}
    return frozenset(found)


def _type(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return _type(get_args(annotation)[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    arguments = [_type(item) for item in get_args(annotation) if item is not type(None)]
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(arguments))
    if origin in (list, dict):
        return f"{'list' if origin is list else 'map'} of {arguments[-1]}"
    return _plain_type(annotation)


def _plain_type(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return "block"
    names: dict[Any, str] = {str: "text", int: "number", bool: "true/false", SecretStr: "secret text"}
    return names.get(annotation, "any")


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for item in get_args(annotation):
        yield from _parts(item)


def _children(title: str, part: type[Part]) -> Iterator[tuple[str, type[Part]]]:
    prefix = "" if part is Specification else f"{title}."
    for field in part.model_fields.values():
        for child in _parts(field.annotation):
            variant = next((f for n, f in child.model_fields.items() if n in {"type", "mode"}), None)
            choice = get_args(variant.annotation) if variant and get_origin(variant.annotation) is Literal else ()
            suffix = f" ({choice[0]})" if len(choice) == 1 else ""
            yield f"{prefix}{field.alias}{suffix}", child


if __name__ == "__main__":
    print(document(), end="")
