"""The identities that are made for DNS-01: what is registered at the clouds and in Kubernetes, exactly.

Not proven here: that AWS, Google and cert-manager take it (tests/sandbox/test_certificate_objects.py shows the objects
to an API server, tests/standins/test_clouds.py the role to moto).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import DevelopmentVaultCluster
from components.tls.cloud_dns import PERMISSIONS
from components.tls.route53 import solver_policy
from tests.graph.clouds import ACCOUNT, DNS_ROLE, AnsweringClouds
from tests.graph.recorder import Recorder, run
from tests.graph.trust_roots import PROVIDER, of_cloud, options, statements

pytestmark = pytest.mark.graph

ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
IRSA = {"irsa": {"oidc_provider_arn": PROVIDER}}
POD_IDENTITY = {"pod_identity": {"cluster_name": "production"}}
DIRECT = {"project_number": "42"}
RECORDS = ["_acme-challenge.bao.example.com", "_acme-challenge.example.com"]


def wanted(account: dict[str, str] | None = None, **solver: Any) -> Any:
    acme = {"server": "https://acme-v02.api.letsencrypt.org/directory", **solver}
    if account is not None:
        acme["cert_manager_service_account"] = account
    tls = {"mode": "External", "server_name": "Bao.example.com", "extra_sans": ["*.example.com", "example.com"]}
    return {"replicas": 3, "tls": {**tls, "issuer": {"acme": acme}}}


def cluster(*, preview: bool = False, account: dict[str, str] | None = None, **solver: Any) -> Recorder:
    arguments = wanted(account, **solver)
    monitor = AnsweringClouds(preview=preview)
    return run(lambda: DevelopmentVaultCluster("openbao", arguments), preview=preview, recorder=monitor)


def route53(*, preview: bool = False, account: dict[str, str] | None = None, **solver: Any) -> Recorder:
    return cluster(preview=preview, account=account, route53={"region": "eu-central-1", **solver})


def cloud_dns(*, preview: bool = False, account: dict[str, str] | None = None, **solver: Any) -> Recorder:
    zone = {"project": "p", "hosted_zone_name": "example-com"}
    return cluster(preview=preview, account=account, cloud_dns={**zone, **solver})


def dns01(recorder: Recorder) -> dict[str, Any]:
    """The solver as the issuer has it."""
    (solver,) = recorder.named(":Issuer", "openbao-tls").inputs["spec"]["acme"]["solvers"]
    found: dict[str, Any] = solver["dns01"]
    return found


def in_kubernetes(recorder: Recorder) -> list[str]:
    return [item.type.rsplit(":", 1)[1] for item in recorder.registrations if item.name == "openbao-dns01"]


# Route 53 by IRSA


@pytest.mark.parametrize("irsa", [{"oidc_provider_arn": PROVIDER}, {"oidc_provider_url": f"https://{ISSUER}"}])
def test_irsa_is_for_a_service_account_of_the_issuers_own(irsa: dict[str, str]) -> None:
    """A role for cert-manager's own account serves every issuer of the cluster, whoever may make one."""
    recorder = route53(hosted_zone_id="Z1", identity={"irsa": irsa})
    made = of_cloud(recorder)
    assert sorted(made) == ["Role", "RolePolicy"]
    trust = statements(made["Role"].inputs["assumeRolePolicy"])
    assert list(trust) == ["Irsa"]
    assert trust["Irsa"]["Principal"] == {"Federated": PROVIDER}
    assert trust["Irsa"]["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": "system:serviceaccount:openbao:openbao-dns01",
        }
    }
    assert dns01(recorder) == {
        "route53": {
            "region": "eu-central-1",
            "hostedZoneID": "Z1",
            "role": DNS_ROLE,
            "auth": {"kubernetes": {"serviceAccountRef": {"name": "openbao-dns01"}}},
        }
    }


