"""What the trust roots register, exactly: keys, identities and the grants between them; and what stays unregistered.

Not proven here: that AWS accepts the documents. Their form is checked against the vendor's pages by reading.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime import rpc

from components import ClusterArgs, DevelopmentVaultCluster, HardenedVaultCluster
from components.arguments import RefusedSpecificationError
from components.identity.documents import partition
from tests.contract.specifications import AWS, AZURE, GCP, HARDENED, TRANSIT, changed
from tests.graph.clouds import ACCOUNT, KEY, ROLE, CloudRecorder
from tests.graph.recorder import run
from tests.graph.trust_roots import (
    AWS_CREATED,
    GCP_CREATED,
    OUTLIVES,
    PROVIDER,
    account_annotations,
    hardened,
    of_cloud,
    options,
    server_configuration,
    statements,
)

pytestmark = pytest.mark.graph


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


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("eu-central-1", "aws"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-east-1", "aws-us-gov"),
        ("us-iso-west-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_every_partition_of_aws_is_known(region: str, name: str) -> None:
    """Regions and partitions as AWS' own SDK lists them (aws-sdk-go-v2, partitions.json)."""
    assert partition(region) == name


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
        (
            "arn:aws:kms:eu-central-1:999900001111:alias/team/bao",
            "arn:aws:kms:eu-central-1:999900001111:key/*",
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/team/bao"}},
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
