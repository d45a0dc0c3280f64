"""The verdicts as CrossGuard policies: one per rule, under the rule's own id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_policy import (  # type: ignore[import-not-found]
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError  # type: ignore[import-not-found]

from profiles.rules.rule import Rule
from profiles.values import Unknown

from .judging import judge, judgeable

_CONFIG = PolicyConfigSchema(
    properties={
        "profile": {
            "type": "string",
            "enum": ["AsLabelled", "Hardened", "Development"],
            "default": "AsLabelled",
            "description": "Profile to hold objects to; AsLabelled: their label openbao.org/profile, else Hardened.",
        }
    }
)


def policies() -> list[Policy]:
    """One policy per rule that objects can show; refusals are mandatory, warnings advisory."""
    return [_policy(rule) for rule in judgeable()]


def _policy(rule: Rule) -> ResourceValidationPolicy:
    return ResourceValidationPolicy(
        name=rule.id,
        description=f"{rule.title}. {rule.reason}",
        enforcement_level=EnforcementLevel.ADVISORY if rule.advice else EnforcementLevel.MANDATORY,
        config_schema=_CONFIG,
        validate=_validator(rule.id),
    )


def _validator(rule_id: str) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if not args.resource_type.startswith("kubernetes:"):
            return
        for verdict in judge(args.resource_type, plain(args.props), args.get_config().get("profile", "AsLabelled")):
            if verdict.rule == rule_id:
                report_violation(verdict.message, args.urn)

    return validate


def plain(value: Any, path: str = "") -> Any:
    """A resource's properties without Pulumi's proxies; what a preview cannot know is `Unknown`."""
    if isinstance(value, Mapping):
        return {key: _known(value, key, f"{path}.{key}".lstrip(".")) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(value, index, f"{path}[{index}]") for index in range(len(value))]
    return value


def _known(container: Any, key: Any, path: str) -> Any:
    try:
        return plain(container[key], path)
    except UnknownValueError:
        return Unknown(path)
