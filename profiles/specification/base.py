"""What all parts of a specification share: strict, closed, camelCase outside and snake_case inside."""

from __future__ import annotations

from functools import cache
from typing import Self, cast

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    """One block of a specification.

    Strict (no silent conversion), closed (unknown keys are errors) and frozen (a checked specification cannot change).
    Stack files spell fields in camelCase like the operator's CRD, Python programs in snake_case; both are accepted.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        alias_generator=to_camel,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        defer_build=True,  # one validator for the whole is built at first use, not one per block at import
    )

    @classmethod
    def defaults(cls) -> Self:
        """The block as it is when a user says nothing: one shared instance, made without building a validator."""
        return cast("Self", _made_once(cls))


@cache
def _made_once(part: type[Part]) -> Part:
    return part.model_construct()
