"""What a rule is: one function, one row of the contract.

A rule looks at a `Case` and yields a `Breach` for everything it refuses; yielding nothing means that it holds. Its
decorator carries all that is said about it anywhere (report, command line, docs), so there is no second place that
knows a rule. A rule that touches a value that is not known yet raises `NotKnownYet` by doing so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeVar

from profiles.specification import Specification
from profiles.values import NotKnownYet

Since = Literal["S", "0.2", "N", "ours"]
"""First contract that has the rule: the operator's 0.1 snapshot, its 0.2 docs, newer, or this product's own."""

Scope = Literal["Hardened", "every profile"]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Context:
    """Facts outside the specification that a rule may need; what is None is not known and not assumed.

    stack_secrets_provider: the stack file's `secretsprovider` URL, `awskms://alias/x?region=eu-central-1`.
    """

    project: str | None = None
    stack: str | None = None
    stack_secrets_provider: str | None = None
    time: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Case:
    """What a rule judges: a specification, where it runs, and what ran there before."""

    spec: Specification
    context: Context
    previous: Specification | None = None


@dataclass(frozen=True)
class Breach:
    """One place that a rule refuses. `reason` and `way_out` replace the rule's own where the place needs other "
    "words."""

    path: str
    reason: str | None = None
    way_out: str | None = None


Judge = Callable[[Case], Iterable[Breach]]


@dataclass(frozen=True)
class Rule:
    """One row of the contract.

    fields: the fields it reads, in the stack file's spelling; the first is where it reports by default.
    when: whether the rule says anything about a specification; None means always.
    advice: a breach is a warning with what to check, never a refusal.
    """

    id: str
    title: str
    since: Since
    scope: Scope
    fields: tuple[str, ...]
    reason: str
    way_out: str
    judge: Judge
    when: Callable[[Case], bool] | None = None
    advice: bool = False

    @property
    def name(self) -> str:
        """Subject and function, `baseline.trusted_tls`: unique, where several rows share one of the operator's ids."""
        return f"{self.judge.__module__.rsplit('.', 1)[-1]}.{self.judge.__name__}"


@dataclass(frozen=True)
class NotHere:
    """A rule of the operator's contract that only makes sense inside an operator, and why."""

    id: str
    title: str
    since: Since
    field: str
    why: str


class Registry:
    """All rules in the order of the contract."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def named(self, rule_id: str) -> list[Rule]:
        """The rows under one id; empty when there is no such id."""
        return [rule for rule in self.rules if rule.id == rule_id]

    def ids(self) -> Mapping[str, None]:
        """Every id once, in order."""
        return dict.fromkeys(rule.id for rule in self.rules)


REGISTRY = Registry()


def rule(
    id: str,
    title: str,
    *,
    since: Since,
    fields: tuple[str, ...],
    reason: str,
    way_out: str,
    scope: Scope = "every profile",
    when: Callable[[Case], bool] | None = None,
    advice: bool = False,
) -> Callable[[Judge], Judge]:
    """Register the decorated function as a rule."""

    def register(judge: Judge) -> Judge:
        REGISTRY.rules.append(Rule(id, title, since, scope, fields, reason, way_out, judge, when, advice))
        return judge

    return register


def each(items: Iterable[Item], look: Callable[[int, Item], Iterable[Breach]]) -> Iterator[Breach]:
    """Look at every item, also at those after one that is not known yet."""
    pending: NotKnownYet | None = None
    for index, item in enumerate(items):
        try:
            yield from look(index, item)
        except NotKnownYet as unknown:
            pending = unknown
    if pending is not None:
        raise pending
