"""The one door for arguments: from whatever a program passes to a checked specification.

Any leaf may be a Pulumi `Output`. What is plain is parsed and checked at once, before the first resource is registered;
what is not known yet is checked inside the chain that every resource hangs on, so that nothing is created from a value
that the contract refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, cast

import pulumi

from profiles.contract import Context, Report, check
from profiles.errors import Problem, SpecificationError
from profiles.parsing import parse
from profiles.specification import Profile, Specification
from profiles.values import Unknown


class RefusedSpecificationError(SpecificationError, pulumi.RunError):
    """A specification that the contract refuses; Pulumi shows a `RunError` without a traceback."""

    def __init__(self, refused: SpecificationError, subject: str) -> None:
        SpecificationError.__init__(self, refused.problems, subject)


@dataclass
class _Split:
    """A tree of arguments with every `Output` taken out, and the outputs by their path."""

    outputs: dict[str, pulumi.Output[Any]] = field(default_factory=dict)

    def plain(self, value: Any, path: str = "") -> Any:
        """`value` with `Unknown` where an `Output` was."""
        if isinstance(value, pulumi.Output) or isawaitable(value):
            self.outputs[path] = pulumi.Output.from_input(value)
            return Unknown(path)
        if isinstance(value, Mapping):
            return {key: self.plain(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            return [self.plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
        # Numbers reach a component package as floats, whatever they were in the program (pulumi's Construct protocol).
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def known(self, value: Any, resolved: Mapping[str, Any], path: str = "") -> Any:
        """`value` with the resolved outputs put back."""
        if path in self.outputs:
            return self.plain(resolved[path])
        if isinstance(value, Mapping):
            return {k: self.known(v, resolved, f"{path}.{k}" if path else str(k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self.known(item, resolved, f"{path}[{index}]") for index, item in enumerate(value)]
        return value


@dataclass(frozen=True)
class Accepted:
    """A specification that the contract accepts.

    specification: decides which resources exist; leaves that are not known yet are `Unknown` in it.
    resolved: the same with every value known and everything checked; all resources are built from it.
    report: the contract report over what is known.
    """

    specification: Specification
    resolved: pulumi.Output[Specification]
    report: pulumi.Output[Report]


def _given(arguments: Any, profile: Profile, subject: str) -> dict[str, Any]:
    """What was said at all: a `None` is as good as nothing."""
    problem = None
    if arguments is not None and not isinstance(arguments, Mapping):
        reason = "The arguments must be a mapping of fields, and are not."
        way_out = "Pass a dictionary; only the values in it may be outputs of other resources."
        problem = Problem("", "specification.type", reason, way_out)
    elif arguments is not None and (asked := arguments.get("profile")) is not None and asked != profile:
        reason = f"The profile is chosen by the component, and this one is {profile}."
        way_out = "Use DevelopmentVaultCluster or HardenedVaultCluster as the profile says, and leave profile out."
        problem = Problem("profile", "specification.choice", reason, way_out)
    if problem is not None:
        raise RefusedSpecificationError(SpecificationError([problem]), subject)
    return {key: value for key, value in (arguments or {}).items() if value is not None}


def accept(name: str, profile: Profile, arguments: Mapping[str, Any] | None, context: Context) -> Accepted:
    """Parse and check `arguments` (camelCase or snake_case); `name`: the cluster's, unless they give another.

    Raises:
        RefusedSpecificationError: with every problem at once.
    """
    asked = arguments.get("name") if isinstance(arguments, Mapping) else None
    subject = f'cluster "{asked if isinstance(asked, str) else name}"'
    split = _Split()
    plain = split.plain({"name": name, **_given(arguments, profile, subject), "profile": profile})

    def checked(tree: Mapping[str, Any]) -> tuple[Specification, Report]:
        try:
            specification = parse(tree, subject=subject)
            return specification, check(specification, context=context)
        except SpecificationError as refused:
            raise RefusedSpecificationError(refused, subject) from None

    specification, report = checked(plain)
    if not split.outputs:
        return Accepted(specification, pulumi.Output.from_input(specification), pulumi.Output.from_input(report))
    both = pulumi.Output.all(**split.outputs).apply(
        lambda resolved: checked(split.known(plain, cast("Mapping[str, Any]", resolved)))
    )
    return Accepted(specification, both.apply(lambda pair: pair[0]), both.apply(lambda pair: pair[1]))
