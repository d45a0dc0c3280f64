"""Previews of objects whose content another resource of the same update will decide. Proves the stand-in only."""

from __future__ import annotations

import pytest

from tests.standins.stack import Stack

pytestmark = pytest.mark.sandbox

PROGRAM = """
import pulumi_random as random
later = random.RandomPassword("later", length=8).result
spec, annotations = later.apply(lambda _: {"ports": [{"port": 80}]}), later.apply(lambda _: {"a": "b"})
k8s.core.v1.Service("svc", metadata={"name": "svc", "namespace": NS}, spec=spec)
k8s.core.v1.Secret("secret", metadata={"name": "s", "namespace": NS, "annotations": annotations})
"""


def test_blocks_that_are_unknown_as_a_whole_can_be_previewed_and_made(stack: Stack) -> None:
    """If it fails, a value that comes late would break the preview of every object that is built from it."""
    stack.program(PROGRAM)
    assert {name for _, name in stack.preview()} == {"standins-test", "later", "svc", "secret"}
    assert stack.up().ok
