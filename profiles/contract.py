"""The contract itself: a specification in, a report of every rule out."""

from __future__ import annotations

from collections.abc import Collection

from profiles.errors import SpecificationError
from profiles.report import Finding, Outcome, Report, State
from profiles.rules import RULES
from profiles.rules.rule import Breach, Case, Context, Rule
from profiles.specification import Specification
from profiles.values import NotKnownYet

__all__ = ["Context", "Finding", "Report", "State", "check", "evaluate"]


def evaluate(
    specification: Specification,
    *,
    context: Context | None = None,
    previous: Specification | None = None,
    fields: Collection[str] | None = None,
) -> Report:
    """Judge `specification` by every rule.

    previous: what runs under this name now, for the rules about changes.
    fields: when given, only rules that read nothing but these fields and what is below them (for objects that show a
        part of a specification only).
    """
    case = Case(specification, context or Context(), previous)
    rules = RULES if fields is None else [rule for rule in RULES if _reads_only(rule, fields)]
    return Report(specification, tuple(_judge(rule, case) for rule in rules))


def check(
    specification: Specification,
    *,
    context: Context | None = None,
    previous: Specification | None = None,
    subject: str = "the specification",
) -> Report:
    """As `evaluate`, but a specification that breaks its contract is an error.

    Raises:
        SpecificationError: with every violation.
    """
    report = evaluate(specification, context=context, previous=previous)
    if report.violations:
        raise SpecificationError([finding.as_problem() for finding in report.violations], subject)
    return report


def _reads_only(rule: Rule, fields: Collection[str]) -> bool:
    return all(any(field == seen or field.startswith(f"{seen}.") for seen in fields) for field in rule.fields)


def _judge(rule: Rule, case: Case) -> Outcome:
    breaches: list[Breach] = []
    unknown: str | None = None
    try:
        if rule.when is not None and not rule.when(case):
            return Outcome(rule, State.NOT_APPLICABLE)
        for breach in rule.judge(case):
            breaches.append(breach)
    except NotKnownYet as pending:
        unknown = pending.path
    if breaches:
        return Outcome(rule, _refusal(rule, case), tuple(breaches), unknown)
    return Outcome(rule, State.HELD if unknown is None else State.UNKNOWN, (), unknown)


def _refusal(rule: Rule, case: Case) -> State:
    if rule.advice:
        return State.WARNING
    relaxed = rule.scope == "Hardened" and case.spec.profile == "Development"
    return State.RELAXED if relaxed else State.VIOLATED
