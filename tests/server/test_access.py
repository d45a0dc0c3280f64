"""A self-initialised cluster: each access method lets its people in, nothing else lives, and no secret is written down.

One three-node cluster, made once, that nobody changes. Not proven here: real identity providers and a real Kubernetes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from profiles import layout
from profiles.rendering import PROOF_POLICY
from profiles.rendering.audit import audit_path
from tests.server.binaries import NEWEST, bao
from tests.server.cluster import PROOF_PASSWORD, Cluster, Node
from tests.server.lab import Lab
from tests.server.pki import private_pem, public_pem
from tests.server.services import IdentityProvider, token_reviewer
from tests.server.specifications import ADMIN_PASSWORD, SECRETS, UNSEAL_KEY, cluster_specification

pytestmark = pytest.mark.server

ISSUER = "https://ci.test"
BOB_PASSWORD, SECRET_ID, CLIENT_SECRET = "bob-canary-9d3e", "secret-id-canary-4f4f", "client-canary-1c8a"
CALLBACK = "https://bao.test/ui/vault/auth/oidc/oidc/callback"


@dataclass(frozen=True)
class World:
    """The cluster and those who want to enter."""

    cluster: Cluster
    leader: Node
    signer: ec.EllipticCurvePrivateKey
    provider: IdentityProvider
    lab: Lab

    @property
    def follower(self) -> Node:
        """A node that does not lead; logins through it are forwarded."""
        return next(node for node in self.cluster.nodes if node is not self.leader)

    def admin(self) -> str:
        """An admin's token."""
        return self.leader.login("userpass", "admin", password=ADMIN_PASSWORD.decode())


@pytest.fixture(scope="module")
def world(shared_lab: Lab) -> Iterator[World]:
    """Three nodes whose self-init made every access method."""
    signer = ec.generate_private_key(ec.SECP256R1())
    provider = IdentityProvider("openbao", CLIENT_SECRET)
    with ExitStack() as services:
        services.enter_context(provider.serve(shared_lab))
        kubernetes = services.enter_context(token_reviewer(shared_lab, "apps", "web"))
        self_init = access(signer, provider, kubernetes, shared_lab.ca.pem.decode())
        specification = cluster_specification(selfInit=self_init, audit=AUDIT)
        secrets = {
            **SECRETS,
            "bob-login": {"password": BOB_PASSWORD.encode()},
            "batch-login": {"secretId": SECRET_ID.encode()},
            "oidc-client": {"clientSecret": CLIENT_SECRET.encode()},
        }
        cluster = Cluster(shared_lab, bao(NEWEST), specification, secrets)
        _reach_the_reviewer(cluster, shared_lab)
        for node in cluster.nodes:
            node.environment["SSL_CERT_FILE"] = str(shared_lab.folder / "trusted-ca.crt")
            node.path("/openbao/audit").mkdir(parents=True)
        cluster.start()
        leader = cluster.active()
        cluster.wait_for_voters(leader, cluster.proof_token(leader))
        yield World(cluster, leader, signer, provider, shared_lab)


AUDIT = [{"options": {"file_path": "stdout"}}, {"name": "volume", "options": {"file_path": "/openbao/audit/audit.log"}}]


