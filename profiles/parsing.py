"""From a mapping that a user wrote to a typed specification, or every shape problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from profiles.defaults import with_profile_defaults
from profiles.errors import Problem, SpecificationError
from profiles.specification import Specification
from profiles.values import Unknown
from profiles.wording import problem_of, structural

_TAGS = {"unseal": "type", "tls": "mode"}
"""Fields whose shape is chosen by one of their keys; that key must be known before anything else can be read."""


def parse(data: Mapping[str, object], *, subject: str = "the specification") -> Specification:
    """Read a specification, in camelCase (stack files) or snake_case (programs), and fill in the profile's defaults.

    Raises:
        SpecificationError: with every problem of shape: unknown, missing and repeated keys, wrong types, bad values,
            and an `Unknown` in a field that decides which resources exist.
    """
    plain = {key: value for key, value in data.items() if value is not None}
    problems = _unreadable_tags(plain)
    try:
        specification = Specification.model_validate(plain)
    except ValidationError as invalid:
        problems += [problem_of(dict(error), plain) for error in invalid.errors(include_url=False)]
    else:
        problems += _nameless_logins(specification)
    if problems:
        raise SpecificationError(problems, subject)
    return with_profile_defaults(specification)


def _nameless_logins(specification: Specification) -> list[Problem]:
    """Users whose password is made: its Secret is named after them."""
    access = specification.self_init
    users = access.userpass.users if access is not None and access.userpass is not None else []
    return [
        structural(f"selfInit.userpass.users[{index}].username")
        for index, user in enumerate(users)
        if user.password_secret_ref is None and isinstance(user.username, Unknown)
    ]


def _unreadable_tags(plain: dict[str, Any]) -> list[Problem]:
    """Take out blocks whose kind is not known yet: nothing inside them can be read."""
    problems = []
    for block, tag in _TAGS.items():
        value = plain.get(block)
        if isinstance(value, Mapping) and isinstance(value.get(tag), Unknown):
            problems.append(structural(f"{block}.{tag}"))
            del plain[block]
    return problems
