"""What a change of the program does to real objects of a real API server, through the real engine.

Proves the stand-in, not the official provider.
"""

from __future__ import annotations

import pytest

from tests.standins.control_plane import ControlPlane
from tests.standins.stack import Stack

pytestmark = pytest.mark.sandbox

SERVICE = """
k8s.core.v1.Service("svc", metadata={{"name": "svc", "namespace": NS}},
    spec={{"clusterIP": "None", "ports": [{{"port": {port}}}]}}{options})
"""
SET = """
labels = {{"app": "set"}}
k8s.apps.v1.StatefulSet("set", metadata={{"name": "set", "namespace": NS}}, spec={{
    "serviceName": "set", "replicas": 0, "podManagementPolicy": "{policy}", "selector": {{"matchLabels": labels}},
    "template": {{"metadata": {{"labels": labels}}, "spec": {{"containers": [{{"name": "c", "image": "i"}}]}}}}}},
    opts=ResourceOptions(protect={protect}))
"""


def test_a_second_up_without_changes_does_nothing(stack: Stack) -> None:
    """If it fails, every `up` would touch the cluster, or claim to."""
    stack.program(SERVICE.format(port=80, options=""))
    assert stack.preview() == [("create", "standins-test"), ("create", "svc")]
    assert stack.up().ok
    assert stack.preview() == []
    assert stack.up("--expect-no-changes").ok


