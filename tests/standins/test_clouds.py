"""The trust roots through the real engine: what they make at AWS (a moto server) and Google (names only), what stays.

Not proven here: that the official plugins and the clouds accept it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from sandbox.plugins.aws_api import ENDPOINT, Aws, AwsError
from tests.standins.moto import moto
from tests.standins.stack import Stack

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
PROGRAM = """
from components.kubernetes.objects import Objects
from components.unseal import trust_root
from profiles.parsing import parse

unseal = {unseal}
specification = parse({{"profile": "Hardened", "name": "openbao", "unseal": unseal}})
parent = pulumi.ComponentResource("tests:index:Parent", "parent")
resolved = pulumi.Output.from_input(specification)
root = trust_root(Objects(parent, specification, resolved), specification, resolved)
for name, output in root.outputs.items():
    pulumi.export(name, output)
"""
SOLVING = """
from components.kubernetes.objects import Objects
from components.tls.dns01 import acme_of, solver_identity
from profiles.parsing import parse

acme = {{"server": "https://acme-v02.api.letsencrypt.org/directory", **{solver}}}
tls = {{"mode": "External", "serverName": "bao.example.com", "issuer": {{"acme": acme}}}}
specification = parse({{"profile": "Development", "name": "openbao", "tls": tls}})
parent = pulumi.ComponentResource("tests:index:Parent", "parent")
made = solver_identity(Objects(parent, specification, pulumi.Output.from_input(specification)), acme_of(specification))
pulumi.export("made", [one.urn.apply(lambda urn: urn.split("::")[2].split("$")[-1]) for one in made.resources])
"""
AWS = {
    "type": "awskms",
    "region": REGION,
    "createKey": {},
    "identity": {"podIdentity": {"clusterName": "production"}},
}
GCP = {
    "type": "gcpckms",
    "project": "p",
    "region": "europe-west3",
    "createKey": {},
    "identity": {"createServiceAccount": True},
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.setenv(ENDPOINT, endpoint)
    return Aws(REGION)


@pytest.fixture
def trusting(plain_stack: Stack, endpoint: str) -> Stack:
    """A stack whose program can use the components and whose AWS is moto."""
    for part in ("components", "profiles"):
        (plain_stack.folder / part).symlink_to(ROOT / part)
    plain_stack.environment[ENDPOINT] = endpoint
    plain_stack.must("config", "set", "aws:region", REGION)
    return plain_stack


def unsealed_by(stack: Stack, unseal: dict[str, Any]) -> None:
    stack.program(PROGRAM.format(unseal=unseal))


def recorded(stack: Stack, kind: str) -> dict[str, Any]:
    """The one resource of a type, as the state has it."""
    resources = json.loads(stack.state_text())["deployment"]["resources"]
    (found,) = [resource for resource in resources if resource["type"] == kind]
    state: dict[str, Any] = found
    return state


def outputs(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.must("stack", "output", "--json"))
    return found


def test_one_up_makes_a_key_that_works_and_only_the_role_may_use(trusting: Stack, aws: Aws) -> None:
    """Role, key and policies name each other: in the wrong order the first `up` would fail or need a second one."""
    unsealed_by(trusting, AWS)
    run = trusting.up()
    assert run.ok, run.text
    made = outputs(trusting)
    key = aws.kms("DescribeKey", KeyId="alias/openbao-openbao")["KeyMetadata"]
    assert key["Arn"] == made["key_id"]
    policy = json.loads(aws.kms("GetKeyPolicy", KeyId=key["KeyId"], PolicyName="default")["Policy"])
    assert policy["Statement"][-1]["Principal"] == {"AWS": [made["identity"]]}
    assert aws.kms("GetKeyRotationStatus", KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    text = base64.b64encode(b"root key").decode()
    sealed = aws.kms("Encrypt", KeyId=made["key_id"], Plaintext=text)["CiphertextBlob"]
    assert aws.kms("Decrypt", CiphertextBlob=sealed)["Plaintext"] == text
    assert trusting.preview() == []


def test_keys_outlive_a_destroy_and_even_the_one_that_somebody_insists_on(trusting: Stack, aws: Aws) -> None:
    """A destroyed key is destroyed data; the way out must cost two deliberate steps, and still leave the key."""
    unsealed_by(trusting, {**AWS, "createKey": {"alias": "alias/outliving"}})
    assert trusting.up().ok
    key = outputs(trusting)["key_id"]
    refused = trusting.run("destroy", "--yes", "--skip-preview")
    assert not refused.ok
    assert "protect" in refused.text
    trusting.must("state", "unprotect", "--all", "--yes")
    trusting.must("destroy", "--yes", "--skip-preview")
    assert aws.kms("DescribeKey", KeyId="alias/outliving")["KeyMetadata"]["Arn"] == key
    assert aws.kms("DescribeKey", KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    # And a new cluster can be built on what stayed.
    unsealed_by(trusting, {**AWS, "kmsKeyId": key, "createKey": None})
    run = trusting.up()
    assert run.ok, run.text
    assert outputs(trusting)["key_id"] == key


def test_a_changed_key_is_changed_in_place(trusting: Stack, aws: Aws) -> None:
    """A replacement would be a new key, and nobody could read the data any more."""
    unsealed_by(trusting, {**AWS, "createKey": {"alias": "alias/changing"}})
    assert trusting.up().ok
    key = outputs(trusting)["key_id"]
    administrator = "arn:aws:iam::123456789012:user/admin"
    changed = {"alias": "alias/changing", "tags": {"team": "security"}, "administrators": [administrator]}
    unsealed_by(trusting, {**AWS, "createKey": changed})
    run = trusting.up()
    assert run.ok, run.text
    assert outputs(trusting)["key_id"] == key
    assert {"TagKey": "team", "TagValue": "security"} in aws.kms("ListResourceTags", KeyId=key)["Tags"]
    assert administrator in aws.kms("GetKeyPolicy", KeyId=key, PolicyName="default")["Policy"]


def test_a_change_that_would_replace_the_key_is_refused(trusting: Stack) -> None:
    """KMS cannot make a key multi-region afterwards: only a new one could be, and it opens nothing."""
    unsealed_by(trusting, {**AWS, "createKey": {"alias": "alias/staying"}})
    assert trusting.up().ok
    key = outputs(trusting)["key_id"]
    unsealed_by(trusting, {**AWS, "createKey": {"alias": "alias/staying", "multiRegion": True}})
    refused = trusting.up()
    assert not refused.ok
    assert "protect" in refused.text
    assert outputs(trusting)["key_id"] == key


def test_a_key_at_google_and_its_grants_are_one_up(trusting: Stack) -> None:
    """Ring, key, account and three grants depend on each other's names."""
    unsealed_by(trusting, GCP)
    run = trusting.up()
    assert run.ok, run.text
    made = outputs(trusting)
    assert made["key_id"] == "projects/p/locations/europe-west3/keyRings/openbao-openbao/cryptoKeys/openbao-openbao"
    assert made["identity"] == "serviceAccount:openbao-openbao@p.iam.gserviceaccount.com"
    assert trusting.preview() == []
    refused = trusting.run("destroy", "--yes", "--skip-preview")
    assert not refused.ok
    assert "protect" in refused.text


