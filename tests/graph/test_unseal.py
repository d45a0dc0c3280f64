"""What the trust roots register, exactly: keys, identities and the grants between them; and what stays unregistered.

Not proven here: that AWS and Google accept the documents. Their form is checked against the vendors' pages by reading.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime import rpc

from components import ClusterArgs, DevelopmentVaultCluster, HardenedVaultCluster
from components.arguments import RefusedSpecificationError
from tests.contract.specifications import AWS, AZURE, GCP, HARDENED, OCI, PLUGIN, TRANSIT, changed
from tests.graph.clouds import ACCOUNT, KEY, ROLE, CloudRecorder
from tests.graph.recorder import Recorder, Registration, run

pytestmark = pytest.mark.graph

POD_IDENTITY = {"podIdentity": {"clusterName": "production"}}
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"
AWS_CREATED = {"type": "awskms", "region": "eu-central-1", "plugin": PLUGIN, "createKey": {}, "identity": POD_IDENTITY}
GCP_CREATED = {
    "type": "gcpckms",
    "project": "p",
    "region": "europe-west3",
    "plugin": PLUGIN,
    "createKey": {},
    "identity": {"projectNumber": "42"},
}
OUTLIVES = {"protect": True, "retainOnDelete": True}


def hardened(unseal: dict[str, Any], *, preview: bool = False, **changes: Any) -> Recorder:
    specification = changed(HARDENED, {"unseal": unseal, **changes})
    recorder = CloudRecorder(preview=preview)
    return run(
        lambda: HardenedVaultCluster("openbao", cast("ClusterArgs", specification)), preview=preview, recorder=recorder
    )


def of_cloud(recorder: Recorder) -> dict[str, Registration]:
    """What is registered at the clouds, by `Kind` or, where there are several, `Kind name`."""
    found = [item for item in recorder.registrations if item.type.startswith(("aws:", "gcp:"))]
    kinds = [item.type.rsplit(":", 1)[1] for item in found]
    keys = [kind if kinds.count(kind) == 1 else f"{kind} {item.name}" for kind, item in zip(kinds, found, strict=True)]
    return dict(zip(keys, found, strict=True))


def options(item: Registration) -> dict[str, Any]:
    """What protects; parent and order are the same for all and tested by their effect."""
    return {key: value for key, value in item.options.items() if key not in ("parent", "dependsOn")}


def pod_spec(recorder: Recorder) -> dict[str, Any]:
    spec: dict[str, Any] = recorder.named(":StatefulSet", "openbao").inputs["spec"]["template"]["spec"]
    return spec


def server_configuration(recorder: Recorder) -> dict[str, Any]:
    maps = recorder.named(":ConfigMap", "openbao-config").inputs["data"]
    found: dict[str, Any] = json.loads(maps["server.json"])
    return found


def account_annotations(recorder: Recorder) -> dict[str, str]:
    account = recorder.named(":ServiceAccount", "openbao-serviceaccount")
    found: dict[str, str] = account.inputs["metadata"]["annotations"]
    return found


def statements(policy: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}


def test_a_created_aws_key_is_rotated_protected_and_outlives_the_stack_with_its_alias_and_role() -> None:
    """A key that goes with the stack takes all data and every snapshot with it."""
    made = of_cloud(hardened(AWS_CREATED))
    assert sorted(made) == ["Alias", "Key", "PodIdentityAssociation", "Role", "RolePolicy"]
    key = {name: value for name, value in made["Key"].inputs.items() if name != "policy"}
    assert key == {
        "description": "Unseals the OpenBao cluster openbao in openbao",
        "region": "eu-central-1",
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365,
        "deletionWindowInDays": 30,
        "multiRegion": False,
        "tags": {"openbao-cluster": "openbao"},
    }
    assert made["Alias"].inputs == {
        "name": "alias/openbao-openbao",
        "region": "eu-central-1",
        "targetKeyId": "1234abcd",
    }
    assert options(made["Key"]) == options(made["Alias"]) == OUTLIVES
    assert options(made["Role"]) == options(made["RolePolicy"]) == {"retainOnDelete": True}
    assert options(made["PodIdentityAssociation"]) == {}


def test_only_the_pods_role_may_use_a_created_key() -> None:
    """A wildcard in a key policy hands the key to every IAM policy of the account."""
    policy = of_cloud(hardened(AWS_CREATED))["Key"].inputs["policy"]
    found = statements(policy)
    assert list(found) == ["AccountAdministration", "SealUse"]
    assert found["SealUse"]["Principal"] == {"AWS": [ROLE]}
    assert found["SealUse"]["Action"] == ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"]
    root = found["AccountAdministration"]
    assert root["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    using = ("Encrypt", "Decrypt", "ReEncrypt", "GenerateData", "CreateGrant")
    assert not [action for action in root["Action"] if "*" in action or action.removeprefix("kms:").startswith(using)]
    assert {"kms:PutKeyPolicy", "kms:CancelKeyDeletion"} <= set(root["Action"])


def test_named_administrators_manage_the_key_and_cannot_use_it() -> None:
    """Who can delete a key and read with it needs nobody else."""
    admin = f"arn:aws:iam::{ACCOUNT}:role/keys"
    unseal = {**AWS_CREATED, "createKey": {"administrators": [admin], "accountId": "999900001111", "multiRegion": True}}
    recorder = hardened(unseal)
    found = statements(of_cloud(recorder)["Key"].inputs["policy"])
    assert found["KeyAdministration"]["Principal"] == {"AWS": [admin]}
    assert not {"kms:Encrypt", "kms:Decrypt"} & set(found["KeyAdministration"]["Action"])
    assert "kms:ReplicateKey" in found["KeyAdministration"]["Action"]
    assert found["AccountAdministration"]["Principal"] == {"AWS": "arn:aws:iam::999900001111:root"}


def test_the_policies_of_other_partitions_name_them() -> None:
    """An `arn:aws:` principal in China or GovCloud is refused by AWS at the first `up`."""
    unseal = {**AWS_CREATED, "region": "cn-north-1"}
    found = statements(of_cloud(hardened(unseal))["Key"].inputs["policy"])
    assert found["AccountAdministration"]["Principal"] == {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}


def test_pod_identity_trusts_one_service_account_of_one_cluster_of_one_account() -> None:
    """A role that any pod of any cluster can take is no identity."""
    made = of_cloud(hardened(AWS_CREATED))
    trust = statements(made["Role"].inputs["assumeRolePolicy"])["PodIdentity"]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": ACCOUNT,
            "aws:RequestTag/eks-cluster-name": "production",
            "aws:RequestTag/kubernetes-namespace": "openbao",
            "aws:RequestTag/kubernetes-service-account": "openbao-serviceaccount",
        }
    }
    assert made["PodIdentityAssociation"].inputs == {
        "clusterName": "production",
        "namespace": "openbao",
        "serviceAccount": "openbao-serviceaccount",
        "roleArn": ROLE,
    }
    assert made["RolePolicy"].inputs["role"] == "openbao-seal-1a2b3c4"
    assert statements(made["RolePolicy"].inputs["policy"])["SealUse"]["Resource"] == KEY


@pytest.mark.parametrize(
    "irsa", [{"oidcProviderArn": PROVIDER}, {"oidcProviderUrl": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"}]
)
def test_irsa_pins_subject_and_audience_and_annotates_the_service_account(irsa: dict[str, str]) -> None:
    """Without `sub` every ServiceAccount of the cluster gets the role, without `aud` tokens made for others do."""
    recorder = hardened({**AWS_CREATED, "identity": {"irsa": irsa}})
    made = of_cloud(recorder)
    assert sorted(made) == ["Alias", "Key", "Role", "RolePolicy"]
    trust = statements(made["Role"].inputs["assumeRolePolicy"])["Irsa"]
    assert trust["Principal"] == {"Federated": PROVIDER}
    assert trust["Condition"] == {
        "StringEquals": {
            "oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud": "sts.amazonaws.com",
            "oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub": "system:serviceaccount:openbao:openbao-serviceaccount",
        }
    }
    assert account_annotations(recorder) == {"eks.amazonaws.com/role-arn": ROLE}


def test_an_existing_role_is_named_by_the_key_and_left_alone() -> None:
    """Somebody else's role must not get policies of ours."""
    existing = f"arn:aws:iam::{ACCOUNT}:role/bao"
    made = of_cloud(
        hardened({**AWS_CREATED, "identity": {"podIdentity": {"clusterName": "production", "roleArn": existing}}})
    )
    assert sorted(made) == ["Alias", "Key", "PodIdentityAssociation"]
    assert statements(made["Key"].inputs["policy"])["SealUse"]["Principal"] == {"AWS": [existing]}
    assert made["PodIdentityAssociation"].inputs["roleArn"] == existing


