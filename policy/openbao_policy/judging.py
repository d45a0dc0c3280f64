"""The contract's own rules over the part of a specification that an object shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from profiles.contract import evaluate
from profiles.errors import SpecificationError
from profiles.parsing import parse
from profiles.report import Finding
from profiles.rules import RULES, changes
from profiles.rules.rule import Rule
from profiles.specification import Specification
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
    profile = choice if choice != "AsLabelled" else reading.profile or "Hardened"
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
    for _ in range(3):
        try:
            return parse(data)
        except SpecificationError as wrong:
            for problem in wrong.problems:
                block, _, name = problem.path.partition(".")
                if problem.rule == "specification.required" and name and isinstance(data.get(block), dict):
                    data = {**data, block: {**data[block], name: Unknown(problem.path)}}
                elif block != "profile":
                    data = {key: value for key, value in data.items() if key != block}
    return None
