"""What users read: the committed messages are current, and each says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from profiles.report import Finding
from tests.contract.messages import as_markdown, findings

pytestmark = pytest.mark.contract

DOCS = Path(__file__).parents[2] / "docs"
MESSAGES = findings()
IMPERATIVES = frozenset(
    [
        "Add",
        "Append",
        "Ask",
        "Check",
        "Choose",
        "Compare",
        "Correct",
        "Create",
        "Declare",
        "Describe",
        "Export",
        "Grow",
        "Flatten",
        "Give",
        "Go",
        "Grant",
        "Keep",
        "Leave",
        "Lower",
        "Make",
        "Mount",
        "Move",
        "Name",
        "Pass",
        "Protect",
        "Put",
        "Raise",
        "Read",
        "Remove",
        "Restore",
        "Run",
        "Set",
        "Split",
        "Trust",
        "Use",
        "Verify",
        "Write",
    ]
)


def test_the_committed_messages_are_current() -> None:
    """A message that changed unread may say nothing any more: regenerate docs/messages.md and read it aloud."""
    assert (DOCS / "messages.md").read_text("utf-8") == as_markdown()


def test_there_are_enough_messages_to_read() -> None:
    """An emptied snapshot would compare equal to nothing."""
    assert len(MESSAGES) >= 150


@pytest.mark.parametrize(("name", "finding"), MESSAGES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_message_says_what_is_wrong_and_what_to_do(name: str, finding: Finding) -> None:
    """A reason without a way out leaves its reader alone."""
    first = re.match(r"\w+", finding.way_out)
    assert first is not None
    assert first.group() in IMPERATIVES, finding.way_out
    assert finding.reason.endswith(".")
    assert len(finding.reason) <= 300
    assert "TODO" not in finding.reason + finding.way_out
    assert "canary" not in (finding.reason + finding.way_out + finding.evidence).lower()
