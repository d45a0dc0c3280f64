"""What the cluster was last allowed to be, written down with it, and the guard that reads it.

The accepted specification (without anything that may be secret) is an input of the component, so that it is in Pulumi's
state, and an annotation of the cluster's first objects, so that it is in Kubernetes. Before one of them is updated, in
preview and in update, the old and the new specification are compared: a transition that the contract refuses (promotion
in place, a downgrade, a lost quorum, another name) stops there, before anything was touched. The component is the first
of all and never replaced; the objects are for clusters whose component has no such input yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pulumi

from components.arguments import Accepted, RefusedSpecificationError
from components.bootstrap.advice import when_there_is_no_place
from components.kubernetes import access
from components.kubernetes.objects import Objects
from profiles.contract import Context, evaluate
from profiles.errors import Problem, SpecificationError
from profiles.parsing import parse
from profiles.report import Finding, Report
from profiles.specification import Specification

ANNOTATION: Final = "openbao.org/specification"
REPORT_ANNOTATION: Final = "openbao.org/contract-report"
_INPUT: Final = "specification"
# What a transition depends on, and nothing that may be secret. Few fields: a later release must still read them.
_WRITTEN: Final = {
    "profile",
    "name",
    "namespace",
    "cluster_domain",
    "version",
    "replicas",
    "unseal",
    "tls",
    "storage",
    "deletion_policy",
    "bootstrap",
    "self_init",
}
# Where self-initialisation may hold what only OpenBao should know.
_UNWRITTEN: Final[dict[str, Any]] = {
    "self_init": {
        "requests": {"__all__": {"data", "auth_method", "secret_engine"}},
        "mounts": {"__all__": {"options"}},
        "approle": {"roles": {"__all__": {"role_id"}}},
    }
}


def written(specification: Specification) -> str:
    """The specification as it is written down; secret values are masked by their type."""
    fields = specification.model_dump(
        mode="json", by_alias=True, exclude_none=True, include=_WRITTEN, exclude=_UNWRITTEN
    )
    return json.dumps(fields, sort_keys=True)


def inputs(accepted: Accepted) -> dict[str, pulumi.Input[str]]:
    """The component's: what the guard compares."""
    return {_INPUT: accepted.resolved.apply(written)}


def guarded(name: str, context: Context) -> pulumi.ResourceOptions:
    """Options of the component `name` and its first objects: no update that the contract refuses."""
    said: set[Problem] = set()  # the guard reads the same change on every guarded resource

    async def guard(change: pulumi.ResourceHookArgs) -> None:
        old, new = await recorded(change.old_inputs), await recorded(change.new_inputs)
        if old and new:
            for advice in sorted(check_transition(old, new, context) - said):
                said.add(advice)
                pulumi.log.warn(str(advice))

    hook = pulumi.ResourceHook(f"{name}-guard", guard, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_update=[hook]))


def begin(objects: Objects, accepted: Accepted, guard: pulumi.ResourceOptions) -> None:
    """Make the guarded first objects: the namespace, if it is ours, and the record."""
    specification = accepted.specification
    guard = pulumi.ResourceOptions.merge(guard, when_there_is_no_place(objects))
    if specification.namespace.create:
        kept = pulumi.ResourceOptions(retain_on_delete=specification.deletion_policy == "Retain")
        options = pulumi.ResourceOptions.merge(guard, kept)
        objects.first.append(objects.make("Namespace", "namespace", _namespace, options=options))
    # In annotations, not in data: a change of data replaces a ConfigMap, a change of annotations updates it in place.
    annotations = pulumi.Output.all(known=accepted.resolved, report=accepted.report).apply(
        lambda parts: {
            ANNOTATION: written(parts["known"]),
            REPORT_ANNOTATION: _states(parts["report"]),
        }
    )
    objects.first.append(objects.make_from("ConfigMap", "contract", {}, annotations=annotations, options=guard))


def _states(report: Report) -> str:
    """Every rule with its states, for an auditor who has only kubectl; reasons are in the stack's outputs."""
    states: dict[str, list[str]] = {}
    for finding in report.findings:
        states.setdefault(finding.rule, []).append(str(finding.state))
    return json.dumps({rule: sorted(set(found)) for rule, found in states.items()}, sort_keys=True)


def _namespace(specification: Specification) -> dict[str, Any]:
    body = access.namespace(specification)
    return {"metadata": {**body["metadata"], "annotations": {ANNOTATION: written(specification)}}}


async def recorded(inputs: Mapping[str, Any] | None) -> str | None:
    """The specification that a resource's inputs carry; None if they carry none, or one that is not known yet.

    Every level may be an `Output`: where one argument is a secret, Pulumi hands over all that was made from it as one.
    """
    value: Any = inputs
    for key in (_INPUT,) if inputs is not None and _INPUT in inputs else ("metadata", "annotations", ANNOTATION):
        value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, pulumi.Output):
            value = await value.future()
    return value if isinstance(value, str) else None


def check_transition(old: str, new: str, context: Context) -> set[Problem]:
    """What to mind when a cluster that was `old` becomes `new` (both as `written`).

    Raises:
        RefusedSpecificationError: if it may not, naming the rule, the field and the way out.
    """
    after = json.loads(new)
    # What the old record does not have was not written down by an earlier release: taken for unchanged.
    previous, wanted = parse({**after, **json.loads(old)}), parse(after)
    already, now = evaluate(wanted, context=context), evaluate(wanted, context=context, previous=previous)
    if refused := _problems(now.violations) - _problems(already.violations):
        raise RefusedSpecificationError(SpecificationError(refused), f'the change of cluster "{wanted.name}"')
    return _problems(now.warnings) - _problems(already.warnings)


def _problems(findings: Iterable[Finding]) -> set[Problem]:
    return {finding.as_problem() for finding in findings}