def access(signer: ec.EllipticCurvePrivateKey, provider: IdentityProvider, kubernetes: str, ca: str) -> dict[str, Any]:
    """Every access method, each with a policy of its own."""
    policies = [
        {"name": f"p-{name}", "policy": f'path "kv/data/{name}" {{ capabilities = ["read"] }}'} for name in METHODS
    ]
    users = [
        {"username": "admin", "policies": ["admin"], "passwordSecretRef": "admin-login"},
        {"username": "bob.smith", "policies": ["p-userpass"], "passwordSecretRef": "bob-login"},
    ]
    web = {"boundServiceAccountNames": ["web"], "boundServiceAccountNamespaces": ["apps"], "audience": "openbao"}
    ci = {"boundAudiences": ["openbao"], "boundSubject": "deploy", "boundClaims": {"ref": "main"}}
    batch = {"name": "batch", "roleId": "batch", "secretIdSecretRef": "batch-login"}
    edge = {"name": "edge", "certificate": ca, "allowedCommonNames": ["edge"]}
    return {
        "policies": [
            {"name": "admin", "policy": 'path "*" { capabilities = ["read", "list", "update", "sudo"] }'},
            *policies,
        ],
        "mounts": [{"path": "kv/", "type": "kv", "options": {"version": "2"}, "description": 'Team ☃ 😀 "${x}"'}],
        "userpass": {"users": users},
        "kubernetes": {"kubernetesHost": kubernetes, "roles": [{"name": "web", "policies": ["p-kubernetes"], **web}]},
        "jwt": {
            "issuer": ISSUER,
            "validationPubkeys": [public_pem(signer)],
            "roles": [{"name": "ci", "policies": ["p-jwt"], **ci}],
        },
        "oidc": {
            "issuer": provider.url,
            "clientId": "openbao",
            "clientSecretRef": "oidc-client",
            "defaultRole": "staff",
            "roles": [{"name": "staff", "policies": ["p-oidc"], "allowedRedirectUris": [CALLBACK]}],
        },
        "approle": {"roles": [{"policies": ["p-approle"], **batch}]},
        "cert": {"roles": [{"policies": ["p-cert"], **edge}]},
        "requests": [
            {"name": "nested", "path": "kv/data/nested", "data": {"data": NESTED, "options": {"cas": 0}}},
        ],
    }


METHODS = ("userpass", "kubernetes", "jwt", "oidc", "approle", "cert")
NESTED = {"two": {"a": {"x": "1"}, "b": {"y": "2"}}, "other": {"c": {"d": {"e": "3"}}}, "list": ["p", "q"]}


def _reach_the_reviewer(cluster: Cluster, lab: Lab) -> None:
    """In a pod the reviewer's CA and token are mounted with the ServiceAccount; here the CA is said instead."""
    assert cluster.initialize is not None
    groups: Any = cluster.initialize["initialize"]
    requests_of = next(group["request"] for group in groups if group["type"] == "kubernetes")
    data = next(request["data"] for request in requests_of if request["type"] == "config")
    data |= {"kubernetes_ca_cert": lab.ca.pem.decode(), "disable_local_ca_jwt": True}


def policies_of(node: Node, token: str) -> set[str]:
    """What a token may do, besides what every token may."""
    return set(node.read("auth/token/lookup-self", token)["policies"]) - {"default"}


def claims(**own: Any) -> dict[str, Any]:
    """A token's claims, valid now."""
    now = int(time.time())
    return {"iat": now - 5, "nbf": now - 5, "exp": now + 300, **own}


def test_userpass_login_by_the_password_of_the_secret(world: World) -> None:
    """Broken: nobody can enter, which self-init never repairs."""
    token = world.follower.login("userpass", "bob.smith", password=BOB_PASSWORD)
    assert policies_of(world.leader, token) == {"p-userpass"}


def test_approle_login_by_the_secret_id_of_the_secret(world: World) -> None:
    """Broken: role id or secret id of the specification are not the cluster's."""
    token = world.follower.login("approle", "", role_id="batch", secret_id=SECRET_ID)
    assert policies_of(world.leader, token) == {"p-approle"}


def test_jwt_login_of_the_bound_subject_only(world: World) -> None:
    """Broken: a machine is shut out, or any token of the issuer is let in."""
    deploy = claims(iss=ISSUER, sub="deploy", aud="openbao", ref="main")
    key = private_pem(world.signer)
    token = world.leader.login("jwt", "", role="ci", jwt=jwt.encode(deploy, key, algorithm="ES256"))
    assert policies_of(world.leader, token) == {"p-jwt"}
    for wrong in ({"sub": "other"}, {"aud": "other"}, {"ref": "fork"}, {"iss": "https://evil.test"}):
        stranger = jwt.encode(deploy | wrong, key, algorithm="ES256")
        assert not world.leader.api("POST", "auth/jwt/login", body={"role": "ci", "jwt": stranger}).ok, wrong