def test_a_key_for_credentials_from_a_secret_is_used_by_the_named_users() -> None:
    """Clusters outside EKS bring an access key; a created key must know whose it is."""
    user = f"arn:aws:iam::{ACCOUNT}:user/bao"
    unseal = {**AWS_CREATED, "identity": None, "createKey": {"users": [user]}, "credentialsSecretRef": "aws"}
    made = of_cloud(hardened({key: value for key, value in unseal.items() if value is not None}))
    assert sorted(made) == ["Alias", "Key"]
    assert statements(made["Key"].inputs["policy"])["SealUse"]["Principal"] == {"AWS": [user]}


@pytest.mark.parametrize(
    ("key_id", "resource", "condition"),
    [
        (KEY, KEY, None),
        ("1234abcd", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd", None),
        (
            "alias/bao",
            f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/*",
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/bao"}},
        ),
    ],
)
def test_a_role_for_an_existing_key_may_use_that_key_only(key_id: str, resource: str, condition: Any) -> None:
    """IAM policies do not understand an id or an alias where an ARN belongs: the pods would be refused."""
    made = of_cloud(hardened({**AWS, "kmsKeyId": key_id}))
    assert sorted(made) == ["PodIdentityAssociation", "Role", "RolePolicy"]
    assert not made["Role"].request.retainOnDelete
    use = statements(made["RolePolicy"].inputs["policy"])["SealUse"]
    assert use["Resource"] == resource
    assert use.get("Condition") == condition


def test_an_existing_key_with_credentials_registers_nothing_at_aws() -> None:
    """Whoever brings everything must not need rights at the cloud."""
    unseal = {key: value for key, value in AWS.items() if key != "identity"}
    assert of_cloud(hardened({**unseal, "credentialsSecretRef": "aws"})) == {}


def test_the_server_is_configured_with_the_key_that_was_created_and_waits_for_its_grants() -> None:
    """Pods that start before their grant crash until Kubernetes tries again, minutes later."""
    recorder = hardened(AWS_CREATED)
    assert server_configuration(recorder)["seal"][0]["awskms"]["kms_key_id"] == KEY
    needed = recorder.named(":StatefulSet", "openbao").options["dependsOn"]
    for kind in ("aws:kms/key:Key", "aws:iam/rolePolicy:RolePolicy", "PodIdentityAssociation"):
        assert [urn for urn in needed if kind in urn], kind


@pytest.mark.parametrize("unseal", [AWS_CREATED, GCP_CREATED, AWS, GCP], ids=["aws-new", "gcp-new", "aws", "gcp"])
def test_preview_registers_the_same_resources_as_the_update(unseal: dict[str, Any]) -> None:
    """At the first preview neither role nor key exist: what hangs on them must show all the same."""
    update, preview = hardened(unseal), hardened(unseal, preview=True)
    assert {(r.type, r.name) for r in update.registrations} == {(r.type, r.name) for r in preview.registrations}


def test_a_created_google_key_is_rotated_protected_and_outlives_the_stack_with_its_ring() -> None:
    """Names at Google's KMS are taken for ever: what was forgotten can never be created again."""
    recorder = hardened(GCP_CREATED)
    made = of_cloud(recorder)
    ring = "projects/p/locations/europe-west3/keyRings/openbao-openbao"
    assert made["KeyRing"].inputs == {"name": "openbao-openbao", "location": "europe-west3", "project": "p"}
    assert made["CryptoKey"].inputs == {
        "name": "openbao-openbao",
        "keyRing": ring,
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "destroyScheduledDuration": "2592000s",
        "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "SOFTWARE"},
        "labels": {"openbao-cluster": "openbao"},
    }
    assert options(made["KeyRing"]) == options(made["CryptoKey"]) == OUTLIVES
    seal = server_configuration(recorder)["seal"][0]["gcpckms"]
    assert (seal["key_ring"], seal["crypto_key"]) == ("openbao-openbao", "openbao-openbao")


def test_google_grants_are_members_and_go_to_the_pods_themselves() -> None:
    """A binding or a policy would take the key away from everybody who got it elsewhere."""
    made = of_cloud(hardened(GCP_CREATED))
    member = (
        "principal://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog"
        "/subject/ns/openbao/sa/openbao-serviceaccount"
    )
    key = "projects/p/locations/europe-west3/keyRings/openbao-openbao/cryptoKeys/openbao-openbao"
    grants = {item.inputs["role"]: item.inputs for item in made.values() if "IAM" in item.type}
    assert {item.type for item in made.values() if "IAM" in item.type} == {
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
    }
    assert grants == {
        role: {"cryptoKeyId": key, "role": role, "member": member}
        for role in ("roles/cloudkms.cryptoKeyEncrypterDecrypter", "roles/cloudkms.viewer")
    }


@pytest.mark.parametrize("ring", ["central", "projects/security/locations/europe-west3/keyRings/central"])
def test_an_existing_key_ring_is_used_by_name_or_id(ring: str) -> None:
    """The usual input: rings cannot be deleted, so most organisations have their own."""
    recorder = hardened({**GCP_CREATED, "createKey": {"keyRing": ring, "cryptoKey": "bao", "protectionLevel": "HSM"}})
    made = of_cloud(recorder)
    assert "KeyRing" not in made
    full = ring if "/" in ring else f"projects/p/locations/europe-west3/keyRings/{ring}"
    assert made["CryptoKey"].inputs["keyRing"] == full
    assert made["CryptoKey"].inputs["versionTemplate"]["protectionLevel"] == "HSM"
    seal = server_configuration(recorder)["seal"][0]["gcpckms"]
    assert (seal["key_ring"], seal["crypto_key"]) == ("central", "bao")


@pytest.mark.parametrize(
    ("identity", "email", "owner"),
    [
        ({"createServiceAccount": True}, "openbao-openbao@p.iam.gserviceaccount.com", "p"),
        ({"serviceAccountEmail": "bao@ops.iam.gserviceaccount.com"}, "bao@ops.iam.gserviceaccount.com", "ops"),
    ],
    ids=["created", "existing"],
)
def test_a_google_service_account_is_impersonated_by_the_pods_account_only(
    identity: dict[str, Any], email: str, owner: str
) -> None:
    """Both halves are needed: the right to act as it, and the annotation that says so."""
    recorder = hardened({**GCP, "identity": identity})
    made = of_cloud(recorder)
    assert ("Account" in made) == ("createServiceAccount" in identity)
    assert made["IAMMember"].inputs == {
        "serviceAccountId": f"projects/{owner}/serviceAccounts/{email}",
        "role": "roles/iam.workloadIdentityUser",
        "member": "serviceAccount:p.svc.id.goog[openbao/openbao-serviceaccount]",
    }
    assert account_annotations(recorder) == {"iam.gke.io/gcp-service-account": email}
    use = made["CryptoKeyIAMMember openbao-seal-use"].inputs
    assert use["member"] == f"serviceAccount:{email}"
    assert use["cryptoKeyId"] == "projects/p/locations/europe-west3/keyRings/ring/cryptoKeys/openbao"


def test_users_of_a_google_key_keep_their_grant_when_another_leaves() -> None:
    """Grants numbered by position would move, and the removal of the old one would take the new one away."""
    unseal = {key: value for key, value in GCP_CREATED.items() if key != "identity"}

    def grants(*users: str) -> set[str]:
        made = of_cloud(hardened({**unseal, "createKey": {"users": [*users]}, "credentialsSecretRef": "gcp"}))
        return {item.name for item in made.values() if item.inputs.get("member") == "serviceAccount:b@p"}

    assert grants("serviceAccount:a@p", "serviceAccount:b@p") == grants("serviceAccount:b@p") != set()


def test_the_outputs_name_key_identity_and_what_stays() -> None:
    """What a program composes with, and what a reader must know before `destroy`."""
    found: dict[str, Any] = {}

    def program() -> None:
        cluster = HardenedVaultCluster("openbao", cast("ClusterArgs", changed(HARDENED, {"unseal": AWS_CREATED})))
        for name in ("key_id", "identity", "retained"):
            getattr(cluster, name).apply(lambda value, name=name: found.__setitem__(name, value))

    run(program, recorder=CloudRecorder())
    assert (found["key_id"], found["identity"]) == (KEY, ROLE)
    assert {"aws.kms.Key/openbao-seal", "aws.kms.Alias/openbao-seal", "aws.iam.Role/openbao-seal"} <= set(
        found["retained"]
    )


@pytest.mark.parametrize(
    ("unseal", "expected"),
    [
        (TRANSIT, "transit/keys/openbao"),
        (AWS, "arn:aws:kms:eu-central-1:111122223333:key/1234"),
        (GCP, "projects/p/locations/europe-west3/keyRings/ring/cryptoKeys/openbao"),
        (AZURE, "vault/keys/openbao"),
    ],
    ids=["transit", "awskms", "gcpckms", "azurekeyvault"],
)
def test_the_key_is_named_for_existing_keys_too(unseal: dict[str, Any], expected: str) -> None:
    """Who must not lose which key is the first question in an emergency."""
    found: list[str] = []

    def program() -> None:
        HardenedVaultCluster("openbao", cast("ClusterArgs", changed(HARDENED, {"unseal": unseal}))).key_id.apply(
            found.append
        )

    run(program, recorder=CloudRecorder())
    assert found == [expected]


def test_inline_credentials_of_a_development_cluster_reach_the_pods_by_a_secret() -> None:
    """They would otherwise be rendered nowhere, and the server would fall back to the node's identity."""
    unseal = {"type": "awskms", "region": "eu-central-1", "kmsKeyId": "1234", "accessKey": "a", "secretKey": "canary"}
    arguments = {"version": "2.6.2", "unseal": unseal}
    recorder = run(lambda: DevelopmentVaultCluster("openbao", cast("ClusterArgs", arguments)), recorder=CloudRecorder())
    content = recorder.named(":Secret", "openbao-seal-creds").inputs["stringData"]
    assert rpc.is_rpc_secret(content)
    assert set(content["value"]) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


# --- the plugin


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


# --- the network


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


# --- the stack around it


def test_a_stack_whose_secrets_are_encrypted_with_the_key_that_it_creates_is_refused(tmp_path: Path) -> None:
    """Losing one would lose both: the stack could neither be read nor destroyed."""
    (tmp_path / "Pulumi.test.yaml").write_text("secretsprovider: awskms://alias/openbao-openbao?region=eu-central-1\n")

    def program() -> None:
        pulumi.runtime.settings.SETTINGS.root_directory = str(tmp_path)
        HardenedVaultCluster("openbao", cast("ClusterArgs", changed(HARDENED, {"unseal": AWS_CREATED})))

    recorder = CloudRecorder()
    with pytest.raises(RefusedSpecificationError, match="secrets-provider"):
        run(program, recorder=recorder)
    assert of_cloud(recorder) == {}


def test_cloud_sdks_are_only_loaded_for_their_own_clouds() -> None:
    """Each costs memory and a tenth of a second at every preview, and users of one cloud need not have both."""
    code = (
        "import sys\n"
        "from components import HardenedVaultCluster\n"
        "from tests.contract import specifications as s\n"
        "from tests.graph.clouds import CloudRecorder\n"
        "from tests.graph.recorder import run\n"
        "def loaded(unseal):\n"
        "    spec = s.changed(s.HARDENED, {'unseal': unseal})\n"
        "    run(lambda: HardenedVaultCluster('openbao', spec), recorder=CloudRecorder())\n"
        "    return {'pulumi_aws', 'pulumi_gcp'} & set(sys.modules)\n"
        "assert loaded(s.TRANSIT) == set()\n"
        "assert loaded(s.GCP) == {'pulumi_gcp'}\n"
        "assert loaded(s.AWS) == {'pulumi_aws', 'pulumi_gcp'}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
