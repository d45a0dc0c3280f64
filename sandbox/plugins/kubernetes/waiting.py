"""Waiting for an object to be done, or gone: with progress, with reasons, and never longer than asked.

It polls. Ctrl-C ends every wait at once with what is known, so that the engine records what exists already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from sandbox.plugins.base import Operation, ProviderError
from sandbox.plugins.kubernetes import directives, readiness, wait_for
from sandbox.plugins.kubernetes.api import Api, ApiError, NoMatchError, NotFoundError, UnreachableError
from sandbox.plugins.kubernetes.readiness import Facts, Verdict
from sandbox.plugins.values import Properties

READY_SECONDS, DELETE_SECONDS = 600, 300
"""How long to wait when nobody says how long: the official provider's figures."""

_LOG_LINES = 10
_WORKLOADS = ("DaemonSet", "Deployment", "Job", "StatefulSet")


class WaitEnded(Exception):  # noqa: N818 - it is an outcome, no error yet
    """The wait ended without success."""

    def __init__(self, why: str, live: Properties, reasons: tuple[str, ...]) -> None:
        super().__init__(why)
        self.why, self.live, self.reasons = why, live, reasons


def until_ready(api: Api, operation: Operation, inputs: Properties, live: Properties) -> Properties:
    """Wait until the object is done; returns it as it then is. Raises WaitEnded."""
    judge = judge_of(inputs)
    if judge is None:
        return live
    name = live["metadata"]["name"]
    seconds = directives.timeout_seconds(inputs, operation.timeout, READY_SECONDS)
    verdict = Verdict(False)
    for ending in _ticks(operation, seconds):
        try:
            live = api.get(live)
            verdict = judge(live, facts(api, live))
        except NotFoundError:
            raise WaitEnded(f"'{name}' was deleted while waiting for it", live, ()) from None
        except UnreachableError as error:
            verdict = Verdict(False, str(error), (str(error),))
        if verdict.done:
            return live
        if verdict.failed:
            raise WaitEnded(f"'{name}' failed", live, (*verdict.reasons, *last_words(api, live)))
        if ending:
            raise WaitEnded(ending.format(name), live, (*verdict.reasons, *last_words(api, live)))
        operation.status(verdict.progress)
    raise AssertionError("unreachable: the last tick always ends the wait")


def until_gone(api: Api, operation: Operation, inputs: Properties, thing: Properties) -> None:
    """Wait until the object is deleted, or another one has its name. Raises ProviderError."""
    place = f"{thing['kind']} {thing['metadata'].get('namespace', '')}/{thing['metadata']['name']}".replace(" /", " ")
    seconds = directives.timeout_seconds(inputs, operation.timeout, DELETE_SECONDS)
    for ending in _ticks(operation, seconds):
        try:
            live = api.get(thing)
        except (NotFoundError, NoMatchError):
            return
        except UnreachableError as error:
            operation.status(str(error))
        else:
            if live["metadata"]["uid"] != (thing["metadata"].get("uid") or live["metadata"]["uid"]):
                return
            finalizers = ", ".join(live["metadata"].get("finalizers") or []) or "none"
            operation.status(f"still there; finalizers: {finalizers}")
        if ending:
            raise ProviderError(
                f"{place} is marked for deletion but still there ({ending.format(thing['metadata']['name'])}). "
                "Look at its finalizers and at what depends on it (kubectl describe), then run this again."
            )


def _ticks(operation: Operation, seconds: float) -> Iterator[str]:
    """Times to look: quickly at first. The last one carries why it is the last."""
    deadline = time.monotonic() + seconds
    pause = 0.1
    while True:
        if operation.cancelled.is_set():
            yield 'Resource operation was cancelled for "{}"'
            return
        if time.monotonic() >= deadline:
            yield "'{}' timed out waiting to be Ready"
            return
        yield ""
        operation.cancelled.wait(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(1.0, pause * 1.3)


def judge_of(inputs: Properties) -> Callable[[Properties, Facts], Verdict] | None:
    """The rule by which an object is done; None when there is nothing to wait for."""
    if directives.flag(inputs, directives.SKIP_AWAIT):
        return None
    if expressions := directives.wait_for(inputs):
        return lambda live, _: wait_for.verdict(live, expressions)
    return readiness.RULES[inputs["kind"]] if readiness.applies_to(inputs) else None


def facts(api: Api, thing: Properties) -> Facts:
    """What the rule of this kind looks at besides the object itself."""
    kind, namespace = thing["kind"], thing["metadata"].get("namespace", "")
    if not readiness.applies_to(thing):
        return Facts()
    if kind in _WORKLOADS:
        return Facts(pods=_pods(api, thing))
    if kind == "Service":
        label = f"kubernetes.io/service-name={thing['metadata']['name']}"
        return Facts(endpoint_slices=api.items("discovery.k8s.io/v1", "EndpointSlice", namespace, labelSelector=label))
    if kind == "PersistentVolumeClaim":
        return Facts(binding_mode=_binding_mode(api, thing["spec"].get("storageClassName")))
    return Facts()


def _pods(api: Api, workload: Properties) -> list[Properties]:
    labels = (workload["spec"].get("selector") or {}).get("matchLabels") or {}
    if not labels:
        return []
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = api.items("v1", "Pod", workload["metadata"]["namespace"], labelSelector=selector)
    return sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))


def _binding_mode(api: Api, storage_class: str | None) -> str:
    if not storage_class:
        return "WaitForFirstConsumer" if storage_class is None else ""
    try:
        found = api.call("GET", api.path("storage.k8s.io/v1", "StorageClass", None, storage_class))
    except NotFoundError:
        return ""
    return str(found.get("volumeBindingMode") or "Immediate")


def last_words(api: Api, thing: Properties) -> tuple[str, ...]:
    """For a workload that did not make it: its warning events, and the end of its worst pod's log.

    Best effort: a pod without a log, or a node that does not answer, adds nothing.
    """
    if thing["kind"] not in (*_WORKLOADS, "Pod"):
        return ()
    try:
        pods = [thing] if thing["kind"] == "Pod" else _pods(api, thing)
        suffering = [pod for pod in pods if readiness.pod_problems([pod])]
        found = [*_warnings(api, thing), *(line for pod in suffering[-1:] for line in _warnings(api, pod))]
        return (*found, *_log(api, suffering[-1])) if suffering else tuple(found)
    except (ApiError, UnreachableError):
        return ()


def _warnings(api: Api, thing: Properties) -> list[str]:
    selector = f"involvedObject.uid={thing['metadata']['uid']},type=Warning"
    events = api.items("v1", "Event", thing["metadata"]["namespace"], fieldSelector=selector)
    label = f"{thing.get('kind', 'Pod')} {thing['metadata']['namespace']}/{thing['metadata']['name']}"
    return [f"[{label}]: [{event.get('reason')}] {event.get('message')}" for event in events[-2:]]


def _log(api: Api, pod: Properties) -> list[str]:
    status, place = pod.get("status") or {}, pod["metadata"]
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    ended = [s for s in states if not s.get("ready") and ((s.get("state") or {}).keys() & {"terminated", "running"})]
    if not ended:
        return []
    container = ended[0]["name"]
    path = api.path("v1", "Pod", place["namespace"], place["name"]) + "/log"
    text = str(api.call("GET", path, query={"container": container, "tailLines": str(_LOG_LINES)})).strip()
    return [f"[Pod {place['namespace']}/{place['name']}]: last log lines of {container}:\n{text}"] if text else []
