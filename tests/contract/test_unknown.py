"""Values that are only known while an update runs: never silently held, never a crash."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from profiles.contract import Context, State, evaluate
from profiles.errors import SpecificationError
from profiles.parsing import parse
from profiles.values import Unknown
from tests.contract.examples import EXAMPLES
from tests.contract.examples.example import Example
from tests.contract.specifications import HARDENED, changed

pytestmark = pytest.mark.contract


def leaves(node: Any, path: str = "") -> Iterator[str]:
    """Paths of every single value in a tree, except below keys that a path cannot spell (labels with dots)."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key.isidentifier():
                yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, f"{path}[{index}]")
    else:
        yield path


def _with_unknown(data: dict[str, Any], path: str) -> dict[str, Any]:
    """`data` with the value at `path` not known yet."""
    steps = re.findall(r"[^.\[\]]+", path)
    copied = changed(data, {})
    node: Any = copied
    for step in steps[:-1]:
        node = node[int(step)] if isinstance(node, list) else node[step]
    last: Any = int(steps[-1]) if isinstance(node, list) else steps[-1]
    node[last] = Unknown(path)
    return copied


REFUSED = [
    one
    for one in EXAMPLES
    if one.at and one.previous is None and one.at in set(leaves(one.data)) and not one.rule.startswith("offline.")
]


@pytest.mark.parametrize("example", REFUSED, ids=str)
def test_a_value_that_would_be_refused_is_not_held_while_it_is_unknown(example: Example) -> None:
    """A rule that takes an unknown value for a good one lets the bad one through at the update."""
    assert example.at is not None
    try:
        specification = parse(_with_unknown(example.data, example.at))
    except SpecificationError as refused:
        problems = refused.problems
    else:
        problems = ()
    if problems:
        assert {problem.rule for problem in problems} == {"specification.known"}
        return
    report = evaluate(specification, context=Context(**example.context))
    outcome = next(one for one in report.outcomes if one.rule.name == example.rule)
    assert outcome.state in (State.UNKNOWN, State.VIOLATED, State.RELAXED, State.WARNING)
    assert outcome.rule.advice or not report.production_ready


ANYWHERE = [(one, path) for one in EXAMPLES for path in leaves(one.data)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ANYWHERE))
def test_no_unknown_value_anywhere_makes_the_contract_fail(case: tuple[Example, str]) -> None:
    """A crash in a preview stops a program whose only fault is an output."""
    example, path = case
    try:
        specification = parse(_with_unknown(example.data, path))
    except SpecificationError as refused:
        assume(not refused.problems)
    report = evaluate(specification, context=Context(**example.context))
    assert report.as_markdown()
    assert report.as_dict()["findings"]


@pytest.mark.parametrize("field", ["profile", "replicas", "unseal", "unseal.type", "tls", "tls.mode", "bootstrap"])
def test_what_decides_which_resources_exist_must_be_plain(field: str) -> None:
    """A graph that depends on a later value cannot be previewed."""
    with pytest.raises(SpecificationError) as refused:
        parse(_with_unknown(HARDENED | {"replicas": 3, "bootstrap": "selfInit"}, field))
    problem = next(one for one in refused.value.problems if one.path == field)
    assert problem.rule == "specification.known"
    assert "decides which resources exist" in problem.reason


WAYS_OUT = {
    "replicas": "Write the value itself.",
    "tls.mode": "Write the value itself.",
    "service.type": "Write the value itself: `ClusterIP`, `NodePort` or `LoadBalancer`.",
    "service.annotations": "Write it out; only the single values in it may be outputs of other resources.",
    "audit": "Write it out; only the single values in it may be outputs of other resources.",
    "tls": "Write it out; only the single values in it may be outputs of other resources.",
}


@pytest.mark.parametrize("field", WAYS_OUT)
def test_the_way_out_of_an_output_fits_the_field(field: str) -> None:
    """ "Only the leaves below it may be outputs" sends the author of an enumeration looking for leaves it has not."""
    written = {"replicas": 3, "audit": [], "service": {"type": "ClusterIP", "annotations": {}}}
    with pytest.raises(SpecificationError) as refused:
        parse(_with_unknown(HARDENED | written, field))
    [problem] = refused.value.problems
    assert (problem.path, problem.way_out) == (field, WAYS_OUT[field])


def test_what_is_wrong_beside_an_unknown_value_is_said_at_once() -> None:
    """Otherwise the first preview looks clean and the update fails."""
    peers = [
        {"ipBlock": {"cidr": Unknown("network.trustedIngressPeers[0].ipBlock.cidr")}},
        {"ipBlock": {"cidr": "0.0.0.0/0"}},
    ]
    data = changed(HARDENED, {})
    data["network"]["trustedIngressPeers"] = peers
    report = evaluate(parse(data))
    found = {(one.rule, one.path): one.state for one in report.findings}
    rule = "hardened.network.trusted-ingress-peers"
    assert found[rule, "network.trustedIngressPeers[1]"] is State.VIOLATED
    assert found[rule, "network.trustedIngressPeers[0].ipBlock.cidr"] is State.UNKNOWN
