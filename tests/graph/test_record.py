"""The record beside a cluster, as the guard of its changes reads it. The guard itself runs in tests/sandbox."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pulumi
import pytest

from components import DevelopmentVaultCluster
from components.arguments import RefusedSpecificationError
from components.record import ANNOTATION, check_transition, recorded, written
from profiles.contract import Context
from profiles.parsing import parse
from tests.contract.specifications import DEVELOPMENT
from tests.golden.cases import SEALS, specification
from tests.graph.recorder import run

pytestmark = pytest.mark.graph


@pytest.mark.parametrize("secret", ["metadata", "annotations", ANNOTATION, ""])
def test_the_record_is_read_whatever_part_of_it_is_a_secret(secret: str) -> None:
    """Pulumi hands secrets to hooks as outputs: one secret argument would make every later change fail, or pass."""

    async def read() -> str | None:
        value: Any = "what it was"
        for key in (ANNOTATION, "annotations", "metadata"):
            value = {key: pulumi.Output.secret(value) if key == secret else value}
        return await recorded(value)

    assert asyncio.run(read()) == "what it was"


@pytest.mark.parametrize("secret", [True, False])
def test_the_components_own_record_is_read(secret: bool) -> None:
    """The component is the first to be updated and never replaced: what it does not refuse is touched."""

    async def read() -> str | None:
        return await recorded({"specification": pulumi.Output.secret("what it was") if secret else "what it was"})

    assert asyncio.run(read()) == "what it was"
    recorder = run(lambda: DevelopmentVaultCluster("mine", {}))
    [component] = [item for item in recorder.registrations if item.type == "openbao:index:DevelopmentVaultCluster"]
    assert json.loads(component.inputs["specification"])["profile"] == "Development"
    assert list(component.request.hooks.before_update) == ["mine-guard"]


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"namespace": {"name": "other"}}, {"namespace": {"create": False}}, {"clusterDomain": "o"}],
    ids=str,
)
def test_a_change_of_place_is_refused(change: dict[str, Any]) -> None:
    """Kubernetes cannot rename: to the engine it is a new cluster, and the end of the old one with its data."""
    old, new = (written(parse(DEVELOPMENT | changes)) for changes in ({}, change))
    with pytest.raises(RefusedSpecificationError, match="change of cluster"):
        check_transition(old, new, Context())


def test_a_record_of_an_earlier_release_says_nothing_about_what_it_does_not_have() -> None:
    """Otherwise an upgrade of this library refuses every change of a cluster in a namespace of another name."""
    new = written(parse(DEVELOPMENT | {"namespace": {"name": "vault"}, "clusterDomain": "other.local"}))
    old = {key: value for key, value in json.loads(new).items() if key not in ("namespace", "clusterDomain")}
    assert check_transition(json.dumps(old), new, Context()) == set()


def test_objects_without_a_record_have_none() -> None:
    """An object from before the record, or one whose record is not known yet, must not stop a change."""
    assert asyncio.run(recorded(None)) is None
    assert asyncio.run(recorded({"metadata": {}})) is None


def test_a_change_that_needs_care_is_allowed_and_says_what_to_mind() -> None:
    """Advice about a change that nobody hears: the old key is deleted too early, and the next restart stays sealed."""
    old, new = (written(specification(unseal={**SEALS["transit"], "keyName": name})) for name in ("old", "new"))
    [advice] = check_transition(old, new, Context())
    assert (advice.rule, advice.path) == ("openbao.seal.key-change", "unseal.keyName")
    assert check_transition(new, new, Context()) == set()


def test_a_change_of_self_initialisation_says_that_it_comes_too_late() -> None:
    """It runs once: whoever adds a login to a cluster that lives would wait for it for ever. No secret is written."""
    request = {"name": "kv", "path": "kv/data/x", "data": {"password": "canary"}}
    users = {"users": [{"username": "admin", "policies": ["admin"]}]}
    logins = {"userpass": users, "requests": [request]}
    more = {"userpass": {"users": [*users["users"], {"username": "second", "policies": ["admin"]}]}}
    old, new = (written(parse(DEVELOPMENT | {"selfInit": {**logins, **change}})) for change in ({}, more))
    assert "canary" not in old + new
    [advice] = check_transition(old, new, Context())
    assert (advice.rule, advice.path) == ("openbao.self-init.once", "selfInit")
    assert check_transition(new, new, Context()) == set()


def test_a_change_that_ends_the_cluster_is_refused() -> None:
    """The guard is the last thing between a slip of the pen and a cluster that cannot be opened."""
    old, new = (written(specification(unseal=SEALS[seal])) for seal in ("transit", "kmip"))
    with pytest.raises(RefusedSpecificationError, match=r"openbao\.seal\.change"):
        check_transition(old, new, Context())
