"""Reading specifications from files: a Pulumi stack file or a plain specification, in YAML or JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from profiles.errors import Problem, UnusableInput
from profiles.values import Unknown

CONFIG_KEY = "vault:cluster"
"""Where a stack file holds the specification, below `config`."""

NAME_KEY = "vault:name"
"""Where it may give the cluster's name, beside the specification."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STACK_KEYS = frozenset({"config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment"})


TWO_NAMES = Problem(
    NAME_KEY,
    "specification.name",
    f"The cluster has another name in `{CONFIG_KEY}`, and the objects can only bear one.",
    f"Remove `{NAME_KEY}`.",
)


def has_two_names(beside: object, cluster: Mapping[Any, Any]) -> bool:
    """Whether the specification says another name than the one beside it (`TWO_NAMES` is the problem of it)."""
    return None not in (beside, cluster.get("name")) and beside != cluster["name"]


@dataclass(frozen=True)
class Document:
    """What a file says: the specification's data, and facts of the stack around it."""

    path: Path
    data: dict[str, Any]
    secrets_provider: str | None = None

    @property
    def stack(self) -> str | None:
        """`prod` for `Pulumi.prod.yaml`."""
        match = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", self.path.name)
        return match[1] if match else None


_MERGE = "tag:yaml.org,2002:merge"
_MOST_VALUES = 100_000
"""More than any specification has: anchors that refer to anchors may stand for billions."""


class _UniqueKeys(_Loader):  # type: ignore[misc]
    """YAML without silent surprises: a key that is written twice is an error."""


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool):
            raise yaml.constructor.ConstructorError(problem="a key must be text", problem_mark=key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                problem=f"the key `{key}` is written twice", problem_mark=key_node.start_mark
            )
        seen.add(key)
    loader.flatten_mapping(node)
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


_UniqueKeys.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(path: Path) -> Document:
    """Read one file.

    Raises:
        UnusableInput: in one line, when there is no specification to read in it.
    """
    document = _load(path, _text(path))
    if not isinstance(document, dict):
        raise UnusableInput(f"{path}: this is {_kind(document)}, not a mapping of fields; start with `profile: …`.")
    if "config" not in document and not _STACK_KEYS & document.keys():
        return _document(path, document, None)
    provider = document.get("secretsprovider")
    return _document(path, _from_stack(path, document), provider if isinstance(provider, str) else None)


def _document(path: Path, data: dict[Any, Any], provider: str | None) -> Document:
    if _values(data, {}) > _MOST_VALUES:
        raise UnusableInput(f"{path}: this is too large for a specification; do its anchors refer to each other?")
    return Document(path, _plain(data, ""), provider)


def _values(value: Any, known: dict[int, int]) -> int:
    """How many values this is when every anchor is written out; counted once per anchor."""
    if not isinstance(value, Mapping | list):
        return 1
    if id(value) not in known:
        inner = value.values() if isinstance(value, Mapping) else value
        known[id(value)] = 1 + sum(_values(item, known) for item in inner)
    return known[id(value)]


def secrets_provider(path: Path) -> str | None:
    """The stack file's `secretsprovider`; None where there is none, or no readable file."""
    try:
        document = _load(path, _text(path))
    except UnusableInput:
        return None
    provider = document.get("secretsprovider") if isinstance(document, dict) else None
    return provider if isinstance(provider, str) else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise UnusableInput(f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise UnusableInput(f"{path}: this is a folder; name a file in it.") from None
    except UnicodeDecodeError:
        raise UnusableInput(f"{path}: this is no text file in UTF-8.") from None
    except OSError as refused:
        raise UnusableInput(f"{path}: it cannot be read ({refused.strerror}).") from None


def _load(path: Path, text: str) -> Any:
    try:
        # The loader is the safe one, made stricter.
        return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise UnusableInput(f"{where}: this is no valid YAML: {wrong.problem or 'unreadable'}.") from None
    except ValueError as wrong:  # a date or a number that YAML recognises and Python does not have
        raise UnusableInput(f"{path}: this is no valid YAML: {wrong}; put texts in quotes.") from None
    except (yaml.YAMLError, RecursionError):
        raise UnusableInput(f"{path}: this is no valid YAML.") from None


def _from_stack(path: Path, document: dict[Any, Any]) -> dict[Any, Any]:
    config = document.get("config")
    if not isinstance(config, dict):
        raise UnusableInput(f"{path}: this stack file has no `config`; add `config: {{{CONFIG_KEY}: …}}`.")
    if CONFIG_KEY not in config:
        raise UnusableInput(f"{path}: `config` has no `{CONFIG_KEY}`; the cluster's specification belongs there.")
    found = config[CONFIG_KEY]
    if isinstance(found, dict) and set(found) == {"secure"}:
        raise UnusableInput(f"{path}: `{CONFIG_KEY}` is encrypted as a whole; encrypt only the secret values inside.")
    if isinstance(found, str):
        found = _load(path, found)
    if not isinstance(found, dict):
        raise UnusableInput(f"{path}: `{CONFIG_KEY}` is {_kind(found)}, not a mapping of fields.")
    beside = config.get(NAME_KEY)
    if has_two_names(beside, found):
        raise UnusableInput(f"{path}: {TWO_NAMES}")
    return found if beside is None else {**found, "name": beside}


def _plain(value: Any, path: str) -> Any:
    """The value with Pulumi's encrypted values (`secure: v1:…`) as `Unknown`."""
    if isinstance(value, Mapping):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            return Unknown(path)
        return {str(key): _plain(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _kind(value: Any) -> str:
    return {type(None): "empty", str: "text", list: "a list"}.get(type(value), "a single value")
