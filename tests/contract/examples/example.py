"""One line of a rule's table: a specification that it refuses, or one that it looks at and accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.specifications import HARDENED, changed


@dataclass(frozen=True)
class Example:
    """`rule`: subject and function. `at`: the field it is refused at; None means accepted."""

    rule: str
    at: str | None
    data: dict[str, Any]
    previous: dict[str, Any] | None = None
    context: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.rule}-{self.at or 'accepted'}"


def refused(
    rule: str,
    at: str,
    changes: Mapping[str, Any] | None = None,
    *,
    base: Mapping[str, Any] = HARDENED,
    previous: Mapping[str, Any] | None = None,
    **context: Any,
) -> Example:
    """`base` with `changes` is refused at `at`. `previous`: changes of `base` that describe what runs."""
    before = changed(base, previous) if previous is not None else None
    return Example(rule, at, changed(base, changes or {}), before, context)


def accepted(
    rule: str,
    changes: Mapping[str, Any] | None = None,
    *,
    base: Mapping[str, Any] = HARDENED,
    previous: Mapping[str, Any] | None = None,
    **context: Any,
) -> Example:
    """`base` with `changes` is looked at by the rule and accepted."""
    before = changed(base, previous) if previous is not None else None
    return Example(rule, None, changed(base, changes or {}), before, context)
