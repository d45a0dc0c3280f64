"""The record beside a cluster, as the guard of its changes reads it. The guard itself runs in tests/sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from components.record import ANNOTATION, recorded

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
