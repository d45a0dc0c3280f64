"""Golden files: what every user's server reads does not change unnoticed."""

from __future__ import annotations

import pytest

from tests.golden.cases import FILES, rendered

pytestmark = pytest.mark.contract

RENDERED = dict(rendered())


@pytest.mark.parametrize("path", sorted(RENDERED))
def test_rendering_is_byte_for_byte_what_was_reviewed(path: str) -> None:
    """A changed byte restarts every user's cluster at the next `up`; `python -m tests.golden` accepts a wanted one."""
    file = FILES / path
    assert file.is_file(), f"{path} is new: run `python -m tests.golden` and review it"
    assert RENDERED[path] == file.read_text(encoding="utf-8")


def test_no_golden_file_outlives_its_case() -> None:
    """A file that nothing renders any more would look like a promise."""
    assert {str(file.relative_to(FILES)) for file in FILES.rglob("*.json")} == set(RENDERED)