def test_a_preview_creates_nothing(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, looking would be doing."""
    stack.program(SERVICE.format(port=80, options=""))
    stack.preview()
    assert plane.call("GET", f"/api/v1/namespaces/{stack.namespace}/services/svc") == {}


def test_a_mutable_field_is_updated_in_place(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a changed port would delete a Service, or not arrive."""
    path = f"/api/v1/namespaces/{stack.namespace}/services/svc"
    stack.program(SERVICE.format(port=80, options=""))
    stack.up()
    uid = plane.call("GET", path)["metadata"]["uid"]
    stack.program(SERVICE.format(port=81, options=""))
    assert stack.preview() == [("update", "svc")]
    assert stack.up().ok
    live = plane.call("GET", path)
    assert (live["metadata"]["uid"], live["spec"]["ports"][0]["port"]) == (uid, 81)


def test_a_field_that_leaves_the_program_leaves_the_object(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, removed labels and keys would stay in the cluster for ever."""
    text = 'k8s.core.v1.ServiceAccount("sa", metadata={{"name": "sa", "namespace": NS, "labels": {labels}}})'
    stack.program(text.format(labels={"keep": "1", "drop": "1"}))
    stack.up()
    stack.program(text.format(labels={"keep": "1"}))
    assert stack.up().ok
    live = plane.call("GET", f"/api/v1/namespaces/{stack.namespace}/serviceaccounts/sa")
    assert live["metadata"]["labels"] == {"keep": "1"}


def test_an_immutable_field_replaces_and_deletes_first(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a change that the API server refuses would end in its error instead of a replacement."""
    path = f"/apis/apps/v1/namespaces/{stack.namespace}/statefulsets/set"
    stack.program(SET.format(policy="Parallel", protect=False))
    assert stack.up().ok
    uid = plane.call("GET", path)["metadata"]["uid"]
    stack.program(SET.format(policy="OrderedReady", protect=False))
    assert stack.preview() == [("replace", "set")]
    replaced = stack.up()
    assert replaced.ok, replaced.text
    steps = [line.split()[0] for line in replaced.text.splitlines() if "StatefulSet set" in line and "ing" in line]
    assert steps[0] == "--"
    live = plane.call("GET", path)
    assert live["metadata"]["uid"] != uid
    assert live["spec"]["podManagementPolicy"] == "OrderedReady"


def test_replacing_a_protected_object_is_refused(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, `protect` would not keep a StatefulSet's pods from being deleted."""
    path = f"/apis/apps/v1/namespaces/{stack.namespace}/statefulsets/set"
    stack.program(SET.format(policy="Parallel", protect=True))
    stack.up()
    uid = plane.call("GET", path)["metadata"]["uid"]
    stack.program(SET.format(policy="OrderedReady", protect=True))
    refused = stack.up()
    assert not refused.ok
    assert "unable to replace resource" in refused.text
    assert plane.call("GET", path)["metadata"]["uid"] == uid


CONTENT = """
provider = k8s.Provider("p", enable_config_map_mutable={mutable})
k8s.core.v1.ConfigMap("cm", metadata={{"name": "cm", "namespace": NS}}, data={{"key": "{value}"}},
    opts=ResourceOptions(provider=provider))
"""


@pytest.mark.parametrize(
    ("mutable", "operations"),
    [(False, ["replace"]), (True, ["update"])],
)
def test_config_map_content_replaces_unless_the_provider_makes_it_mutable(
    stack: Stack, mutable: bool, operations: list[str]
) -> None:
    """If it fails, the sandbox would hide that a changed ConfigMap vanishes for a moment with official defaults."""
    stack.program(CONTENT.format(mutable=mutable, value="old"))
    assert stack.up().ok
    stack.program(CONTENT.format(mutable=mutable, value="new"))
    assert [op for op, name in stack.preview() if name == "cm"] == operations
    assert stack.up().ok


def test_an_existing_object_is_not_taken_over(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a renamed resource could seize, and later delete, somebody's live data."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"key": "theirs"}}
    plane.call("POST", f"/api/v1/namespaces/{stack.namespace}/configmaps", body)
    stack.program('k8s.core.v1.ConfigMap("cm", metadata={"name": "theirs", "namespace": NS}, data={"key": "ours"})')
    warned = stack.must("preview")
    refused = stack.up()
    assert not refused.ok
    assert 'configmaps "theirs" already exists' in refused.text
    assert "already exists" in warned
    live = plane.call("GET", f"/api/v1/namespaces/{stack.namespace}/configmaps/theirs")
    assert live["data"] == {"key": "theirs"}


def test_an_existing_object_is_adopted_by_import(stack: Stack) -> None:
    """If it fails, the way out that the message above names would be none."""
    body = 'metadata={"name": "cm", "namespace": NS}, data={"key": "value"}'
    stack.program(f'k8s.core.v1.ConfigMap("a", {body}, opts=ResourceOptions(retain_on_delete=True))')
    assert stack.up().ok
    stack.program("")
    assert stack.up().ok
    stack.program(f'k8s.core.v1.ConfigMap("b", {body}, opts=ResourceOptions(import_=f"{{NS}}/cm"))')
    imported = stack.up()
    assert imported.ok, imported.text
    assert stack.preview() == []


def test_an_unknown_field_is_an_error_that_names_it(stack: Stack) -> None:
    """If it fails, a misspelt field would be dropped in silence."""
    stack.program('k8s.core.v1.ServiceAccount("sa", metadata={"name": "sa", "namespace": NS, "lables": {"a": "b"}})')
    for done in (stack.run("preview"), stack.up()):
        assert not done.ok
        assert 'unknown field "metadata.lables"' in done.text or ".metadata.lables: field not declared" in done.text
        assert "Traceback" not in done.text


def test_an_object_without_a_name_gets_one_and_keeps_it(stack: Stack) -> None:
    """If it fails, every `up` would make another object, or names would collide."""
    text = 'k8s.core.v1.ConfigMap("auto", metadata={{"namespace": NS}}, data={{"key": "{value}"}})'
    stack.program(text.format(value="old"))
    assert stack.up().ok
    name = stack.resources()["auto"]["outputs"]["metadata"]["name"]
    assert name.startswith("auto-")
    assert stack.preview() == []
    stack.program(text.format(value="new"))
    assert stack.preview() == [("replace", "auto")]


def test_destroy_leaves_nothing(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, destroyed stacks would leave objects behind."""
    stack.program(SERVICE.format(port=80, options=""))
    stack.up()
    stack.must("destroy", "--yes", "--skip-preview")
    assert plane.call("GET", f"/api/v1/namespaces/{stack.namespace}/services/svc") == {}
    assert stack.resources() == {}


def test_a_namespace_and_its_objects_come_up_and_go_in_one_run(stack: Stack, plane: ControlPlane) -> None:
    """If it fails, a program could not create the namespace that it uses."""
    name = f"{stack.namespace}-more"
    stack.program(f"""
        ns = k8s.core.v1.Namespace("ns", metadata={{"name": "{name}"}})
        k8s.core.v1.ServiceAccount("sa", metadata={{"name": "sa", "namespace": ns.metadata.name}})
    """)
    stack.preview()
    assert stack.up().ok
    assert plane.call("GET", f"/api/v1/namespaces/{name}/serviceaccounts/sa")["metadata"]["name"] == "sa"
    stack.must("destroy", "--yes", "--skip-preview")
    assert plane.call("GET", f"/api/v1/namespaces/{name}") == {}


def test_a_definition_and_its_object_come_up_in_one_run(stack: Stack) -> None:
    """If it fails, a program could not install a CustomResourceDefinition and use it."""
    group = f"{stack.namespace}.example.com"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": "Thing", "plural": "things", "singular": "thing"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]
    stack.program(f"""
        from pulumi_kubernetes.apiextensions import CustomResource
        from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinition
        definition = CustomResourceDefinition("definition", metadata={{"name": "things.{group}"}}, spec={{
            "group": "{group}", "scope": "Namespaced", "names": {names}, "versions": {versions}}})
        CustomResource("thing", api_version="{group}/v1", kind="Thing", metadata={{"name": "t", "namespace": NS}},
            spec={{"size": 1}}, opts=ResourceOptions(depends_on=[definition]))
    """)
    done = stack.up()
    assert done.ok, done.text
    assert stack.preview() == []


@pytest.mark.parametrize(
    ("kubeconfig", "message"),
    [
        ("/does/not/exist", "there is no kubeconfig at /does/not/exist"),
        ("{canary: [", "neither a path nor YAML"),
        ('{"contexts": []}', "it has no context None"),
    ],
)
def test_a_broken_kubeconfig_is_an_error_in_words(stack: Stack, kubeconfig: str, message: str) -> None:
    """If it fails, a typing mistake would end in a traceback, or show credentials."""
    stack.program(f"""
        provider = k8s.Provider("p", kubeconfig={kubeconfig!r})
        k8s.core.v1.ConfigMap("cm", metadata={{"name": "cm"}}, opts=ResourceOptions(provider=provider))
    """)
    done = stack.run("preview")
    assert not done.ok
    assert message in done.text
    assert "Traceback" not in done.text
    assert "canary" not in done.text


def test_an_unreachable_cluster_is_an_error_in_words(stack: Stack) -> None:
    """If it fails, a stopped cluster would look like a defect of the program."""
    server = {"server": "http://127.0.0.1:9"}
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": server}],
        "users": [{"name": "u", "user": {}}],
    }
    stack.program(f"""
        import json
        provider = k8s.Provider("p", kubeconfig=json.dumps({document}))
        k8s.core.v1.ConfigMap("cm", metadata={{"name": "cm"}}, opts=ResourceOptions(provider=provider))
    """)
    done = stack.run("preview")
    assert "configured Kubernetes cluster is unreachable at http://127.0.0.1:9" in done.text
