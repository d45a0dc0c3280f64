"""Shape problems in our own words: what is wrong and what to write instead, never a value that might be secret."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.alias_generators import to_snake

from profiles.errors import Problem
from profiles.specification import Specification
from profiles.values import Unknown

Location = Sequence[str | int]

PATTERNS = {
    r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$": (
        "a name of lower-case letters, digits and dashes that starts with a letter, at most 40 characters",
        "Shorten or rename it, as in `openbao`.",
    ),
    r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$": (
        "the name of a Kubernetes Secret: lower-case letters, digits, dashes and dots",
        "Write the Secret's name, as `kubectl get secret` shows it, not its content.",
    ),
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$": (
        "a Kubernetes namespace: lower-case letters, digits and dashes, at most 63 characters",
        "Rename it, as in `openbao`.",
    ),
    r"^([0-9]{1,12}(\.[0-9]+)?ms|[0-9]{1,9}(\.[0-9]+)?[sm]|[0-9]{1,6}(\.[0-9]+)?h){1,4}$": (
        "a duration with units, of a century at most",
        "Write it like `30s`, `90m` or `720h`.",
    ),
    r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$": (
        "the value of a Kubernetes label: letters, digits, dashes, dots and underscores, at most 63",
        "Write it as `kubectl get --show-labels` shows it, without the key.",
    ),
    r"^[0-9]{1,6}h$": ("a duration in whole hours", "Write it like `720h`."),
    r"^[0-9]{1,9}s$": ("a duration in whole seconds", "Write it like `7776000s`."),
    r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$": (
        "a Kubernetes quantity",
        "Write it like `100m`, `512Mi` or `10Gi`.",
    ),
    r"^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})$": (
        "a release of OpenBao as three numbers",
        "Write it like `2.7.2`.",
    ),
    r"^sha256:[0-9a-f]{64}$": (
        "an image digest: `sha256:` and 64 hex digits",
        "Ask the registry, for example with `crane digest <image>`.",
    ),
}
"""Meaning of each pattern of the model, and how to write it right."""

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_attributes_type": "a mapping",
}


def structural(path: str, annotation: Any = str) -> Problem:
    """The problem of an `Unknown` where a plain value is needed. annotation: what the model has there."""
    choices = _choices(annotation)
    if _models(annotation) or _arguments(annotation, list) or _arguments(annotation, dict):
        way_out = "Write it out; only the single values in it may be outputs of other resources."
    else:
        way_out = f"Write the value itself: {_listed(choices)}." if choices else "Write the value itself."
    return Problem(
        path=path,
        rule="specification.known",
        reason="This decides which resources exist and what they are like, so it must be plain, not an output of "
        "another resource.",
        way_out=way_out,
    )


def problem_of(error: Mapping[str, Any], data: Mapping[str, Any]) -> Problem:
    """One validation error as a problem. `data`: the whole input, for the user's way of spelling."""
    place = _Place.of(error["loc"])
    if isinstance(error.get("input"), Unknown):
        return structural(place.path, place.annotation)
    kind = error["type"]
    worded = _map_key if error["loc"][-1] == "[key]" else _WORDINGS.get(kind, _expected)
    reason, way_out = worded(error, place, data)
    path = f"{place.path}.{_tag_key(place)}" if worded is _tag else place.path
    return Problem(path=path, rule=_RULE_OF.get(kind, "specification.type"), reason=reason, way_out=way_out)


class _Place:
    """Where in the model an error is: its path in the stack file's spelling, and what the model has there."""

    def __init__(self, path: str, parent: type[BaseModel] | None, annotation: Any, key: str | int | None) -> None:
        self.path, self.parent, self.annotation, self.key = path, parent, annotation, key

    @classmethod
    def of(cls, location: Location) -> _Place:
        path, parent, key = "", None, None
        annotation: Any = Specification
        for step in location[:-1] if location[-1] == "[key]" else location:
            models = _models(annotation)
            if isinstance(step, str) and len(models) > 1 and step in _tags(models):
                annotation = _tags(models)[step]
                continue
            key, parent = step, models[0] if len(models) == 1 else None
            spelled, annotation = _into(annotation, parent, step)
            path = f"{path}{spelled}" if spelled.startswith("[") or not path else f"{path}.{spelled}"
        return cls(path, parent, annotation, key)


