"""What the contract says about one specification: every rule with its state, its evidence and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from profiles.errors import Problem
from profiles.evidence import evidence
from profiles.rules.rule import Breach, Rule
from profiles.specification import Specification


class State(StrEnum):
    """What a rule came to."""

    HELD = "held"
    NOT_APPLICABLE = "not applicable"
    RELAXED = "relaxed"
    """A Hardened rule that this specification breaks and Development allows."""
    VIOLATED = "violated"
    UNKNOWN = "not known yet"
    WARNING = "warning"


class Outcome(NamedTuple):
    """A rule's raw result: what it refused, and the field that it could not see yet."""

    rule: Rule
    state: State
    breaches: tuple[Breach, ...] = ()
    unknown: str | None = None


@dataclass(frozen=True)
class Finding:
    """One line of the report. Evidence never shows a secret."""

    rule: str
    title: str
    path: str
    state: State
    evidence: str
    reason: str
    way_out: str

    def as_problem(self) -> Problem:
        """The same as an error's problem."""
        return Problem(path=self.path, rule=self.rule, reason=self.reason, way_out=self.way_out)


@dataclass(frozen=True)
class Report:
    """The contract report; everything that is said about readiness and risk derives from it."""

    specification: Specification
    outcomes: tuple[Outcome, ...]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Every rule, in the contract's order; a rule with several breaches gives one finding each."""
        return tuple(finding for outcome in self.outcomes for finding in self._of(outcome))

    def _of(self, outcome: Outcome) -> list[Finding]:
        rule = outcome.rule
        shown = evidence(self.specification, rule.fields)

        def finding(path: str, state: State, reason: str, way_out: str) -> Finding:
            return Finding(rule.id, rule.title, path, state, shown, reason, way_out)

        state = outcome.state if outcome.breaches else State.UNKNOWN
        found = [finding(b.path, state, b.reason or rule.reason, b.way_out or rule.way_out) for b in outcome.breaches]
        if outcome.unknown is not None:
            reason = "This value is only known while the update runs."
            way_out = "It is checked again then, before anything is made from it."
            found.append(finding(outcome.unknown, State.UNKNOWN, reason, way_out))
        return found or [finding(rule.fields[0], outcome.state, "", "")]

    def _in(self, *states: State) -> tuple[Finding, ...]:
        wanted = [outcome for outcome in self.outcomes if outcome.state in states or outcome.unknown is not None]
        return tuple(f for outcome in wanted for f in self._of(outcome) if f.state in states)

    @cached_property
    def violations(self) -> tuple[Finding, ...]:
        """What this specification may not be created with."""
        return self._in(State.VIOLATED)

    @cached_property
    def warnings(self) -> tuple[Finding, ...]:
        """What cannot be seen from here, or is unwise; each says what to check."""
        return self._in(State.WARNING)

    @cached_property
    def unknown(self) -> tuple[Finding, ...]:
        """What is checked again when its value is known."""
        return self._in(State.UNKNOWN)

    @property
    def production_ready(self) -> bool:
        """Hardened, nothing violated and nothing left open."""
        return self.production_ready_reason == "ProductionReady"

    @property
    def production_ready_reason(self) -> str:
        """One word, the operator's where it has one."""
        if self.specification.profile == "Development":
            return "DevelopmentProfile"
        if self.violations:
            return "SecurityViolation"
        return "NotKnownYet" if self.unknown else "ProductionReady"

    @property
    def security_risk(self) -> bool:
        """Whether the operator's SecurityRisk condition would be True."""
        return self.security_risk_reason is not None

    @property
    def security_risk_reason(self) -> str | None:
        """Why there is a security risk; None when there is none."""
        if self.specification.profile == "Development":
            return "DevelopmentProfile"
        return "SecurityViolation" if self.violations else None

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, the shape of `check --format json`."""
        from profiles.presentation import as_dict

        return as_dict(self)

    def as_table(self, width: int | None = None) -> str:
        """The report for a terminal."""
        from profiles.presentation import as_table

        return as_table(self, width)

    def as_markdown(self) -> str:
        """The report as a Markdown table."""
        from profiles.presentation import as_markdown

        return as_markdown(self)

    def as_sarif(self, uri: str) -> dict[str, Any]:
        """The report as a SARIF 2.1.0 log for code scanners. `uri`: the file that the specification came from."""
        from profiles.presentation import as_sarif

        return as_sarif(self, uri)
