"""A real API server takes the pods of each plugin delivery, in a namespace that enforces Pod Security "restricted".

Not proven here: that a container runtime mounts the image; the sandbox's containerd is older than image volumes.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from components.kubernetes.workload import WorkloadNeeds, stateful_set
from profiles.parsing import parse
from tests.contract.specifications import AWS, HARDENED, PLUGIN, changed
from tests.standins.control_plane import ControlPlane

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def namespace(plane: ControlPlane) -> str:
    """Restricted, with the pods' ServiceAccount."""
    name = f"plugins-{uuid.uuid4().hex[:8]}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    plane.call("POST", "/api/v1/namespaces", body)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "openbao-serviceaccount"}}
    plane.call("POST", f"/api/v1/namespaces/{name}/serviceaccounts", account)
    return name


@pytest.mark.parametrize("delivery", ["imageVolume", "initContainer", "download"])
def test_the_pod_is_admitted_as_it_was_written(plane: ControlPlane, namespace: str, delivery: str) -> None:
    """A field that the API server does not know is dropped, and the plugin would be missing; a forbidden volume is
    refused only when the StatefulSet makes its pods, and `up` would wait for nothing."""
    specification = parse(changed(HARDENED, {"unseal": {**AWS, "plugin": {**PLUGIN, "delivery": delivery}}}))
    template: dict[str, Any] = stateful_set(specification, WorkloadNeeds("config", "tls"))["template"]
    template["spec"]["volumes"].append({"name": "data", "emptyDir": {}})
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": "openbao-0"}}
    path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All&fieldValidation=Strict"
    admitted = plane.call("POST", path, pod)["spec"]
    wanted = {volume["name"] for volume in template["spec"]["volumes"]}
    assert wanted <= {volume["name"] for volume in admitted["volumes"]}
    images = [volume["image"] for volume in admitted["volumes"] if "image" in volume]
    assert [image["reference"] for image in images] == ([PLUGIN["image"]] if delivery == "imageVolume" else [])
    commands = [container["command"] for container in admitted.get("initContainers", [])]
    assert commands == [container["command"] for container in template["spec"].get("initContainers", [])]
