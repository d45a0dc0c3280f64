"""Every error that this product raises for a user to read, as one tree.

    OpenBaoError                      base: catch this to catch all of ours
    ├── SpecificationError            the specification is unusable or breaks its contract; carries every problem
    └── UnusableInput                 a file or a value that is no specification at all (no YAML, no mapping, missing)

Nothing here ever holds a secret: problems carry field paths and reasons, never the values of secret fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class OpenBaoError(Exception):
    """Base of every error that a user of this library is meant to read."""


class UnusableInput(OpenBaoError):  # noqa: N818 - reads as what it says
    """What was given cannot be read as a specification at all."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with a specification.

    rule: id as in the contract (`hardened.minimum-replicas`) or `specification.*` for shape errors.
    path: the field, in the stack file's spelling (`unseal.kmsKeyId`, `selfInit.requests[2].path`).
    reason: what is wrong, one sentence. way_out: what to do about it, one sentence.
    """

    path: str
    rule: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.path or '(specification)'}: {self.reason} {self.way_out} [{self.rule}]"


class SpecificationError(OpenBaoError):
    """A specification that cannot be accepted, with all of its problems."""

    def __init__(self, problems: Iterable[Problem], subject: str = "the specification") -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        count = len(self.problems)
        headline = f"{subject} has {count} problem{'s' if count != 1 else ''}:"
        super().__init__("\n".join([headline, *(f"  - {problem}" for problem in self.problems)]))
