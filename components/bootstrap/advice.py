"""What to do when there is no place for the cluster, or its pods do not become ready: Kubernetes says what, not why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import pulumi

from components.kubernetes.objects import Objects
from profiles.layout import Names
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls

PATIENCE_SECONDS: Final = 90
"""For pods that start together, or for each of those that are replaced one by one. Who is well takes half of it, with
the image pulled; Pulumi gives up after ten minutes or more."""


def while_pods_start(objects: Objects) -> pulumi.ResourceOptions:
    """Options of the StatefulSet: the way out is said when its pods take long, and when Pulumi gave them up."""
    timers: list[asyncio.TimerHandle] = []

    def say(log: Callable[[str, pulumi.Resource], None], how: str) -> None:
        objects.resolved.apply(lambda known: log(f"{how} {advice(known)}", objects.parent))

    async def begin(change: pulumi.ResourceHookArgs) -> None:
        seconds = PATIENCE_SECONDS * (objects.specification.replicas if change.old_inputs else 1)
        text = f"Still waiting: after {seconds} s not every pod is ready."
        timers.append(asyncio.get_running_loop().call_later(seconds, say, pulumi.log.warn, text))

    async def end(_: pulumi.ResourceHookArgs) -> None:
        _stop(timers)

    async def fail(_: pulumi.ErrorHookArgs) -> bool:
        _stop(timers)
        say(pulumi.log.error, "Not every pod became ready.")
        return False  # never tried again by itself

    before = pulumi.ResourceHook(objects.resource("patience"), begin)
    after = pulumi.ResourceHook(objects.resource("ready"), end)
    failed = pulumi.ErrorHook(objects.resource("advice"), fail)
    hooks = pulumi.ResourceHookBinding(
        before_create=[before],
        before_update=[before],
        after_create=[after],
        after_update=[after],
        on_error=[failed],
    )
    return pulumi.ResourceOptions(hooks=hooks)


def when_there_is_no_place(objects: Objects) -> pulumi.ResourceOptions:
    """Options of the first objects: when they cannot be made, the field to change is said."""

    async def fail(failed: pulumi.ErrorHookArgs) -> bool:
        text = place(objects.specification, failed.type.rsplit(":", 1)[-1], failed.errors[0])
        if text:
            pulumi.log.error(text, objects.parent)
        return False

    hook = pulumi.ErrorHook(objects.resource("place"), fail)
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook]))


def place(specification: Specification, kind: str, error: str) -> str:
    """The way out when the first object of this kind could not be made; empty where the error says enough."""
    if kind == "Namespace" and "already exists" in error:
        return "To use a namespace that exists, and never delete it, set namespace.create to false."
    if "already exists" in error:
        return (
            f'A cluster "{specification.name}" is in this namespace already. Choose another name or namespace; if this '
            'stack made it and was killed, go on as docs/operations.md says under "An `up` that was killed".'
        )
    if "not found" in error and not specification.namespace.create:
        return "Create the namespace first, or leave out namespace.create to have it made."
    return ""


def _stop(timers: list[asyncio.TimerHandle]) -> None:
    while timers:
        timers.pop().cancel()


def advice(specification: Specification) -> str:
    """The way out for pods that are not ready."""
    names = Names.of(specification)
    kubectl = f"kubectl --namespace {names.namespace}"
    text = (
        f'Why the pods of "{specification.name}" are not: `{kubectl} get events` if they do not run, else '
        f"`{kubectl} logs {names.pods[0]}`, with --previous once it restarted."
    )
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