def test_only_cert_manager_may_ask_for_tokens_of_that_account() -> None:
    """Whoever gets a token of it gets the role; a Role without the name would open every account of the namespace."""
    recorder = route53(identity=IRSA)
    account = recorder.named(":ServiceAccount", "openbao-dns01").inputs
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["namespace"] == "openbao"
    assert recorder.named("v1:Role", "openbao-dns01").inputs["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["serviceaccounts/token"],
            "resourceNames": ["openbao-dns01"],
            "verbs": ["create"],
        }
    ]
    binding = recorder.named(":RoleBinding", "openbao-dns01").inputs
    assert binding["roleRef"]["name"] == "openbao-dns01"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "cert-manager", "namespace": "cert-manager"}]


def test_a_cert_manager_elsewhere_is_the_one_that_is_trusted() -> None:
    """Installed under another name, it would be refused every token; the default name might be somebody else's."""
    elsewhere = {"namespace": "infra", "name": "acme"}
    binding = route53(identity=IRSA, account=elsewhere).named(":RoleBinding", "openbao-dns01").inputs
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "acme", "namespace": "infra"}]
    association = of_cloud(route53(identity=POD_IDENTITY, account=elsewhere))["PodIdentityAssociation"].inputs
    assert (association["namespace"], association["serviceAccount"]) == ("infra", "acme")
    grant = of_cloud(cloud_dns(identity=DIRECT, account=elsewhere))["DnsManagedZoneIamMember"].inputs
    assert grant["member"].endswith("/subject/ns/infra/sa/acme")


def test_the_issuer_waits_until_its_identity_can_be_used() -> None:
    """An order that fails is tried again after an hour, and a public CA counts it."""
    needed = route53(identity=IRSA).named(":Issuer", "openbao-tls").options["dependsOn"]
    for kind in ("aws:iam/rolePolicy:RolePolicy", "ServiceAccount::openbao-dns01", "RoleBinding::openbao-dns01"):
        assert [urn for urn in needed if kind in urn], kind
    needed = route53(identity=POD_IDENTITY).named(":Issuer", "openbao-tls").options["dependsOn"]
    assert [urn for urn in needed if "PodIdentityAssociation" in urn]
    needed = cloud_dns(identity=DIRECT).named(":Issuer", "openbao-tls").options["dependsOn"]
    assert [urn for urn in needed if "DnsManagedZoneIamMember" in urn]


# What the role may do


def test_the_role_writes_challenges_of_the_certificates_names_into_one_zone_and_nothing_else() -> None:
    """Who may write any TXT record gets certificates for every name of the zone; any record, the zone's traffic."""
    policy = of_cloud(route53(hosted_zone_id="Z1", identity=IRSA))["RolePolicy"].inputs["policy"]
    zone = "arn:aws:route53:::hostedzone/Z1"
    assert json.loads(policy)["Statement"] == [
        {
            "Sid": "WriteChallenges",
            "Effect": "Allow",
            "Action": ["route53:ChangeResourceRecordSets"],
            "Resource": zone,
            "Condition": {
                "ForAllValues:StringEquals": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": RECORDS,
                    "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
                }
            },
        },
        {"Sid": "ReadRecords", "Effect": "Allow", "Action": ["route53:ListResourceRecordSets"], "Resource": zone},
        {
            "Sid": "AwaitChanges",
            "Effect": "Allow",
            "Action": ["route53:GetChange"],
            "Resource": "arn:aws:route53:::change/*",
        },
    ]


def test_without_a_zone_id_cert_manager_may_look_for_it_and_still_writes_those_records_only() -> None:
    """ListHostedZonesByName shows every zone of the account: nobody who names one needs it."""
    found = statements(of_cloud(route53(identity=POD_IDENTITY))["RolePolicy"].inputs["policy"])
    assert found["FindZone"]["Action"] == ["route53:ListHostedZonesByName"]
    assert found["WriteChallenges"]["Resource"] == "arn:aws:route53:::hostedzone/*"
    names = found["WriteChallenges"]["Condition"]["ForAllValues:StringEquals"]
    assert names["route53:ChangeResourceRecordSetsNormalizedRecordNames"] == RECORDS