def test_kubernetes_login_of_the_bound_service_account_only(world: World) -> None:
    """Broken: pods cannot log in by their ServiceAccount, or any pod can."""

    def service_account_token(namespace: str, name: str) -> str:
        account = {"namespace": namespace, "serviceaccount": {"name": name, "uid": "u1"}}
        subject = f"system:serviceaccount:{namespace}:{name}"
        body = claims(iss="kubernetes/serviceaccount", sub=subject, aud=["openbao"])
        return jwt.encode(body | {"kubernetes.io": account}, private_pem(world.signer), algorithm="ES256")

    token = world.leader.login("kubernetes", "", role="web", jwt=service_account_token("apps", "web"))
    assert policies_of(world.leader, token) == {"p-kubernetes"}
    stranger = {"role": "web", "jwt": service_account_token("other", "web")}
    assert not world.leader.api("POST", "auth/kubernetes/login", body=stranger).ok


def test_oidc_login_through_the_identity_provider(world: World) -> None:
    """Broken: people cannot log in: discovery, redirect, or the client secret."""
    start = {"role": "staff", "redirect_uri": CALLBACK}
    begun = world.leader.api("POST", "auth/oidc/oidc/auth_url", body=start).json()
    query = parse_qs(urlsplit(begun["data"]["auth_url"]).query)
    world.provider.nonce = query["nonce"][0]
    answer = world.leader.api("GET", f"auth/oidc/oidc/callback?code=c&state={query['state'][0]}")
    assert answer.ok, answer.text
    assert policies_of(world.leader, answer.json()["auth"]["client_token"]) == {"p-oidc"}


def test_certificate_login_of_the_bound_name_only(world: World) -> None:
    """Broken: the listener asks for no client certificate, or lets any of the CA in."""
    url = f"https://{world.leader.address}:{layout.API_PORT}/v1/auth/cert/login"
    for name, enters in (("edge", True), ("other", False)):
        issued = world.lab.ca.issue(name)
        pair = world.lab.folder / f"client-{name}.pem"
        pair.write_bytes(issued.cert + issued.key)
        answer = world.leader.session.post(url, cert=str(pair), timeout=10)
        assert answer.ok is enters, answer.text
        if enters:
            assert policies_of(world.leader, answer.json()["auth"]["client_token"]) == {"p-cert"}


def test_the_proof_sees_what_it_has_to_see_and_nothing_else(world: World) -> None:
    """Broken: `pulumi up` cannot tell a good bootstrap from a lost one, or its login is a way in."""
    proof = world.cluster.proof_token(world.follower)
    assert policies_of(world.leader, proof) == {PROOF_POLICY}
    assert world.cluster.voters(world.leader, proof) == set(world.cluster.names.pods)
    assert world.leader.read("sys/storage/raft/autopilot/state", proof)["healthy"] is True
    devices = {audit_path(device) + "/" for device in world.cluster.specification.audit}
    assert set(world.leader.read("sys/audit", proof)) == devices
    for forbidden in ("kv/data/nested", "sys/policies/acl/admin", "sys/auth", "sys/storage/raft/snapshot"):
        assert world.leader.api("GET", forbidden, proof).status_code == 403, forbidden


def test_no_root_token_lives_after_the_bootstrap(world: World) -> None:
    """Broken: a token that may do everything outlives the bootstrap, and the contract's promise is void."""
    proof = world.cluster.proof_token(world.leader)
    accessors = world.leader.api("LIST", "auth/token/accessors", proof).json()["data"]["keys"]
    living = [
        world.leader.api("POST", "auth/token/lookup-accessor", proof, {"accessor": accessor}).json()["data"]
        for accessor in accessors
    ]
    assert len(living) >= 1
    assert [token for token in living if "root" in token["policies"] or token["path"] == "auth/token/root"] == []


