"""When a Kubernetes object is done, and what is missing as long as it is not. Pure: objects in, verdict out.

The rules and their wording are those of the official provider (provider/pkg/await); `Facts` are the other objects a
rule looks at. A StatefulSet with updateStrategy OnDelete is done although old pods still run: so says the official one.
"""
# ruff: noqa: ARG001 - all rules have the same form

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.plugins.values import Properties


@dataclass(frozen=True)
class Verdict:
    """Whether an object is done, what to show while it is not, and the reasons to give when patience ends."""

    done: bool
    progress: str = ""
    reasons: tuple[str, ...] = ()
    failed: bool = False
    """It never will be done: stop waiting."""


@dataclass(frozen=True)
class Facts:
    """What else the cluster says about an object."""

    pods: list[Properties] = field(default_factory=list)
    endpoint_slices: list[Properties] = field(default_factory=list)
    binding_mode: str = ""
    """The volumeBindingMode of a claim's StorageClass."""


_DONE = Verdict(True)


def condition(thing: Properties, type: str) -> Properties:
    """A status condition; empty when it is not there."""
    conditions = (thing.get("status") or {}).get("conditions") or []
    return next((c for c in conditions if c.get("type") == type), {})


def holds(thing: Properties, type: str) -> bool:
    """Whether a status condition is true."""
    return bool(condition(thing, type).get("status") == "True")


def _observed(thing: Properties) -> bool:
    return bool((thing.get("status") or {}).get("observedGeneration", 0) >= thing["metadata"].get("generation", 0))


def stateful_set(thing: Properties, facts: Facts) -> Verdict:
    """All replicas ready, and of the newest revision unless the update strategy is OnDelete."""
    spec, status = thing["spec"], thing.get("status") or {}
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    first = thing["metadata"].get("generation", 1) <= 1
    on_delete = not first and (spec.get("updateStrategy") or {}).get("type") == "OnDelete"
    current, newest = status.get("currentRevision", ""), status.get("updateRevision", "")
    revision = on_delete or (current != "" and current == newest)
    replicas = status.get("replicas", 0) == ready == wanted
    if not on_delete:
        replicas = replicas and status.get("currentReplicas", 0) == wanted
    if _observed(thing) and revision and replicas:
        return _DONE
    counted = ready if revision else min(ready, status.get("updatedReplicas", 0))
    if first:
        progress = f"[1/2] Waiting for StatefulSet to create Pods ({counted}/{wanted} Pods ready)"
    elif not replicas:
        progress = f"[1/3] Waiting for StatefulSet update to roll out ({counted}/{wanted} Pods ready)"
    else:
        progress = "[2/3] Waiting for StatefulSet to update .status.currentRevision"
    reasons = [] if replicas else [f"{counted} out of {wanted} replicas succeeded readiness checks"]
    if not revision:
        reasons.append(f'StatefulSet controller failed to advance from revision "{current}" to revision "{newest}"')
    return Verdict(False, progress, (*reasons, *pod_problems(facts.pods)))


def deployment(thing: Properties, facts: Facts) -> Verdict:
    """The newest ReplicaSet is fully rolled out and available."""
    spec, status = thing["spec"], thing.get("status") or {}
    wanted = spec.get("replicas", 1)
    progressing = condition(thing, "Progressing")
    complete = (
        status.get("updatedReplicas", 0) == status.get("replicas", 0) == status.get("availableReplicas", 0) == wanted
    )
    rolled_out = spec.get("paused") or progressing.get("reason") == "NewReplicaSetAvailable"
    if _observed(thing) and rolled_out and complete and (holds(thing, "Available") or wanted == 0):
        return _DONE
    reasons = ["Minimum number of live Pods was not attained"]
    if progressing.get("status") == "False":
        reasons.insert(0, f"[{progressing.get('reason')}] {progressing.get('message')}")
    available = status.get("availableReplicas", 0)
    progress = f"[1/2] Waiting for app ReplicaSet to be available ({available}/{wanted} Pods available)"
    return Verdict(False, progress, (*reasons, *pod_problems(facts.pods)))


def daemon_set(thing: Properties, facts: Facts) -> Verdict:
    """Every node that should run it runs the newest pod, available."""
    status = thing.get("status") or {}
    wanted, available = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    if _observed(thing) and status.get("updatedNumberScheduled", 0) == available == wanted:
        return _DONE
    reason = f"{available} out of {wanted} pods are available"
    return Verdict(
        False, f"Waiting for DaemonSet ({available}/{wanted} Pods available)", (reason, *pod_problems(facts.pods))
    )


def job(thing: Properties, facts: Facts) -> Verdict:
    """Complete; a failed one is reported at once."""
    status = thing.get("status") or {}
    failed = condition(thing, "Failed")
    if holds(thing, "Complete"):
        return _DONE
    if failed.get("status") == "True":
        reason = f"[{failed.get('reason')}] {failed.get('message')}"
        return Verdict(False, reason, (reason, *pod_problems(facts.pods)), failed=True)
    if not status.get("startTime"):
        progress = "Waiting for Job to start"
    else:
        counts = ", ".join(f"{status.get(name, 0)} {name}" for name in ("active", "succeeded", "failed"))
        progress = f"Waiting for Job to succeed (Pods: {counts})"
    return Verdict(False, progress, (progress, *pod_problems(facts.pods)))


def pod(thing: Properties, facts: Facts) -> Verdict:
    """Ready, or run to completion."""
    if holds(thing, "Ready") or (thing.get("status") or {}).get("phase") == "Succeeded":
        return _DONE
    return Verdict(False, "Waiting for Pod to become ready", tuple(pod_problems([thing])) or ("Pod is not ready",))


