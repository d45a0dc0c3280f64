"""docs/configuration.md is made from the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from profiles.fields import document

pytestmark = pytest.mark.contract


def test_the_page_of_fields_is_current() -> None:
    """A page that lags behind sends readers to fields that do not exist."""
    page = Path(__file__).parents[2] / "docs/configuration.md"
    assert page.read_text() == document(), "python -m profiles.fields > docs/configuration.md"
