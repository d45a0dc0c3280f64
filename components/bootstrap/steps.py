"""The order of a bootstrap, per mode: what comes before the pods, and what proves them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.bootstrap import jobs, self_init
from components.kubernetes import access, pod
from components.kubernetes.objects import Objects
from profiles.layout import Names
from profiles.rendering.secret_files import PROOF_SECRET
from profiles.specification import Specification


def before_pods(
    objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]
) -> list[pulumi.Resource]:
    """What pod 0 needs for its first start."""
    if specification.bootstrap == "selfInit":
        return self_init.prepare(objects, specification, resolved)
    return []


def after_pods(
    objects: Objects,
    specification: Specification,
    pods: Sequence[pulumi.Resource],
    configuration: pulumi.Output[str],
) -> list[pulumi.Resource]:
    """Initialise where the pods did not do it themselves, prove the result, close the door behind it.

    A cluster that somebody initialises by hand (`manual`) cannot be proven here: nobody gave us a way in.
    """
    if specification.bootstrap == "manual":
        return []
    names = Names.of(specification)
    before: list[pulumi.Resource] = list(pods)
    login = names.child(PROOF_SECRET)
    if specification.bootstrap == "operatorInit":
        before.append(_operator_init(objects, specification, pods))
        login = names.child("root-token")
    proof = _proof(objects, before, login, configuration)
    if specification.bootstrap == "selfInit":
        return [proof, self_init.close(objects, specification, [proof])]
    return [proof]


def _proof(
    objects: Objects,
    after: Sequence[pulumi.Resource],
    login: str,
    configuration: pulumi.Output[str],
) -> pulumi.Resource:
    def job(parts: dict[str, Any]) -> dict[str, Any]:
        known: Specification = parts["known"]
        return jobs.proof_job(known, login, jobs.revision(parts["configuration"], pod.image(known), known.replicas))

    whole = pulumi.Output.all(known=objects.resolved, configuration=configuration).apply(job)
    return objects.make_from(
        "Job",
        "proof",
        {"spec": whole.apply(lambda built: built["spec"])},
        own=objects.resolved.apply(lambda known: {"labels": jobs.job_labels(known, "proof")}),
        # Without it the next `up` would read the verdict of the failed Job again (pulumi-kubernetes#856).
        annotations={"pulumi.com/replaceUnready": "true"},
        after=after,
        options=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="15m"), delete_before_replace=True),
    )


def _operator_init(objects: Objects, specification: Specification, pods: Sequence[pulumi.Resource]) -> pulumi.Resource:
    account = Names.of(specification).child("operator-init")
    token = objects.make_secret("root-token", options=self_init.kept(specification))
    made = [
        token,
        objects.make("ServiceAccount", "operator-init", lambda _: {"automountServiceAccountToken": False}),
        objects.make("Role", "operator-init", jobs.operator_init_role),
        objects.make("RoleBinding", "operator-init", lambda known: access.role_binding(known, account, account)),
    ]
    return objects.make("Job", "operator-init", jobs.operator_init_job, after=[*pods, *made])
