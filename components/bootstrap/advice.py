"""What to do when the pods never become ready: Pulumi shows how they are, nobody says what it means."""

from __future__ import annotations

import pulumi

from components.kubernetes.objects import Objects
from profiles.layout import Names
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls


def when_pods_fail(objects: Objects) -> pulumi.ResourceOptions:
    """Options of the StatefulSet: after a failed create or update the way out is said beside Pulumi's own error."""

    def advise(_: pulumi.ErrorHookArgs) -> bool:
        objects.resolved.apply(lambda known: pulumi.log.error(advice(known), objects.parent))
        return False  # never tried again by itself

    hook = pulumi.ErrorHook(objects.resource("advice"), advise)
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook]))


def advice(specification: Specification) -> str:
    """The way out for pods that are not ready."""
    names = Names.of(specification)
    first = f"kubectl --namespace {names.namespace} logs {names.pods[0]} --previous"
    text = f'Not every pod of "{specification.name}" became ready. Why stands in their logs, of pod 0 first: `{first}`.'
    if isinstance(specification.tls, AcmeTls):
        text += _no_certificate(specification, specification.tls)
    if specification.bootstrap != "selfInit":
        return text
    return (
        f'{text} If it says "self-initialization failed", the first start was cut short and cannot be repeated: wipe '
        'and start over as docs/operations.md says under "The first start was cut short".'
    )


def _no_certificate(specification: Specification, tls: AcmeTls) -> str:
    """A pod that gets no certificate neither ends nor restarts, so that no previous log has anything to say."""
    names = Names.of(specification)
    log = f"kubectl --namespace {names.namespace} logs {names.pods[0]}"
    return (
        f" If they run without being ready, they got no certificate from {tls.directory_url}: "
        f"`{log} | grep 'could not get certificate'` says what it answered, and docs/tls.md what to do."
    )
