"""When `up` believes that an object is done, and what it says when it is not.

The controllers are real; there is no kubelet, so a test writes what pods report. Not proven here: that real pods behave
so (tests/sandbox does), and that the official provider does the same.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox.plugins.kubernetes import wait_for
from tests.standins.control_plane import ControlPlane
from tests.standins.stack import Stack

pytestmark = pytest.mark.sandbox

READY = {
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
}
BACKOFF = {
    "phase": "Pending",
    "conditions": [{"type": "Ready", "status": "False"}],
    "containerStatuses": [
        {
            "name": "main",
            "image": "i",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}},
        }
    ],
}
FAILED = {
    "phase": "Failed",
    "containerStatuses": [
        {
            "name": "main",
            "image": "i",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": {"terminated": {"exitCode": 3, "reason": "Error", "message": "no route to vault"}},
        }
    ],
}
POD: dict[str, Any] = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "main", "image": "i"}]}}
SELECTOR = {"matchLabels": {"app": "w"}}


def stateful_set(replicas: int = 1, timeout: str = "30") -> str:
    spec = {"serviceName": "w", "replicas": replicas, "selector": SELECTOR, "template": POD}
    return f"""
metadata = {{"name": "w", "namespace": NS, "annotations": {{"pulumi.com/timeoutSeconds": "{timeout}"}}}}
k8s.apps.v1.StatefulSet("w", metadata=metadata, spec={spec})
"""


def job(annotations: dict[str, str] | None = None, text: str = "one") -> str:
    template = {**POD, "spec": {**POD["spec"], "restartPolicy": "Never"}}
    spec: dict[str, Any] = {"backoffLimit": 0, "template": template}
    metadata = {"annotations": {"pulumi.com/timeoutSeconds": "30", "text": text, **(annotations or {})}}
    return f"""
metadata = {{"name": "w", "namespace": NS, **{metadata}}}
k8s.batch.v1.Job("w", metadata=metadata, spec={spec})
"""


def test_a_stateful_set_is_done_when_all_its_pods_are_ready(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, `up` would end before the cluster stands, or never."""
    stack.program(stateful_set(replicas=2))
    with plane.pods_report(stack.namespace, READY):
        done = stack.up()
    assert done.ok, done.text
    live = plane.call("GET", f"/apis/apps/v1/namespaces/{stack.namespace}/statefulsets/w")
    assert live["status"]["readyReplicas"] == 2


