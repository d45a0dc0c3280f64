"""A reader for ACL policies, so that one that OpenBao would refuse is found before a cluster depends on it.

OpenBao reads policies with HCL 1 or JSON. HCL 1 is not HCL 2 (bare words as block labels, `//` comments, no
expressions), and the maintained HCL 2 library takes 1.5 s to start, hence these few lines. A test compares every
verdict with the server's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

CAPABILITIES = frozenset({"create", "read", "update", "patch", "delete", "list", "scan", "sudo", "deny"})
_LEGACY = frozenset({"deny", "read", "write", "sudo"})
_PATH_KEYS = frozenset(
    {
        "policy",
        "capabilities",
        "allowed_parameters",
        "denied_parameters",
        "required_parameters",
        "min_wrapping_ttl",
        "max_wrapping_ttl",
        "mfa_methods",
        "pagination_limit",
        "comment",
        "expiration",
        "list_scan_response_keys_filter_path",
    }
)
_MAPPINGS = frozenset({"allowed_parameters", "denied_parameters"})
_LISTS = frozenset({"required_parameters", "mfa_methods"})
_UNITS = {"": 1.0, "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r\n]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
      | (?P<heredoc><<-?(?P<end>\w+)\n.*?\n[ \t]*(?P=end)(?=\n|\Z))
      | (?P<string>"(?:\\.|\$\{[^}]*\}|[^"\\\n])*")
      | (?P<number>-?[0-9][0-9.eE+-]*)
      | (?P<word>[^\W\d][\w.-]*)
      | (?P<mark>[{}\[\]=,])""",
    re.VERBOSE | re.DOTALL,
)


class PolicyError(ValueError):
    """A policy that OpenBao would refuse; the text says where and why."""


@dataclass(frozen=True)
class PathRule:
    """What a policy grants on one path."""

    path: str
    capabilities: frozenset[str]

    @property
    def grants(self) -> frozenset[str]:
        """What may be done; nothing where access is denied."""
        return frozenset() if "deny" in self.capabilities else self.capabilities


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


@lru_cache(maxsize=256)
def read_policy(text: str) -> tuple[PathRule, ...]:
    """The paths of a policy in HCL or JSON. Remembered, since several rules ask about the same policy.

    Raises:
        PolicyError: where OpenBao would refuse to store it.
    """
    if not text.strip():
        raise PolicyError("it is empty")
    try:
        entries = list(_json_entries(text)) if text.lstrip().startswith("{") else _Parser(text).document()
    except RecursionError:
        raise PolicyError("it is nested too deeply") from None
    rules = []
    for keys, value in entries:
        if keys[0] == "name":
            continue
        if keys[0] != "path":
            raise PolicyError(f'"{keys[0]}" is not known, only `path`')
        rules.append(_path_rule(keys[1] if len(keys) > 1 else "", value))
    return tuple(rules)


def read_document(text: str) -> list[tuple[list[str], Any]]:
    """Any HCL 1 document as entries of keys (`["seal", "awskms"]`) and value.

    Raises:
        PolicyError: where it cannot be read.
    """
    return _Parser(text).document()


def _path_rule(path: str, body: Any) -> PathRule:
    if not isinstance(body, Mapping):
        raise PolicyError(f'path "{path}" needs a block in braces')
    unknown = sorted(set(body) - _PATH_KEYS)
    if unknown:
        raise PolicyError(f'path "{path}": "{unknown[0]}" is not known, only `capabilities` and its like')
    listed = body.get("capabilities", [])
    if not isinstance(listed, list):
        raise PolicyError(f'path "{path}": capabilities must be a list, as in ["read"]')
    wrong = [item for item in listed if not isinstance(item, str) or item not in CAPABILITIES]
    if wrong:
        raise PolicyError(f'path "{path}": "{wrong[0]}" is no capability (there are {", ".join(sorted(CAPABILITIES))})')
    _check_path(path)
    _check_settings(path, body)
    return PathRule(path, frozenset(listed) | _legacy(path, body.get("policy")))


def _check_path(path: str) -> None:
    if "+*" in path:
        raise PolicyError(f'path "{path}": "+*" is forbidden; use "+/*" or "*"')
    before, *templates = path.split("{{")
    if "}}" in before or any(template.count("}}") != 1 for template in templates):
        raise PolicyError(f'path "{path}": every "{{{{" needs its own "}}}}"')


