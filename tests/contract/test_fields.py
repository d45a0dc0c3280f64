"""docs/configuration.md is made from the models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from profiles.fields import document

pytestmark = pytest.mark.contract


def test_the_page_of_fields_is_current() -> None:
    """A page that lags behind sends readers to fields that do not exist."""
    page = Path(__file__).parents[2] / "docs/configuration.md"
    assert page.read_text() == document(), "python -m profiles.fields > docs/configuration.md"


def test_the_schema_that_editors_use_is_current() -> None:
    """The stack files point their editors at it."""
    from profiles.schema import json_schema

    file = Path(__file__).parents[2] / "docs/stack-file.schema.json"
    assert json.loads(file.read_text()) == json_schema(), "python -m profiles schema > docs/stack-file.schema.json"
