"""What is said while pods do not become ready. That the engine shows it in time: tests/sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from components.bootstrap import advice
from components.kubernetes.objects import Objects
from profiles.parsing import parse
from tests.graph.recorder import run

pytestmark = pytest.mark.graph


def _heard(monkeypatch: pytest.MonkeyPatch, ready: bool) -> list[str]:
    """What was said a moment after the pods should have been ready."""
    heard: list[str] = []
    monkeypatch.setattr(advice, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(pulumi.log, "warn", lambda text, _: heard.append(text))
    change: Any = pulumi.ResourceHookArgs("", "", "", "")

    async def story() -> bool:
        specification = parse({"profile": "Development", "name": "slow"})
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        hooks: Any = advice.while_pods_start(Objects(parent, specification, pulumi.Output.from_input(specification)))
        await hooks.hooks.before_create[0].callback(change)
        if ready:
            await hooks.hooks.after_create[0].callback(change)
        await asyncio.sleep(0.1)
        return True

    def program() -> pulumi.Output[bool]:
        return pulumi.Output.from_input(story())

    run(program)
    return heard


def test_who_waits_long_is_told_where_the_reason_stands_while_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi gives up after ten minutes; a CA that refused in the first second stood in a log all the time."""
    [text] = _heard(monkeypatch, ready=False)
    assert text.startswith("Still waiting")
    assert "kubectl --namespace slow logs slow-0" in text


def test_pods_that_become_ready_in_time_are_not_talked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning about what is well teaches people to overlook warnings."""
    assert _heard(monkeypatch, ready=True) == []


@pytest.mark.parametrize(
    ("create", "kind", "error", "told"),
    [
        (True, "Namespace", 'namespaces "bao" already exists', "set namespace.create to false"),
        (False, "ConfigMap", 'namespaces "bao" not found', "Create the namespace first"),
        (False, "ConfigMap", 'configmaps "bao-contract" already exists', "Choose another name or namespace"),
        (True, "ConfigMap", "connection refused", ""),
    ],
)
def test_a_place_that_cannot_be_had_is_answered_with_the_field_to_change(
    create: bool, kind: str, error: str, told: str
) -> None:
    """Providers advise to import or to delete: who follows that owns, and one day deletes, a namespace of others."""
    said = advice.place(parse({"profile": "Development", "namespace": {"create": create}}), kind, error)
    assert told in said
    assert bool(said) is bool(told)