def test_a_role_for_dns_challenges_is_made_with_its_policy_and_goes_with_the_stack(trusting: Stack, aws: Aws) -> None:
    """Policy and association hang on the role: made in the wrong order they fail, removed in it the role stays."""
    solver = {"region": REGION, "hostedZoneId": "Z1", "identity": {"podIdentity": {"clusterName": "production"}}}
    trusting.program(SOLVING.format(solver={"route53": solver}))
    run = trusting.up()
    assert run.ok, run.text
    assert len(outputs(trusting)["made"]) == 2
    role = recorded(trusting, "aws:iam/role:Role")["id"]
    trust = json.loads(unquote(aws.query("iam", "GetRole", RoleName=role)["AssumeRolePolicyDocument"]))
    tags = trust["Statement"][0]["Condition"]["StringEquals"]
    assert tags["aws:RequestTag/kubernetes-namespace"] == "cert-manager"
    own = recorded(trusting, "aws:iam/rolePolicy:RolePolicy")["outputs"]["name"]
    policy = json.loads(unquote(aws.query("iam", "GetRolePolicy", RoleName=role, PolicyName=own)["PolicyDocument"]))
    assert policy["Statement"][0]["Resource"] == "arn:aws:route53:::hostedzone/Z1"
    assert trusting.preview() == []
    # Other names, other records: the role stays, its policy follows.
    trusting.program(SOLVING.replace("bao.example.com", "vault.example.com").format(solver={"route53": solver}))
    assert trusting.up().ok
    changed = unquote(aws.query("iam", "GetRolePolicy", RoleName=role, PolicyName=own)["PolicyDocument"])
    assert "_acme-challenge.vault.example.com" in changed
    assert "_acme-challenge.bao.example.com" not in changed
    trusting.must("destroy", "--yes", "--skip-preview")
    with pytest.raises(AwsError):
        aws.query("iam", "GetRole", RoleName=role)


def test_a_grant_on_a_zone_at_google_follows_its_role(trusting: Stack) -> None:
    """The role's name is known once it is made; a grant that guesses it could be made before, and fail."""
    solver = {"project": "p", "hostedZoneName": "example-com", "identity": {"projectNumber": "42"}}
    trusting.program(SOLVING.format(solver={"cloudDns": solver}))
    run = trusting.up()
    assert run.ok, run.text
    grant = recorded(trusting, "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember")["outputs"]
    assert grant["role"] == "projects/p/roles/openbao_openbao_dns01"
    assert trusting.preview() == []
    trusting.must("destroy", "--yes", "--skip-preview")


def test_the_stand_in_never_speaks_to_aws_itself(trusting: Stack) -> None:
    """A developer with credentials in the environment must not create real keys by a test."""
    del trusting.environment[ENDPOINT]
    unsealed_by(trusting, AWS)
    run = trusting.up()
    assert not run.ok
    assert f"Set {ENDPOINT}" in run.text
    assert "Traceback" not in run.text
