"""The record beside a cluster, as the guard of its changes reads it. The guard itself runs in tests/sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from components.arguments import RefusedSpecificationError
from components.record import ANNOTATION, check_transition, recorded, written
from profiles.contract import Context
from tests.golden.cases import SEALS, specification

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


def test_a_change_that_ends_the_cluster_is_refused() -> None:
    """The guard is the last thing between a slip of the pen and a cluster that cannot be opened."""
    old, new = (written(specification(unseal=SEALS[seal])) for seal in ("transit", "kmip"))
    with pytest.raises(RefusedSpecificationError, match=r"openbao\.seal\.change"):
        check_transition(old, new, Context())
