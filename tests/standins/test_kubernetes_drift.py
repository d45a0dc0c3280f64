"""What a refresh calls drift, and what an `up` does about it."""

from __future__ import annotations

import json

import pytest

from tests.standins.control_plane import ControlPlane
from tests.standins.stack import Stack

pytestmark = pytest.mark.sandbox

CONFIG_MAP = """
provider = k8s.Provider("p", enable_config_map_mutable=True)
k8s.core.v1.ConfigMap("cm", metadata={{"name": "cm", "namespace": NS, "annotations": {annotations}}},
    data={{"key": "ours"}}, opts=ResourceOptions(provider=provider))
"""


def test_what_the_server_fills_in_is_no_drift(stack: Stack) -> None:
    """If it fails, every refresh would report changes that nobody made."""
    container = {
        "name": "c",
        "image": "i",
        "env": [{"name": "EMPTY", "value": ""}],
        "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"memory": "1048576Ki"}},
        "ports": [{"name": "api", "containerPort": 8200}],
        "securityContext": {"privileged": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    volumes = [{"name": "tmp", "emptyDir": {"sizeLimit": "1024Mi"}}]
    template = {
        "metadata": {"labels": {"app": "d"}},
        "spec": {"hostNetwork": False, "containers": [container], "volumes": volumes},
    }
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    stack.program(f"""
        named = lambda name: {{"name": name, "namespace": NS, "annotations": {{}}, "labels": {{}}}}
        k8s.apps.v1.Deployment("d", metadata=named("d"), spec={{"replicas": 0, "template": {template},
            "selector": {{"matchLabels": {{"app": "d"}}}}}})
        k8s.core.v1.Service("s", metadata=named("s"), spec={{"clusterIP": "None", "ports": [
            {{"name": "api", "port": 8200, "targetPort": "api"}}, {{"name": "cluster", "port": 8201}}]}})
        k8s.networking.v1.NetworkPolicy("n", metadata=named("n"), spec={{"podSelector": {{}},
            "policyTypes": ["Ingress"], "ingress": []}})
        k8s.rbac.v1.Role("r", metadata=named("r"), rules={rules})
        k8s.policy.v1.PodDisruptionBudget("b", metadata=named("b"), spec={{"minAvailable": "50%",
            "selector": {{"matchLabels": {{"app": "d"}}}}}})
        k8s.core.v1.Secret("x", metadata=named("x"), string_data={{"key": "value"}})
        k8s.core.v1.ServiceAccount("a", metadata=named("a"), automount_service_account_token=False)
    """)
    done = stack.up()
    assert done.ok, done.text
    stack.must("refresh", "--yes", "--expect-no-changes")
    assert stack.preview() == []


def test_a_changed_field_is_drift_and_is_not_overwritten_in_silence(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, hand-made changes would be invisible, or lost without a word."""
    stack.program(CONFIG_MAP.format(annotations={}))
    stack.up()
    plane.patch(f"/api/v1/namespaces/{stack.namespace}/configmaps/cm", {"data": {"key": "theirs"}})
    assert not stack.run("refresh", "--yes", "--expect-no-changes").ok
    stack.must("refresh", "--yes")
    for conflict in (stack.run("preview"), stack.up()):
        assert not conflict.ok
        assert "field conflict" in conflict.text
        assert "pulumi.com/patchForce" in conflict.text


def test_patch_force_takes_a_drifted_field_back(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, the way out that the message above names would be none."""
    path = f"/api/v1/namespaces/{stack.namespace}/configmaps/cm"
    stack.program(CONFIG_MAP.format(annotations={"pulumi.com/patchForce": "true"}))
    stack.up()
    plane.patch(path, {"data": {"key": "theirs"}})
    stack.must("refresh", "--yes")
    done = stack.up()
    assert done.ok, done.text
    assert plane.call("GET", path)["data"] == {"key": "ours"}


def test_what_others_add_is_left_alone(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, an operator's labels would be torn off at every `up`."""
    path = f"/api/v1/namespaces/{stack.namespace}/configmaps/cm"
    stack.program(CONFIG_MAP.format(annotations={}))
    stack.up()
    plane.patch(path, {"metadata": {"labels": {"theirs": "1"}}, "data": {"more": "theirs"}})
    stack.must("refresh", "--yes", "--expect-no-changes")
    assert stack.up().ok
    assert plane.call("GET", path)["data"] == {"key": "ours", "more": "theirs"}


def test_an_object_that_vanished_is_made_again(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a deleted object would stay deleted."""
    path = f"/api/v1/namespaces/{stack.namespace}/configmaps/cm"
    stack.program(CONFIG_MAP.format(annotations={}))
    stack.up()
    plane.call("DELETE", path)
    stack.must("refresh", "--yes")
    assert stack.preview() == [("create", "cm")]
    assert stack.up().ok
    assert plane.call("GET", path)["data"] == {"key": "ours"}


def test_ignored_fields_stay_as_they_are(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, an autoscaler's replicas would be reset by every other change."""
    path = f"/apis/apps/v1/namespaces/{stack.namespace}/deployments/d"
    text = """
        pod = {{"containers": [{{"name": "c", "image": "i"}}]}}
        template = {{"metadata": {{"labels": {{"app": "d"}}}}, "spec": pod}}
        metadata = {{"name": "d", "namespace": NS, "labels": {{"change": "{change}"}},
            "annotations": {{"pulumi.com/skipAwait": "true"}}}}
        k8s.apps.v1.Deployment("d", metadata=metadata, spec={{"replicas": 0, "template": template,
            "selector": {{"matchLabels": {{"app": "d"}}}}}}, opts=ResourceOptions(ignore_changes=["spec.replicas"]))
    """
    stack.program(text.format(change="one"))
    stack.up()
    plane.patch(f"{path}/scale", {"spec": {"replicas": 2}})
    stack.program(text.format(change="two"))
    done = stack.up()
    assert done.ok, done.text
    live = plane.call("GET", path)
    assert (live["metadata"]["labels"]["change"], live["spec"]["replicas"]) == ("two", 2)


def test_secrets_are_encrypted_in_the_state(stack: Stack) -> None:
    """If it fails, a state file would hold every secret of the cluster in the clear."""
    stack.program("""
        canary = pulumi.Output.secret("canary-secret")
        k8s.core.v1.Secret("a", metadata={"name": "a", "namespace": NS}, string_data={"key": canary})
        k8s.core.v1.Secret("b", metadata={"name": "b", "namespace": NS}, string_data={"key": "canary-plain"})
        template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [
            {"name": "c", "image": "i", "env": [{"name": "KEY", "value": canary}]}]}}
        k8s.apps.v1.Deployment("d", metadata={"name": "d", "namespace": NS}, spec={"replicas": 0,
            "template": template, "selector": {"matchLabels": {"app": "d"}}})
    """)
    done = stack.up()
    assert done.ok, done.text
    refreshed = stack.must("refresh", "--yes", "--diff")
    recorded = stack.state_text()
    encoded = ("Y2FuYXJ5LXNlY3JldA==", "Y2FuYXJ5LXBsYWlu")
    for text in (recorded, done.text, refreshed):
        assert "canary" not in text
        assert not any(value in text for value in encoded)
    assert json.loads(recorded)["deployment"]["resources"]


def test_an_imported_secret_is_encrypted_in_the_state(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, an import would write a Secret's content in the clear, for no SDK marks it then."""
    last_applied = {"kubectl.kubernetes.io/last-applied-configuration": "Y2FuYXJ5"}
    body = {"metadata": {"name": "theirs", "annotations": last_applied}, "data": {"key": "Y2FuYXJ5"}}
    plane.call("POST", f"/api/v1/namespaces/{stack.namespace}/secrets", body)
    stack.program("")
    place = f"{stack.namespace}/theirs"
    stack.must("import", "kubernetes:core/v1:Secret", "s", place, "--yes", "--generate-code=false")
    recorded = stack.state_text()
    assert place in recorded
    assert "Y2FuYXJ5" not in recorded
