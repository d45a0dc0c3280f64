"""Fixtures of the server tier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A place for one test; all its processes end with it."""
    with Lab(tmp_path) as place:
        yield place


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A place for all tests of a module."""
    with Lab(tmp_path_factory.mktemp("lab")) as place:
        yield place