def test_zones_of_other_partitions_are_named_as_they_are_there() -> None:
    """An `arn:aws:` resource in China or GovCloud allows nothing there."""
    for region, partition in (("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")):
        resources = {one["Resource"] for one in solver_policy(region, "Z1", RECORDS)["Statement"]}
        assert resources == {f"arn:{partition}:route53:::hostedzone/Z1", f"arn:{partition}:route53:::change/*"}


# Route 53 by Pod Identity, and existing roles


def test_pod_identity_is_for_cert_managers_own_account() -> None:
    """The agent knows the pod's account only; the trust must not let any other pod of the EKS cluster in."""
    recorder = route53(hosted_zone_id="Z1", identity=POD_IDENTITY)
    made = of_cloud(recorder)
    assert sorted(made) == ["PodIdentityAssociation", "Role", "RolePolicy"]
    assert made["PodIdentityAssociation"].inputs == {
        "clusterName": "production",
        "namespace": "cert-manager",
        "serviceAccount": "cert-manager",
        "roleArn": DNS_ROLE,
    }
    trust = statements(made["Role"].inputs["assumeRolePolicy"])["PodIdentity"]
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": ACCOUNT,
        "aws:RequestTag/eks-cluster-name": "production",
        "aws:RequestTag/kubernetes-namespace": "cert-manager",
        "aws:RequestTag/kubernetes-service-account": "cert-manager",
    }
    assert dns01(recorder) == {"route53": {"region": "eu-central-1", "hostedZoneID": "Z1"}}
    assert not [item for item in recorder.registrations if item.name == "openbao-dns01" and "kubernetes:" in item.type]


@pytest.mark.parametrize("kind", ["irsa", "pod_identity"])
def test_an_existing_role_gets_no_policy_of_ours(kind: str) -> None:
    """Somebody else's role: in another account, where the zone is, or with rights that are theirs to give."""
    existing = "arn:aws:iam::999900001111:role/dns"
    identity = {"irsa": {"role_arn": existing}, "pod_identity": {"cluster_name": "production", "role_arn": existing}}
    recorder = route53(identity={kind: identity[kind]})
    made = of_cloud(recorder)
    if kind == "irsa":
        assert made == {}
        assert dns01(recorder)["route53"]["role"] == existing
        assert recorder.named(":RoleBinding", "openbao-dns01")
    else:
        assert [*made] == ["PodIdentityAssociation"]
        assert made["PodIdentityAssociation"].inputs["roleArn"] == existing


def test_nothing_of_it_outlives_the_stack() -> None:
    """Nothing is lost with it, and a role that stays is a door that nobody looks after."""
    for recorder in (route53(identity=IRSA), route53(identity=POD_IDENTITY), cloud_dns(identity=DIRECT)):
        assert all(options(item) == {} for item in of_cloud(recorder).values())


# Cloud DNS


def test_google_grants_records_of_one_zone_to_cert_managers_account_as_a_member() -> None:
    """`roles/dns.admin` could delete the zone; a binding or a policy would lock out everybody else who works in it."""
    recorder = cloud_dns(identity=DIRECT)
    made = of_cloud(recorder)
    assert {item.type for item in made.values()} == {
        "gcp:projects/iAMCustomRole:IAMCustomRole",
        "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember",
    }
    role = made["IAMCustomRole"].inputs
    assert (role["roleId"], role["project"]) == ("openbao_openbao_dns01", "p")
    assert role["permissions"] == list(PERMISSIONS)
    assert not [one for one in PERMISSIONS if "managedZones" in one or "*" in one or "IamPolicy" in one]
    assert made["DnsManagedZoneIamMember"].inputs == {
        "managedZone": "example-com",
        "project": "p",
        "role": "projects/p/roles/openbao_openbao_dns01",
        "member": "principal://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog"
        "/subject/ns/cert-manager/sa/cert-manager",
    }
    assert dns01(recorder) == {"cloudDNS": {"project": "p", "hostedZoneName": "example-com"}}