def service(thing: Properties, facts: Facts) -> Verdict:
    """It leads to pods, all of them ready, and has its outside address; headless and selectorless ones lead nowhere."""
    spec, status = thing["spec"], thing.get("status") or {}
    type = spec.get("type", "ClusterIP")
    leads = bool(spec.get("selector")) and spec.get("clusterIP") != "None" and type != "ExternalName"
    if leads:
        endpoints = [e for part in facts.endpoint_slices for e in part.get("endpoints") or []]
        if not endpoints or any((e.get("conditions") or {}).get("ready") is False for e in endpoints):
            reason = (
                "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' "
                "may not match labels on any Pods"
            )
            return Verdict(False, "[1/3] Finding Pods to direct traffic to", (reason,))
    if type == "LoadBalancer" and not (status.get("loadBalancer") or {}).get("ingress"):
        reason = "Service was not allocated an IP address; does your cloud provider support this?"
        return Verdict(False, "[2/3] Attempting to allocate IP address to Service", (reason,))
    return _DONE


def ingress(thing: Properties, facts: Facts) -> Verdict:
    """A controller gave it an address."""
    if ((thing.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return _DONE
    reason = "Ingress .status.loadBalancer field was not updated with a hostname/IP address"
    return Verdict(False, "Waiting for update of .status.loadBalancer with hostname/IP", (reason,))


def persistent_volume_claim(thing: Properties, facts: Facts) -> Verdict:
    """Bound; a claim that only a pod will bind is done as it is."""
    phase = (thing.get("status") or {}).get("phase")
    if phase == "Bound" or (phase == "Pending" and facts.binding_mode == "WaitForFirstConsumer"):
        return _DONE
    return Verdict(
        False, f"PersistentVolumeClaim is {phase or 'new'}", (f"PersistentVolumeClaim is {phase}, not Bound",)
    )


def persistent_volume(thing: Properties, facts: Facts) -> Verdict:
    """There for claims, or taken by one."""
    phase = (thing.get("status") or {}).get("phase")
    if phase in ("Available", "Bound"):
        return _DONE
    return Verdict(False, f"PersistentVolume is {phase or 'new'}", (f"PersistentVolume is {phase}",))


def namespace(thing: Properties, facts: Facts) -> Verdict:
    """Usable, not on its way out."""
    phase = (thing.get("status") or {}).get("phase")
    return (
        _DONE if phase == "Active" else Verdict(False, f"Namespace is {phase}", (f"Namespace is {phase}, not Active",))
    )


def custom_resource_definition(thing: Properties, facts: Facts) -> Verdict:
    """Served by the API server."""
    if holds(thing, "Established"):
        return _DONE
    accepted = condition(thing, "NamesAccepted")
    return Verdict(
        False,
        "Waiting for the definition to be served",
        (accepted.get("message") or "CustomResourceDefinition is not established",),
    )


RULES: dict[str, Callable[[Properties, Facts], Verdict]] = {
    "CustomResourceDefinition": custom_resource_definition,
    "DaemonSet": daemon_set,
    "Deployment": deployment,
    "Ingress": ingress,
    "Job": job,
    "Namespace": namespace,
    "PersistentVolume": persistent_volume,
    "PersistentVolumeClaim": persistent_volume_claim,
    "Pod": pod,
    "Service": service,
    "StatefulSet": stateful_set,
}
"""Kinds that have a notion of done, all of them of Kubernetes' own groups (`applies_to`)."""

READ_AGAIN = ("DaemonSet", "Deployment", "Ingress", "Job", "Pod", "Service", "StatefulSet")
"""Kinds that a refresh judges too: one that is not done any more is recorded as such."""


def applies_to(thing: Properties) -> bool:
    """Whether a rule is for this very kind and not for somebody's custom resource of the same name."""
    group = thing["apiVersion"].rpartition("/")[0]
    own = "." not in group or group.endswith(".k8s.io")
    return own and thing["kind"] in RULES


def pod_problems(pods: list[Properties]) -> list[str]:
    """What keeps pods from being ready, one line each."""
    return [f"[Pod {_place(p)}]: {problem}" for p in pods for problem in _problems(p)]


def _place(thing: Properties) -> str:
    return f"{thing['metadata'].get('namespace')}/{thing['metadata']['name']}"


def _problems(pod: Properties) -> list[str]:
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded":
        return []
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return [f"[{scheduled.get('reason')}] {scheduled.get('message')}"]
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    unready = [s for s in states if not s.get("ready") and not _succeeded(s)]
    if not unready:
        return []
    details = [detail for state in unready for detail in _details(state)]
    names = " ".join(state["name"] for state in unready)
    return [f"containers with unready status: [{names}]" + "".join(f" -- {detail}" for detail in details)]


def _succeeded(state: dict[str, Any]) -> bool:
    return bool((state.get("state", {}).get("terminated") or {}).get("exitCode") == 0)


def _details(state: dict[str, Any]) -> list[str]:
    current, last = state.get("state") or {}, state.get("lastState") or {}
    found = []
    waiting = current.get("waiting") or {}
    if waiting.get("reason"):
        found.append(" ".join(filter(None, [f"[{waiting['reason']}]", waiting.get("message")])))
    ended = current.get("terminated") or last.get("terminated") or {}
    if ended:
        text = f"[{ended.get('reason', 'Terminated')}] exit code {ended.get('exitCode')}"
        found.append(" ".join(filter(None, [text, (ended.get("message") or "").strip()])))
    return found
