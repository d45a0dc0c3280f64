"""What seals need in the pod and in the network: the plugin's binary, the identity agents, Azure's webhook."""

from __future__ import annotations

from typing import Any, cast

import pytest

from components import ClusterArgs, DevelopmentVaultCluster
from tests.contract.specifications import AWS, AZURE, GCP, OCI, PLUGIN, TRANSIT
from tests.graph.clouds import CloudRecorder
from tests.graph.recorder import run
from tests.graph.trust_roots import (
    POD_IDENTITY,
    PROVIDER,
    account_annotations,
    hardened,
    pod_spec,
)

pytestmark = pytest.mark.graph


def test_a_plugin_image_without_a_shell_is_copied_out_of_a_volume_by_the_servers_image() -> None:
    """Upstream's images hold the binary and nothing else, and a mounted image may not be executed from."""
    spec = pod_spec(hardened(AWS))
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes["plugins"]["emptyDir"] == {"sizeLimit": "256Mi"}
    assert volumes["plugin-image"]["image"] == {"reference": PLUGIN["image"], "pullPolicy": "IfNotPresent"}
    (copier,) = spec["initContainers"]
    assert copier["image"] == spec["containers"][0]["image"]
    assert copier["command"] == [
        "cp",
        "/plugin-image/openbao-plugin-kms-aws",
        "/openbao/plugins/openbao-plugin-kms-aws",
    ]
    assert copier["securityContext"] == spec["containers"][0]["securityContext"]
    assert _plugin_mount(spec)["readOnly"] is True
    assert spec["nodeSelector"] == {"kubernetes.io/arch": "amd64"}


def test_a_plugin_image_with_cp_copies_itself() -> None:
    """The way for Kubernetes before 1.36, with an image of one's own."""
    spec = pod_spec(hardened({**AWS, "plugin": {**PLUGIN, "delivery": "initContainer", "binaryName": "kms"}}))
    assert "plugin-image" not in [volume["name"] for volume in spec["volumes"]]
    (copier,) = spec["initContainers"]
    assert copier["image"] == PLUGIN["image"]
    assert copier["command"] == ["cp", "/kms", "/openbao/plugins/kms"]
    assert _plugin_mount(spec)["readOnly"] is True


def test_a_downloading_server_may_write_its_plugin_folder() -> None:
    """With a read-only root the download needs a place."""
    plugin = {**PLUGIN, "image": "ghcr.io/openbao/openbao-plugin-kms-aws", "delivery": "download"}
    spec = pod_spec(hardened({**AWS, "plugin": plugin}))
    assert "initContainers" not in spec
    assert _plugin_mount(spec)["readOnly"] is False


def test_the_version_is_the_tag_of_an_untagged_plugin_image() -> None:
    """`latest` would change under a fixed checksum and no pod would start any more."""
    unseal = {**AWS, "plugin": {**PLUGIN, "image": "registry.example.com:5000/kms", "delivery": "imageVolume"}}
    arguments = {"unseal": {**unseal, "identity": POD_IDENTITY}}
    recorder = run(lambda: DevelopmentVaultCluster("openbao", cast("ClusterArgs", arguments)), recorder=CloudRecorder())
    volumes = {volume["name"]: volume for volume in pod_spec(recorder)["volumes"]}
    assert volumes["plugin-image"]["image"]["reference"] == "registry.example.com:5000/kms:v0.1.0"


def test_a_plugin_in_the_servers_image_is_not_covered_by_a_volume() -> None:
    """An empty volume over `/openbao/plugins` would hide it."""
    spec = pod_spec(hardened({**AWS, "plugin": {"command": "kms", "sha256": PLUGIN["sha256"]}}))
    assert "initContainers" not in spec
    assert "plugins" not in [mount["name"] for mount in spec["containers"][0]["volumeMounts"]]


def _plugin_mount(spec: dict[str, Any]) -> dict[str, Any]:
    mounts = spec["containers"][0]["volumeMounts"]
    return next(mount for mount in mounts if mount["mountPath"] == "/openbao/plugins")


@pytest.mark.parametrize(
    ("unseal", "agents"),
    [
        (AWS, {"169.254.170.23/32": [80], "fd00:ec2::23/128": [80]}),
        ({**AWS, "identity": {"irsa": {"oidcProviderArn": PROVIDER}}}, {}),
        (GCP, {"169.254.169.252/32": [987, 988], "169.254.169.254/32": [80, 8080]}),
        (OCI, {"169.254.169.254/32": [80]}),
        ({**AZURE, "authMethod": "managed_identity"}, {"169.254.169.254/32": [80]}),
        (AZURE, {}),
        (TRANSIT, {}),
    ],
    ids=["pod-identity", "irsa", "gke", "oci-instance", "azure-managed", "azure-workload", "transit"],
)
def test_the_network_policy_lets_the_pods_ask_the_node_for_their_identity(
    unseal: dict[str, Any], agents: dict[str, list[int]]
) -> None:
    """Link-local agents may not be named in egressRules, so nobody else could open them; others stay closed."""
    egress = hardened(unseal).named(":NetworkPolicy", "openbao-network-policy").inputs["spec"]["egress"]
    found = {
        rule["to"][0]["ipBlock"]["cidr"]: [port["port"] for port in rule["ports"]]
        for rule in egress
        if "ipBlock" in (rule.get("to") or [{}])[0]
    }
    assert {cidr: ports for cidr, ports in found.items() if cidr.startswith(("169.254", "fd00:ec2"))} == agents


def test_azure_workload_identity_is_announced_to_its_webhook() -> None:
    """Without label and annotation the webhook projects no token, and the pods have no identity."""
    recorder = hardened({**AZURE, "clientId": "client", "tenantId": "tenant"})
    template = recorder.named(":StatefulSet", "openbao").inputs["spec"]["template"]
    assert template["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert account_annotations(recorder) == {
        "azure.workload.identity/client-id": "client",
        "azure.workload.identity/tenant-id": "tenant",
    }


@pytest.mark.parametrize(
    ("changes", "disabled"),
    [
        ({}, True),
        ({"identity": {"irsa": {"oidcProviderArn": PROVIDER}}}, True),
        ({"identity": None, "credentialsSecretRef": "aws"}, True),
        ({"identity": None}, False),
    ],
    ids=["pod-identity", "irsa", "credentials", "ambient"],
)
def test_a_seal_with_an_identity_never_falls_back_to_the_nodes(changes: dict[str, Any], disabled: bool) -> None:
    """The SDK would, in silence: where no NetworkPolicy is enforced, a wrong role shows when the node's goes away."""
    unseal = {key: value for key, value in {**AWS, **changes}.items() if value is not None}
    (container,) = pod_spec(hardened(unseal))["containers"]
    found = {item["name"]: item.get("value") for item in container["env"]}
    assert (found.get("AWS_EC2_METADATA_DISABLED") == "true") is disabled