def test_an_existing_account_and_an_existing_role_are_only_connected() -> None:
    """Who may make no roles names one; who runs cert-manager as a Google account already has made that connection."""
    made = of_cloud(
        cloud_dns(identity={"service_account_email": "dns@ops.iam.gserviceaccount.com", "role": "roles/dns.admin"})
    )
    assert [*made] == ["DnsManagedZoneIamMember"]
    grant = made["DnsManagedZoneIamMember"].inputs
    assert grant["member"] == "serviceAccount:dns@ops.iam.gserviceaccount.com"
    assert grant["role"] == "roles/dns.admin"


def test_the_pool_of_another_project_can_be_named() -> None:
    """Zones are often kept in a project of their own, and the GKE cluster is elsewhere."""
    pool = "clusters.svc.id.goog"
    grant = of_cloud(cloud_dns(identity={**DIRECT, "workload_pool": pool}))["DnsManagedZoneIamMember"].inputs
    assert f"/workloadIdentityPools/{pool}/subject/" in grant["member"]


# Previews and what is loaded


@pytest.mark.parametrize("identity", [IRSA, POD_IDENTITY], ids=["irsa", "pod-identity"])
def test_a_preview_shows_the_aws_identity_that_the_update_makes(identity: dict[str, Any]) -> None:
    """At the first preview the role's ARN is not known; what hangs on it must show all the same."""
    update, preview = route53(identity=identity), route53(identity=identity, preview=True)
    assert {(r.type, r.name) for r in update.registrations} == {(r.type, r.name) for r in preview.registrations}
    issuer = preview.named(":Issuer", "openbao-tls").inputs
    assert issuer["metadata"] == update.named(":Issuer", "openbao-tls").inputs["metadata"]


def test_a_preview_shows_the_google_grant_that_the_update_makes() -> None:
    """As above, for the role's name."""
    update, preview = cloud_dns(identity=DIRECT), cloud_dns(identity=DIRECT, preview=True)
    assert {(r.type, r.name) for r in update.registrations} == {(r.type, r.name) for r in preview.registrations}


@pytest.mark.parametrize("preview", [False, True], ids=["update", "preview"])
def test_zone_and_provider_may_come_from_the_same_program(preview: bool) -> None:
    """Zone and EKS cluster are often made beside the cluster: then both are outputs."""

    def late(value: str) -> pulumi.Output[Any]:
        return pulumi.Output.from_input(pulumi.output.UNKNOWN if preview else value)

    def program() -> DevelopmentVaultCluster:
        identity = {"irsa": {"oidc_provider_arn": late(PROVIDER)}}
        zone = {"region": "eu-central-1", "hosted_zone_id": late("Z1"), "identity": identity}
        return DevelopmentVaultCluster("openbao", wanted(route53=zone))

    recorder = run(program, preview=preview, recorder=AnsweringClouds(preview=preview))
    made = of_cloud(recorder)
    assert sorted(made) == ["Role", "RolePolicy"]
    assert in_kubernetes(recorder)
    if not preview:
        assert "FindZone" not in statements(made["RolePolicy"].inputs["policy"])
        assert dns01(recorder)["route53"]["hostedZoneID"] == "Z1"


def test_an_issuer_without_an_identity_loads_no_clouds() -> None:
    """Each SDK costs a second and a hundred megabytes, and may not be installed."""
    code = (
        "import sys; from tests.graph.test_tls import cluster;"
        "cluster(tls={'mode': 'External', 'server_name': 'bao.example.com', 'issuer': {'acme': {"
        "'server': 'https://acme.example.com', 'route53': {'region': 'eu-central-1'}}}});"
        "print(sorted({'pulumi_aws', 'pulumi_gcp'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