def test_what_self_init_was_given_arrives_unchanged(world: World) -> None:
    """Broken: the JSON reader drops or flattens parts of a request, silently."""
    admin = world.admin()
    assert world.leader.read("kv/data/nested", admin)["data"] == NESTED
    assert world.leader.read("sys/mounts", admin)["kv/"]["description"] == 'Team ☃ 😀 "${x}"'
    autopilot = world.leader.read("sys/storage/raft/autopilot/configuration", admin)
    assert autopilot["cleanup_dead_servers"] is True
    assert (autopilot["min_quorum"], autopilot["server_stabilization_time"]) == (3, "1s")


def test_metrics_are_served_on_their_own_port_only(world: World) -> None:
    """Broken: a scrape needs a token, or the metrics port answers more than metrics, or the API port serves them."""
    for node in world.cluster.nodes:
        metrics = node.api("GET", "sys/metrics?format=prometheus", port=layout.METRICS_PORT)
        assert "vault_core_active" in metrics.text
        assert node.api("GET", "sys/health", port=layout.METRICS_PORT).status_code == 404
        assert node.api("GET", "sys/metrics", world.admin()).status_code == 403


def test_the_unauthenticated_ways_to_root_are_closed(world: World) -> None:
    """Broken: who reaches the port can start to make a root token or new keys."""
    for path in ("sys/generate-root/attempt", "sys/rekey/init", "sys/rekey-recovery-key/init"):
        assert world.leader.api("PUT", path, body={"secret_shares": 1, "secret_threshold": 1}).status_code in (404, 405)


def test_no_secret_is_written_to_logs_audit_or_configuration(world: World) -> None:
    """Broken: who reads logs or ConfigMaps reads passwords."""
    canaries = [BOB_PASSWORD, SECRET_ID, CLIENT_SECRET, PROOF_PASSWORD, ADMIN_PASSWORD.decode(), UNSEAL_KEY.hex()]
    canaries += [world.admin()]
    for node in world.cluster.nodes:
        folders = (layout.CONFIG_DIR, layout.BOOTSTRAP_DIR, "/openbao/audit")
        files = [node.log, *(file for folder in folders for file in node.path(folder).rglob("*") if file.is_file())]
        assert len(files) >= 2
        for file in files:
            text = file.read_text()
            assert [canary for canary in canaries if canary in text] == [], file
    _the_audit_log_has_the_bootstrap(world)


def _the_audit_log_has_the_bootstrap(world: World) -> None:
    """Were nothing written at all, the test above could not fail."""
    log = Path(f"{world.leader.home}/openbao/audit/audit.log").read_text().splitlines()
    paths = {json.loads(line)["request"].get("path") for line in log}
    assert {"auth/userpass/users/bob.smith", "auth/token/revoke-self"} <= paths


def test_an_absent_identity_provider_does_not_spoil_the_bootstrap(lab: Lab) -> None:
    """Broken: a provider that is away for a moment makes self-init fail, which is final."""
    role = {"name": "staff", "policies": ["admin"], "allowedRedirectUris": [CALLBACK]}
    nowhere = f"https://{lab.address()}:1"
    oidc = {"issuer": nowhere, "clientId": "c", "clientSecretRef": "oidc", "defaultRole": "staff", "roles": [role]}
    machines = {"discoveryUrl": nowhere, "roles": [{"name": "ci", "policies": ["admin"], "boundSubject": "x"}]}
    keys = {"path": "jwks", "jwksUrl": f"{nowhere}/keys", "roles": machines["roles"]}
    for method in ({"oidc": oidc, "jwt": machines}, {"jwt": keys}):
        inner = lab.within("-".join(method))
        specification = cluster_specification(replicas=1, selfInit=method)
        cluster = Cluster(inner, bao(NEWEST), specification, {**SECRETS, "oidc": {"clientSecret": b"x"}})
        cluster.start()
        assert cluster.proof_token(cluster.active())
