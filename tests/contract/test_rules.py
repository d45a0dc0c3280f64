"""Every rule against its table: what it refuses, where, and what it looks at and accepts."""

from __future__ import annotations

import pytest

from profiles.contract import Context, Report, State, evaluate
from profiles.parsing import parse
from profiles.report import Outcome
from profiles.rules import RULES
from tests.contract.examples import EXAMPLES
from tests.contract.examples.example import Example
from tests.contract.specifications import DEVELOPMENT, HARDENED, changed

pytestmark = pytest.mark.contract

BY_NAME = {rule.name: rule for rule in RULES}
ALWAYS_ADVISE = {
    "unseal.static_key_shape",
    "tls.external_secret",
    "offline.etcd_encryption",
    "offline.key_policy",
    "offline.snapshots",
}
"""Warnings that cannot be silenced: nothing in a specification answers them."""
NEVER_REFUSED = {"server.tls_decided"}
"""Development fills the field in, so no specification can break the rule; it guards against our own mistakes."""


def _judged(example: Example) -> tuple[Report, Outcome]:
    previous = parse(example.previous) if example.previous is not None else None
    context = Context(**example.context)
    report = evaluate(parse(example.data), context=context, previous=previous)
    return report, next(one for one in report.outcomes if one.rule.name == example.rule)


REFUSED = [example for example in EXAMPLES if example.at is not None]
ACCEPTED = [example for example in EXAMPLES if example.at is None]


@pytest.mark.parametrize("example", REFUSED, ids=str)
def test_it_is_refused(example: Example) -> None:
    """A rule that lets its own counter-example pass protects nobody."""
    report, outcome = _judged(example)
    assert example.at in [breach.path for breach in outcome.breaches]
    rule = BY_NAME[example.rule]
    relaxed = rule.scope == "Hardened" and example.data["profile"] == "Development"
    expected = State.WARNING if rule.advice else State.RELAXED if relaxed else State.VIOLATED
    assert outcome.state is expected
    finding = next(one for one in report.findings if one.rule == rule.id and one.path == example.at)
    assert finding.reason
    assert finding.way_out


@pytest.mark.parametrize("example", ACCEPTED, ids=str)
def test_it_is_accepted(example: Example) -> None:
    """A rule that refuses what is right, or never looks, makes its whole table worthless."""
    _, outcome = _judged(example)
    not_looked_at = BY_NAME[example.rule].when is not None and outcome.state is State.NOT_APPLICABLE
    switched_off = example.data.get("imageVerification", {}).get("enabled") is False
    assert not outcome.breaches
    assert outcome.state is State.HELD or (not_looked_at and switched_off)


def test_every_rule_has_a_refusal_and_an_acceptance() -> None:
    """A rule without both examples may do anything."""
    names = set(BY_NAME)
    assert names - {example.rule for example in REFUSED} == NEVER_REFUSED
    assert names - {example.rule for example in ACCEPTED} == ALWAYS_ADVISE
    assert {example.rule for example in EXAMPLES} <= names


@pytest.mark.parametrize(
    "example",
    [one for one in REFUSED if BY_NAME[one.rule].scope == "Hardened" and not BY_NAME[one.rule].advice],
    ids=str,
)
def test_development_relaxes_what_only_hardened_demands(example: Example) -> None:
    """Development that refuses Hardened's rules is no evaluation profile; one that hides them says nothing."""
    data = changed(example.data, {"profile": "Development"})
    report = evaluate(parse(data), context=Context(**example.context))
    outcome = next(one for one in report.outcomes if one.rule.name == example.rule)
    filled_in = outcome.state in (State.HELD, State.NOT_APPLICABLE)  # the profile's default took the field's place
    assert outcome.state is State.RELAXED or filled_in
    assert BY_NAME[example.rule].id not in {finding.rule for finding in report.violations} or filled_in


def test_the_good_specification_is_production_ready() -> None:
    """If nothing is ever ready, nobody can use Hardened."""
    report = evaluate(parse(HARDENED))
    assert report.violations == ()
    assert report.production_ready
    assert not report.security_risk


def test_development_is_accepted_and_never_production_ready() -> None:
    """Someone would run a Development cluster in production because a green light said so."""
    report = evaluate(parse(DEVELOPMENT))
    assert report.violations == ()
    assert not report.production_ready
    assert report.security_risk_reason == "DevelopmentProfile"


def test_a_hardened_shaped_development_cluster_is_still_a_security_risk() -> None:
    """The trust path was weak from the start; fields cannot make it strong."""
    report = evaluate(parse(changed(HARDENED, {"profile": "Development"})))
    assert report.violations == ()
    assert report.production_ready_reason == "DevelopmentProfile"
    assert report.security_risk


def test_names_of_rules_are_unique() -> None:
    """Tables, docs and tests find a rule by its name."""
    assert len(BY_NAME) == len(RULES)