def _check_settings(path: str, body: Mapping[str, Any]) -> None:
    """The settings beside capabilities, as far as OpenBao looks at them when it stores the policy."""
    for key in _MAPPINGS & body.keys():
        if not isinstance(body[key], Mapping):
            raise PolicyError(f'path "{path}": {key} must be a block, as in {{ "name" = ["value"] }}')
    for key in _LISTS & body.keys():
        if not isinstance(body[key], list):
            raise PolicyError(f'path "{path}": {key} must be a list')
    if not re.fullmatch(r"[0-9]+", str(body.get("pagination_limit", 0))):
        raise PolicyError(f'path "{path}": pagination_limit must be a whole number')
    shortest, longest = (_seconds(path, key, body.get(key)) for key in ("min_wrapping_ttl", "max_wrapping_ttl"))
    if shortest and longest and longest < shortest:
        raise PolicyError(f'path "{path}": max_wrapping_ttl is less than min_wrapping_ttl')


def _seconds(path: str, key: str, duration: Any) -> float:
    text = str(duration or 0)
    parts = re.findall(r"([0-9.]+)([a-zµ]*)", text)
    if "".join(number + unit for number, unit in parts) != text or any(unit not in _UNITS for _, unit in parts):
        raise PolicyError(f'path "{path}": {key} must be a duration, as in "1h"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _legacy(path: str, word: Any) -> frozenset[str]:
    if word is None:
        return frozenset()
    if word not in _LEGACY:
        raise PolicyError(f'path "{path}": policy = "{word}" is not known; use capabilities')
    granted = {"write": {"create", "read", "update", "delete", "list"}, "sudo": CAPABILITIES - {"deny"}}
    return frozenset(granted.get(word, {word}))


def _json_entries(text: str) -> Iterator[tuple[list[str], Any]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise PolicyError(f"line {wrong.lineno}: this is no JSON ({wrong.msg})") from None
    for key, value in document.items():
        if key != "path" or not isinstance(value, Mapping | list):
            yield [key], value
            continue
        for block in value if isinstance(value, list) else [value]:
            if not isinstance(block, Mapping):
                raise PolicyError("a path needs a block in braces")
            for path, body in block.items():
                yield [key, path], body


class _Parser:
    """Recursive descent over HCL 1 as far as policies use it."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.position = 0

    def document(self) -> list[tuple[list[str], Any]]:
        entries = []
        while self._peek() is not None:
            entries.append(self._entry())
        return entries

    def _peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _take(self) -> _Token:
        token = self._peek()
        if token is None:
            raise PolicyError("it ends in the middle of something; a closing brace or bracket is missing")
        self.position += 1
        return token

    def _skips(self, mark: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "mark" and token.text == mark
        self.position += found
        return found

    def _entry(self) -> tuple[list[str], Any]:
        """`key = value` or `key "label" { … }`."""
        keys = []
        while True:
            token = self._take()
            if token.kind in ("word", "string"):
                keys.append(_unquoted(token))
            elif token.text == "=" and len(keys) == 1:
                return keys, self._ended(self._value())
            elif token.text == "{" and keys:
                return keys, self._ended(self._block())
            else:
                raise PolicyError(f"line {token.line}: `{token.text}` does not belong here")

    def _ended(self, value: Any) -> Any:
        self._skips(",")
        return value

    def _block(self) -> dict[str, Any]:
        body: dict[str, Any] = {}
        while not self._skips("}"):
            keys, value = self._entry()
            earlier = body.get(keys[0])
            body[keys[0]] = earlier + value if isinstance(earlier, list) and isinstance(value, list) else value
        return body

    def _value(self) -> Any:
        token = self._take()
        if token.kind in ("string", "number", "heredoc"):
            return _unquoted(token)
        if token.kind == "word" and token.text in ("true", "false"):
            return token.text == "true"
        if token.text == "[":
            return self._list()
        if token.text == "{":
            return self._block()
        raise PolicyError(f"line {token.line}: `{token.text}` is no value; texts need double quotes")

    def _list(self) -> list[Any]:
        items: list[Any] = []
        while not self._skips("]"):
            items.append(self._value())
            if not self._skips(",") and not self._skips("]"):
                raise PolicyError(f"line {self._take().line}: a comma is missing in this list")
            if self.tokens[self.position - 1].text == "]":
                break
        return items


def _tokens(text: str) -> Iterator[_Token]:
    position, line, counted = 0, 1, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        line, counted = line + text.count("\n", counted, position), position
        if match is None:
            raise PolicyError(f"line {line}: `{text[position]}` does not belong here")
        position = match.end()
        kind = "heredoc" if match["heredoc"] else match.lastgroup or ""
        if kind != "skip":
            yield _Token(kind, match.group(), line)


def _unquoted(token: _Token) -> str:
    return re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "string" else token.text
