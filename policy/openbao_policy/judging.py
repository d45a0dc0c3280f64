"""The contract's own rules over the part of a specification that an object shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from profiles.contract import evaluate
from profiles.errors import SpecificationError
from profiles.parsing import parse
from profiles.report import Finding
from profiles.rules import RULES, changes
from profiles.rules.rule import Rule
from profiles.specification import Profile, Specification
from profiles.values import Unknown

from .reading import Seen, read

Choice = Literal["AsLabelled", "Hardened", "Development"]

VISIBLE = (
    "image",
    "version",
    "securityContext",
    "replicas",
    "service",
    "network.trustedIngressPeers",
    "telemetry.serviceMonitor.insecureSkipVerify",
    "audit",
    "configuration.listener.tlsDisable",
    "configuration.detectDeadlocks",
    "configuration.logLevel",
    "configuration.rawStorageEndpoint",
    "configuration.introspectionEndpoint",
    "configuration.unsafeAllowAPIAuditCreation",
    "unseal.type",
    "unseal.address",
    "unseal.tlsSkipVerify",
    "unseal.token",
    "unseal.secretKey",
    "unseal.sessionToken",
    "unseal.clientSecret",
    "unseal.pin",
)
"""Every field that some object can show."""

_ROUNDS = 5
"""How often what cannot be read is left out before an object is not judged at all."""

NOT_ASKED = {
    "contract.image.shell": "only this product's own proof Job needs a shell",
    "contract.key-policy": "a reminder that nothing can answer is noise in every preview",
    "contract.network.clients": "other policies may name the clients",
    "openbao.audit.writable": "only this product's own pods have its folders",
}
"""Rules that could be asked of an object but would say nothing useful about it."""

_ABOUT_THE_PAST = changes.__name__
"""Rules about what ran before are not asked: an object is judged as it is."""


@dataclass(frozen=True)
class Verdict:
    """One rule's refusal of one place in an object."""

    rule: str
    where: str
    message: str


def judgeable() -> list[Rule]:
    """The rules that can be asked about objects: they read nothing that no object shows. One row per id."""
    asked = [
        rule
        for rule in RULES
        if rule.id not in NOT_ASKED
        and rule.judge.__module__ != _ABOUT_THE_PAST
        and all(any(_below(field, seen) for seen in VISIBLE) for field in rule.fields)
    ]
    return list({rule.id: rule for rule in asked}.values())


def _below(field: str, seen: str) -> bool:
    return field == seen or field.startswith(f"{seen}.")


def judge(resource_type: str, props: Mapping[str, Any], choice: Choice = "AsLabelled") -> list[Verdict]:
    """Every refusal and warning about one object; nothing for objects that are not OpenBao's."""
    reading = read(resource_type, props)
    if reading is None:
        return []
    labelled = reading.profile if reading.profile in get_args(Profile) else "Hardened"
    profile = str(choice if choice != "AsLabelled" else labelled)
    return [verdict for part in reading.parts for verdict in _judge(part, profile)]


def _judge(part: Seen, profile: str) -> list[Verdict]:
    specification = _specification({"profile": profile, **part.data})
    if specification is None:
        return []
    report = evaluate(specification, fields=part.fields)
    found = (*report.violations, *report.warnings)
    return [_verdict(part, finding) for finding in found if finding.rule not in NOT_ASKED]


def _verdict(part: Seen, finding: Finding) -> Verdict:
    return Verdict(finding.rule, part.where, f"{part.where}: {finding.reason} {finding.way_out} ({finding.path})")


def _specification(data: dict[str, Any]) -> Specification | None:
    """A specification around a part: what the part cannot show is not known, what cannot be read is not judged."""
    for _ in range(_ROUNDS):
        try:
            return parse(data)
        except SpecificationError as wrong:
            for problem in reversed(wrong.problems):
                steps = re.findall(r"[^.\[\]]+", problem.path)
                missing = problem.rule == "specification.required"
                data = _with_unknown(data, steps, problem.path) if missing else _without(data, steps)
    return None


def _with_unknown(node: Any, steps: list[str], path: str) -> Any:
    """A copy with a placeholder at a path."""
    if not steps:
        return Unknown(path)
    step = int(steps[0]) if isinstance(node, list) else steps[0]
    copy = node.copy()
    copy[step] = _with_unknown(copy[step] if steps[1:] else None, steps[1:], path)
    return copy


def _without(node: Any, steps: list[str]) -> Any:
    """A copy without what is at a path, or without the last of its parents that is there."""
    step = int(steps[0]) if isinstance(node, list) else steps[0]
    if step not in (range(len(node)) if isinstance(node, list) else node):
        return node
    copy, inner = node.copy(), node[step]
    if steps[1:] and isinstance(inner, dict | list) and (smaller := _without(inner, steps[1:])) is not inner:
        copy[step] = smaller
    else:
        del copy[step]
    return copy
