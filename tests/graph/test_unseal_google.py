"""What the trust root at Google registers, exactly. Not proven here: that Google accepts it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.specifications import GCP
from tests.graph.trust_roots import (
    GCP_CREATED,
    OUTLIVES,
    account_annotations,
    hardened,
    of_cloud,
    options,
    server_configuration,
)

pytestmark = pytest.mark.graph


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


def test_a_key_in_a_ring_of_another_project_is_looked_for_there() -> None:
    """Keys of a company are often in a project of their own; in the cluster's project no pod would find this one."""
    ring = "projects/security/locations/europe/keyRings/central"
    recorder = hardened({**GCP_CREATED, "createKey": {"keyRing": ring}})
    assert server_configuration(recorder)["seal"][0]["gcpckms"] == {
        "project": "security",
        "region": "europe",
        "key_ring": "central",
        "crypto_key": "openbao-openbao",
    }
    members = {item.inputs["member"] for item in of_cloud(recorder).values() if "member" in item.inputs}
    assert [member for member in members if "/workloadIdentityPools/p.svc.id.goog/" in member], "the pods' own project"


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