def test_a_stateful_set_that_never_stands_fails_with_the_pods_reason(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a user would see a timeout and not why."""
    stack.program(stateful_set(timeout="4"))
    with plane.pods_report(stack.namespace, BACKOFF):
        start = time.monotonic()
        done = stack.up()
    assert not done.ok
    assert time.monotonic() - start < 20
    assert "'w' timed out waiting to be Ready" in done.text
    assert "0 out of 1 replicas succeeded readiness checks" in done.text
    assert "containers with unready status: [main] -- [ImagePullBackOff] no such image" in done.text


def test_custom_timeouts_win_over_the_annotation(stack: Stack) -> None:
    """If it fails, the program's own option would be ignored."""
    text = stateful_set(timeout="600")[:-2] + ', opts=ResourceOptions(custom_timeouts={"create": "2s"}))'
    stack.program(text)
    start = time.monotonic()
    assert "timed out" in stack.up().text
    assert time.monotonic() - start < 20


def test_an_object_that_was_not_done_is_waited_for_again(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a second `up` after a timeout would say that all is well."""
    stack.program(stateful_set(timeout="2"))
    assert not stack.up().ok
    assert stack.resources()["w"]["initErrors"]
    assert not stack.up().ok
    with plane.pods_report(stack.namespace, READY):
        done = stack.up()
    assert done.ok, done.text
    assert "initErrors" not in stack.resources()["w"]


def test_ctrl_c_ends_the_wait_and_the_next_up_converges(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, an interrupted `up` would hang, lose the object, or make a second one."""
    path = f"/apis/apps/v1/namespaces/{stack.namespace}/statefulsets/w"
    stack.program(stateful_set(timeout="300"))
    interrupted = stack.up_until(lambda: bool(plane.call("GET", path)))
    assert interrupted.status != 0
    assert 'cancelled for "w"' in interrupted.text, interrupted.text
    uid = plane.call("GET", path)["metadata"]["uid"]
    assert stack.resources()["w"]["outputs"]["metadata"]["uid"] == uid
    with plane.pods_report(stack.namespace, READY):
        done = stack.up()
    assert done.ok, done.text
    assert plane.call("GET", path)["metadata"]["uid"] == uid


def test_a_failed_job_fails_at_once_with_its_pods_last_words(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a broken bootstrap would be a ten-minute silence."""
    stack.program(job())
    with plane.pods_report(stack.namespace, FAILED):
        done = stack.up()
    assert not done.ok
    assert "[BackoffLimitExceeded] Job has reached the specified backoff limit" in done.text
    assert "[Error] exit code 3 no route to vault" in done.text


def test_a_failed_job_is_replaced_when_asked_for(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a failed Job could only be repaired by hand."""
    stack.program(job({"pulumi.com/replaceUnready": "true"}))
    with plane.pods_report(stack.namespace, FAILED):
        assert not stack.up().ok
    assert stack.preview() == [("replace", "w")]
    with plane.pods_report(stack.namespace, {"phase": "Succeeded"}):
        done = stack.up()
    assert done.ok, done.text
    assert stack.preview() == []


def test_skip_await_does_not_wait(stack: Stack) -> None:
    """If it fails, a program could not opt out of a wait that can't end."""
    stack.program(job({"pulumi.com/skipAwait": "true"}))
    assert stack.up().ok


@pytest.mark.parametrize(
    ("expression", "done"),
    [
        ("condition=Ready", True),
        ("condition=Ready=False", False),
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}=Failed", False),
        ("jsonpath={.status.podIP}", False),
        ('["condition=Ready", "jsonpath={.status.phase}"]', True),
        ('["condition=Ready", "jsonpath={.status.podIP}"]', False),
    ],
)
def test_wait_for_waits_for_what_it_says(stack: Stack, plane: ControlPlane, expression: str, done: bool) -> None:
    """If it fails, a Certificate's readiness could not gate the pods that mount it."""
    stack.program(f"""
        annotations = {{"pulumi.com/waitFor": {expression!r}, "pulumi.com/timeoutSeconds": "3"}}
        k8s.core.v1.Pod("p", metadata={{"name": "p", "namespace": NS, "annotations": annotations}},
            spec={POD["spec"]})
    """)
    with plane.pods_report(stack.namespace, READY):
        run = stack.up()
    assert run.ok is done, run.text
    assert done or "condition not met" in run.text


def test_a_condition_of_the_object_as_it_was_before_is_not_waited_for() -> None:
    """If it fails, `up` would go on with the certificate of before, although another one was asked for."""

    def is_done(seen: int) -> bool:
        ready = {"type": "Ready", "status": "True", "observedGeneration": seen}
        thing = {"kind": "Certificate", "metadata": {"generation": 2}, "status": {"conditions": [ready]}}
        return wait_for.verdict(thing, ["condition=Ready"]).done

    assert is_done(2)
    assert not is_done(1)


def test_a_claim_that_only_a_pod_will_bind_does_not_hang(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, every stack with a WaitForFirstConsumer class would wait ten minutes."""
    name = f"late-{stack.namespace}"
    late = {"metadata": {"name": name}, "provisioner": "example.com/none", "volumeBindingMode": "WaitForFirstConsumer"}
    plane.call("POST", "/apis/storage.k8s.io/v1/storageclasses", late)
    stack.program(f"""
        spec = {{"storageClassName": "{name}", "accessModes": ["ReadWriteOnce"],
            "resources": {{"requests": {{"storage": "1Gi"}}}}}}
        k8s.core.v1.PersistentVolumeClaim("c", metadata={{"name": "c", "namespace": NS}}, spec=spec)
    """)
    start = time.monotonic()
    assert stack.up().ok
    assert time.monotonic() - start < 20


def test_a_service_is_done_when_it_leads_to_ready_pods(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, the address would be handed out before anybody answers there."""
    labels = {"app": "w"}
    node = f"node-{stack.namespace}"  # endpoints are only made for pods on known nodes
    plane.call("POST", "/api/v1/nodes", {"metadata": {"name": node}})
    pod = {"metadata": {"name": "p", "labels": labels}, "spec": {**POD["spec"], "nodeName": node}}
    plane.call("POST", f"/api/v1/namespaces/{stack.namespace}/pods", pod)
    stack.program(f"""
        metadata = {{"name": "s", "namespace": NS, "annotations": {{"pulumi.com/timeoutSeconds": "4"}}}}
        k8s.core.v1.Service("s", metadata=metadata, spec={{"selector": {labels}, "ports": [{{"port": 80}}]}})
    """)
    early = stack.up()
    assert "Service does not target any Pods" in early.text
    with plane.pods_report(stack.namespace, {**READY, "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}):
        done = stack.up()
    assert done.ok, done.text


def test_a_delete_waits_for_finalizers_and_names_them(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, `destroy` would forget an object that is still there."""
    stack.program("""
        metadata = {"name": "cm", "namespace": NS, "finalizers": ["example.com/hold"],
            "annotations": {"pulumi.com/timeoutSeconds": "3"}}
        k8s.core.v1.ConfigMap("cm", metadata=metadata)
    """)
    stack.up()
    held = stack.run("destroy", "--yes", "--skip-preview")
    assert not held.ok
    assert "marked for deletion but still there" in held.text
    assert "cm" in stack.resources()
    plane.patch(f"/api/v1/namespaces/{stack.namespace}/configmaps/cm", {"metadata": {"finalizers": None}})
    stack.must("destroy", "--yes", "--skip-preview")