def _into(annotation: Any, parent: type[BaseModel] | None, step: str | int) -> tuple[str, Any]:
    """The spelling of one step and the annotation behind it."""
    if isinstance(step, int):
        return f"[{step}]", next(iter(_arguments(annotation, list)), Any)
    if parent is not None:
        for name, info in parent.model_fields.items():
            if step in (name, info.alias):
                # The metadata of a field (a discriminator, a pattern) does not matter here, its type does.
                return info.alias or name, info.annotation
        return step, Any
    return step, (_arguments(annotation, dict) or [Any, Any])[-1]


def _flat(annotation: Any) -> list[Any]:
    """The members of a union, without Annotated and None."""
    if get_origin(annotation) is Annotated:
        return _flat(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [member for part in get_args(annotation) for member in _flat(part)]
    return [] if annotation is type(None) else [annotation]


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [part for part in _flat(annotation) if isinstance(part, type) and issubclass(part, BaseModel)]


def _arguments(annotation: Any, origin: type) -> list[Any]:
    return [argument for part in _flat(annotation) if get_origin(part) is origin for argument in get_args(part)]


def _tags(models: Sequence[type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Models of a tagged union by their tag (`type` or `mode`)."""
    found = {}
    for model in models:
        for key in ("type", "mode"):
            if key in model.model_fields:
                found[str(_choices(model.model_fields[key].annotation)[0])] = model
    return found


def _choices(annotation: Any) -> list[Any]:
    return [choice for part in _flat(annotation) if get_origin(part) is Literal for choice in get_args(part)]


def _nearest(word: str, choices: Sequence[str]) -> str | None:
    by_folded = {choice.lower().replace("_", ""): choice for choice in choices}
    close = difflib.get_close_matches(word.lower().replace("_", ""), list(by_folded), n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def _listed(words: Sequence[Any]) -> str:
    texts = [f"`{word}`" for word in words]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def _written_in_snake_case(data: Any) -> bool:
    if isinstance(data, Mapping):
        return any("_" in str(key) or _written_in_snake_case(value) for key, value in data.items())
    return isinstance(data, list) and any(_written_in_snake_case(item) for item in data)


Worded = tuple[str, str]


def _unknown_key(_: Mapping[str, Any], place: _Place, data: Mapping[str, Any]) -> Worded:
    fields = place.parent.model_fields if place.parent else {}
    key = str(place.key)
    if to_snake(key) in fields and key not in fields:
        return f"There is no field `{key}` in this spelling.", f"Write `{fields[to_snake(key)].alias}`."
    if key in fields:
        return "This field is given twice, in both spellings.", f"Keep only `{fields[key].alias}`."
    snake = _written_in_snake_case(data)
    names = [name if snake else info.alias or name for name, info in fields.items()]
    nearest = _nearest(key, names)
    if nearest:
        return f"There is no field `{key}`.", f"Did you mean `{nearest}`?"
    return f"There is no field `{key}`.", f"Remove it; the fields here are {_listed(sorted(names))}."


def _missing(_: Mapping[str, Any], place: _Place, __: Mapping[str, Any]) -> Worded:
    choices = _choices(place.annotation)
    if choices:
        return "This field is required and missing.", f"Set it to {_listed(choices)}."
    return "This field is required and missing.", "Add it; `python -m profiles schema` describes every field."


def _choice(error: Mapping[str, Any], place: _Place, _: Mapping[str, Any]) -> Worded:
    choices = [str(choice) for choice in _choices(place.annotation)]
    given = error.get("input")
    nearest = _nearest(given, choices) if isinstance(given, str) else None
    hint = f"Did you mean `{nearest}`?" if nearest else "Choose one of them."
    return f"This must be {_listed(choices)}.", hint


def _map_key(error: Mapping[str, Any], _: _Place, __: Mapping[str, Any]) -> Worded:
    """A mapping that takes certain keys only; the library says which, in its own words."""
    return f"There is no `{error['input']}` here.", f"Use {error['ctx']['expected'].replace(chr(39), '`')}."


def _tag_key(place: _Place) -> str:
    """The key of a tagged union that says which of its models is meant."""
    return "mode" if place.path == "tls" else "type"


def _tag(error: Mapping[str, Any], place: _Place, _: Mapping[str, Any]) -> Worded:
    tags = list(_tags(_models(place.annotation)))
    key = _tag_key(place)
    given = error.get("input")
    value = given.get(key) if isinstance(given, Mapping) else None
    nearest = _nearest(value, tags) if isinstance(value, str) else None
    way_out = f"Did you mean `{key}: {nearest}`?" if nearest else f"Set `{key}` to {_listed(tags)}."
    absent = error["type"] == "union_tag_not_found"
    return (f"`{key}` is missing." if absent else f"This `{key}` is not known."), way_out


def _pattern(error: Mapping[str, Any], _: _Place, __: Mapping[str, Any]) -> Worded:
    pattern = str(error["ctx"]["pattern"])
    what, way_out = PATTERNS.get(pattern, ("written differently", f"It has to match `{pattern}`."))
    return f"This must be {what}.", way_out


def _bound(words: str) -> Callable[[Mapping[str, Any], _Place, Mapping[str, Any]], Worded]:
    def worded(error: Mapping[str, Any], _: _Place, __: Mapping[str, Any]) -> Worded:
        bound = next(iter(error["ctx"].values()))
        return f"This must be {words} {bound}.", f"Write a number that is {words} {bound}."

    return worded


def _too_few(_: Mapping[str, Any], __: _Place, ___: Mapping[str, Any]) -> Worded:
    return "This list must not be empty.", "Add at least one entry, or leave the whole block out."


def _empty(_: Mapping[str, Any], __: _Place, ___: Mapping[str, Any]) -> Worded:
    return "This text must not be empty.", "Write a value, or leave the field out."


def _expected(error: Mapping[str, Any], place: _Place, _: Mapping[str, Any]) -> Worded:
    expected = _EXPECTED.get(error["type"], "of another kind")
    given = error.get("input")
    kind = "a fraction" if expected == "a whole number" and isinstance(given, float) else _kind(given)
    reason = f"This must be {expected}, not {kind}."
    if expected == "text" and isinstance(given, (bool, int, float)):
        return reason, "Put it in quotes."
    if expected == "true or false" and isinstance(given, str):
        return reason, "Write it without quotes."
    models = _models(place.annotation)
    if len(models) == 1 and expected == "a mapping":
        fields = [info.alias or name for name, info in models[0].model_fields.items()]
        return reason, f"Its fields are {_listed(fields)}."
    return reason, f"Write {expected}."


def _kind(value: Any) -> str:  # noqa: PLR0911 - one line per kind
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return "something else"


_WORDINGS: dict[str, Callable[[Mapping[str, Any], _Place, Mapping[str, Any]], Worded]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "literal_error": _choice,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _tag,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _empty,
    "too_short": _too_few,
    "greater_than_equal": _bound("at least"),
    "less_than_equal": _bound("at most"),
}

_RULE_OF = {
    "extra_forbidden": "specification.unknown-field",
    "missing": "specification.required",
    "union_tag_not_found": "specification.required",
    "literal_error": "specification.choice",
    "union_tag_invalid": "specification.choice",
    "string_pattern_mismatch": "specification.value",
    "string_too_short": "specification.value",
    "too_short": "specification.value",
    "greater_than_equal": "specification.value",
    "less_than_equal": "specification.value",
}
