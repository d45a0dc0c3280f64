"""What each TLS mode registers, exactly, and how pods, Jobs and edges use it; preview and update.

Not proven here: that an API server with Gateway API's CRDs accepts the edges, and that anybody issues a certificate
(tests/sandbox/test_certificate_objects.py and test_certificates.py go further).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import DevelopmentVaultCluster
from components.arguments import RefusedSpecificationError
from components.bootstrap.advice import advice
from profiles.parsing import parse
from tests.graph.issuers import ISSUERS
from tests.graph.recorder import Recorder, run
from tests.graph.tls_objects import DAY, NOW, Answering, Authority

pytestmark = pytest.mark.graph

PODS = [f"openbao-{ordinal}.openbao.openbao.svc.cluster.local" for ordinal in range(3)]
EVERY_NAME = ["*.openbao.openbao.svc.cluster.local", "*.openbao.svc.cluster.local"]
WAITED_FOR = "condition=Ready"
CERT_MANAGER = {"mode": "OperatorManaged", "cert_manager": True}
PEERS = {"trusted_ingress_peers": [{"namespace_selector": {"match_labels": {"team": "edge"}}}]}


def cluster(recorder: Recorder | None = None, preview: bool = False, **arguments: Any) -> Recorder:
    recorder = recorder or Answering(preview=preview)
    wanted: Any = {"replicas": 3, **arguments}
    return run(lambda: DevelopmentVaultCluster("openbao", wanted), preview=preview, recorder=recorder)


def tls_resources(recorder: Recorder) -> set[tuple[str, str]]:
    """What exists for TLS and for edges; everything else is the same in every mode."""
    without = {(item.type, item.name) for item in cluster(tls={"mode": "External", "secret_name": "own"}).registrations}
    return {(item.type, item.name) for item in recorder.registrations} - without


def pod_spec(recorder: Recorder, kind: str = "StatefulSet", name: str = "openbao") -> dict[str, Any]:
    found: dict[str, Any] = recorder.named(f":{kind}", name).inputs["spec"]["template"]["spec"]
    return found


def environment(recorder: Recorder) -> dict[str, str]:
    container = pod_spec(recorder, "Job", "openbao-proof")["containers"][0]
    return {item["name"]: item["value"] for item in container["env"]}


def job_trust(recorder: Recorder) -> list[dict[str, Any]]:
    volumes = pod_spec(recorder, "Job", "openbao-proof")["volumes"]
    return [volume for volume in volumes if volume["name"] == "tls"]


# cert-manager in Development


def test_cert_manager_keeps_a_ca_and_a_server_certificate_of_its_own() -> None:
    """A missing object leaves pods waiting for a Secret that nobody fills; an unawaited one hides why."""
    recorder = cluster(tls=CERT_MANAGER)
    assert tls_resources(recorder) == {
        ("kubernetes:cert-manager.io/v1:Issuer", "openbao-tls-self-signed"),
        ("kubernetes:cert-manager.io/v1:Certificate", "openbao-tls-ca"),
        ("kubernetes:cert-manager.io/v1:Issuer", "openbao-tls"),
        ("kubernetes:cert-manager.io/v1:Certificate", "openbao-tls-server"),
    }
    made = {item.name: item for item in recorder.registrations if "cert-manager.io" in item.type}
    assert all(m.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == WAITED_FOR for m in made.values())
    assert made["openbao-tls-self-signed"].inputs["spec"] == {"selfSigned": {}}
    assert made["openbao-tls"].inputs["spec"] == {"ca": {"secretName": "openbao-tls-ca"}}
    authority = made["openbao-tls-ca"].inputs["spec"]
    assert authority["isCA"] is True
    assert authority["issuerRef"] == {"name": "openbao-tls-self-signed", "kind": "Issuer", "group": "cert-manager.io"}
    assert authority["privateKey"]["rotationPolicy"] == "Never", "a new CA key would part old pods from new ones"
    server = made["openbao-tls-server"].inputs["spec"]
    assert server["issuerRef"] == {"name": "openbao-tls", "kind": "Issuer", "group": "cert-manager.io"}
    assert set(EVERY_NAME[:1]) | {"localhost", "openbao-active.openbao.svc.cluster.local"} <= set(server["dnsNames"])
    assert server["ipAddresses"] == ["127.0.0.1", "::1"]
    assert server["privateKey"] == {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}
    assert server["usages"] == ["digital signature", "server auth", "client auth"]


def test_pods_start_after_the_certificate_is_ready() -> None:
    """Pods that start before wait in ContainerCreating, and `up` blames the pods."""
    recorder = cluster(tls=CERT_MANAGER)
    awaited = " ".join(recorder.named(":StatefulSet", "openbao").options["dependsOn"])
    assert "cert-manager.io/v1:Certificate::openbao-tls-server" in awaited
    assert "Certificate::openbao-tls-ca" in " ".join(recorder.named(":Issuer", "openbao-tls").options["dependsOn"])


@pytest.mark.parametrize(
    ("tls", "secret"),
    [(CERT_MANAGER, "openbao-tls-server"), ({"mode": "External", "secret_name": "own"}, "own")],
)
def test_jobs_mount_the_ca_and_never_the_servers_key(tls: dict[str, Any], secret: str) -> None:
    """A Job that holds the server's key can pose as the server."""
    for bootstrap in ("selfInit", "operatorInit"):
        recorder = cluster(tls=tls, bootstrap=bootstrap)
        for job in recorder.of_kind("Job"):
            sources = [v for v in job.inputs["spec"]["template"]["spec"]["volumes"] if v["name"] == "tls"]
            assert [source["secret"]["secretName"] for source in sources] == [secret]
            assert sources[0]["secret"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]


def test_our_own_ca_reaches_jobs_by_a_config_map() -> None:
    """The default mode must not change under those who run it."""
    assert job_trust(cluster())[0]["configMap"]["name"] == "openbao-tls-ca"


@pytest.mark.parametrize("policy", ["Retain", "DeleteAll"])
def test_secrets_that_cert_manager_leaves_are_said_to_stay(policy: str) -> None:
    """`pulumi destroy` promises to say what is left, and one of these is the key of a CA."""
    kept: list[str] = []

    def program() -> None:
        wanted: Any = {"tls": CERT_MANAGER, "deletion_policy": policy, "namespace": {"create": False}}
        DevelopmentVaultCluster("openbao", wanted).retained.apply(kept.extend)

    run(program, recorder=Answering())
    assert {"Secret/openbao-tls-server", "Secret/openbao-tls-ca"} <= set(kept)


# External: cert-manager


def external(**fields: Any) -> dict[str, Any]:
    return {"mode": "External", **fields}


def test_an_existing_issuer_signs_every_name() -> None:
    """A missing name is the most frequent reason for a join that fails."""
    issuer = {"name": "corporate", "kind": "ClusterIssuer"}
    recorder = cluster(tls=external(issuer_ref=issuer, extra_sans=["bao.corp.internal", "10.0.0.10"]))
    assert tls_resources(recorder) == {("kubernetes:cert-manager.io/v1:Certificate", "openbao-tls-server")}
    spec = recorder.named(":Certificate", "openbao-tls-server").inputs["spec"]
    assert spec["issuerRef"] == {**issuer, "group": "cert-manager.io"}
    assert {EVERY_NAME[0], "openbao-public.openbao.svc.cluster.local", "bao.corp.internal"} <= set(spec["dnsNames"])
    assert spec["ipAddresses"] == ["127.0.0.1", "::1", "10.0.0.10"]
    assert (spec["duration"], spec["renewBefore"]) == ("2160h", "720h")
    assert spec["secretTemplate"]["labels"]["openbao.org/cluster"] == "openbao"
    assert [v["secret"]["secretName"] for v in pod_spec(recorder)["volumes"] if v["name"] == "tls"] == [
        "openbao-tls-server"
    ]


@pytest.mark.parametrize(
    "tls",
    [
        external(issuer_ref={"name": "letsencrypt", "kind": "ClusterIssuer"}, server_name="bao.acme-corp.com"),
        external(
            issuer={
                "acme": {
                    "server": "https://acme-v02.api.letsencrypt.org/directory",
                    "route53": {"region": "eu-central-1"},
                }
            },
            server_name="bao.acme-corp.com",
        ),
    ],
)
def test_a_public_ca_is_asked_for_public_names_and_trusted_by_the_systems_roots(tls: dict[str, Any]) -> None:
    """One internal name and a public CA refuses the order; a ca.crt that nobody writes keeps every pod from joining."""
    recorder = cluster(tls=tls)
    spec = recorder.named(":Certificate", "openbao-tls-server").inputs["spec"]
    assert spec["dnsNames"] == ["bao.acme-corp.com"]
    assert "ipAddresses" not in spec
    assert spec["usages"] == ["digital signature", "server auth"]
    configuration = json.loads(recorder.named(":ConfigMap", "openbao-config").inputs["data"]["server.json"])
    joins = configuration["storage"]["raft"]["retry_join"]
    assert {join["leader_tls_servername"] for join in joins} == {"bao.acme-corp.com"}
    assert not any("leader_ca_cert_file" in join for join in joins)
    assert job_trust(recorder) == []
    assert environment(recorder)["BAO_TLS_SERVER_NAME"] == "bao.acme-corp.com"
    assert "BAO_CACERT" not in environment(recorder)


@pytest.mark.parametrize(("issuer", "kind", "spec"), ISSUERS, ids=[f"{next(iter(i))}-{k}" for i, k, _ in ISSUERS])
def test_an_issuer_is_made_as_its_controller_reads_it(issuer: dict[str, Any], kind: str, spec: dict[str, Any]) -> None:
    """A field that the controller does not know is ignored or refused, and no certificate comes."""
    recorder = cluster(tls=external(issuer=issuer, server_name="bao.acme-corp.com"))
    assert tls_resources(recorder) == {
        (f"kubernetes:{kind}", "openbao-tls"),
        ("kubernetes:cert-manager.io/v1:Certificate", "openbao-tls-server"),
    }
    made = recorder.named(f":{kind.split(':')[1]}", "openbao-tls")
    assert made.inputs["spec"] == spec
    assert made.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == WAITED_FOR
    assert "openbao-tls" in " ".join(recorder.named(":Certificate", "openbao-tls-server").options["dependsOn"])
    reference = recorder.named(":Certificate", "openbao-tls-server").inputs["spec"]["issuerRef"]
    group, _, name = kind.replace(":", "/").partition("/")
    assert reference == {"name": "openbao-tls", "kind": name.rpartition("/")[2], "group": group}


def test_a_renewal_restarts_only_servers_that_cannot_reload() -> None:
    """Restarts at every renewal are needless at 2.7; without them 2.6 would serve an ended certificate."""
    tls = external(issuer_ref={"name": "corporate"})
    for version, restarts in (("2.7.2", False), ("2.6.2", True)):
        template = cluster(tls=tls, version=version).named(":StatefulSet", "openbao").inputs["spec"]["template"]
        assert ("openbao.org/certificate" in template["metadata"]["annotations"]) is restarts


# External: an existing Secret


def own_secret(**changes: Any) -> dict[str, str]:
    authority = Authority()
    certificate, key = authority.issue([EVERY_NAME[0], EVERY_NAME[1]], **changes)
    return {"tls.crt": certificate, "tls.key": key, "ca.crt": authority.pem}


EXISTING: dict[str, Any] = {"tls": external(secret_name="own"), "namespace": {"create": False}}


def test_a_secret_that_fits_is_used_as_it_is_and_its_end_is_an_output() -> None:
    """Nothing of the user's may be changed, and an expiry that nobody sees comes as an outage."""
    ends: list[str] = []
    content = own_secret()
    recorder = Answering(secrets={"own": content})

    def program() -> None:
        wanted: Any = {"replicas": 3, **EXISTING}
        made = DevelopmentVaultCluster("openbao", wanted)
        pulumi.Output.all(made.certificate_expires, made.ca_certificate).apply(ends.extend)

    run(program, recorder=recorder)
    assert recorder.reads == ["openbao/own"]
    assert ends == [(NOW + 90 * DAY).isoformat(), content["ca.crt"]]
    assert [v["secret"]["secretName"] for v in pod_spec(recorder)["volumes"] if v["name"] == "tls"] == ["own"]
    assert not [item for item in recorder.registrations if item.type.startswith("tls:")]
    assert recorder.named(":StatefulSet", "openbao").inputs["spec"]["replicas"] == 3, "the spec must not be secret"
    assert content["tls.key"] not in str([item.inputs for item in recorder.registrations])


@pytest.mark.parametrize("preview", [True, False])
def test_a_secret_that_does_not_fit_is_refused_before_pods_exist(preview: bool) -> None:
    """Seen at preview it is one sentence; seen later it is three pods that never join."""
    content = own_secret(ends=NOW - DAY / 2)
    recorder = Answering(preview=preview, secrets={"own": content})
    with pytest.raises(RefusedSpecificationError, match=r"tls\.secretName: The certificate ended on"):
        cluster(recorder, preview, **EXISTING)
    assert not recorder.of_kind("StatefulSet")


def test_a_missing_key_of_the_secret_is_named() -> None:
    """A Secret made by hand is where keys are forgotten."""
    with pytest.raises(RefusedSpecificationError, match=r"The Secret has no ca\.crt"):
        cluster(Answering(secrets={"own": {**own_secret(), "ca.crt": ""}}), **EXISTING)


def test_a_certificate_within_its_renewal_window_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The last chance to renew in peace."""
    cluster(Answering(secrets={"own": own_secret(ends=NOW + 29 * DAY)}), **EXISTING)
    assert "is within its renewal window" in caplog.text
    caplog.clear()
    cluster(Answering(secrets={"own": own_secret(ends=NOW + 31 * DAY)}), **EXISTING)
    assert "renewal window" not in caplog.text
    tls, (due, end) = external(issuer_ref={"name": "corporate"}), (_written(NOW - DAY), _written(NOW + 3 * DAY))
    cluster(Answering(not_after=end, renewal=due), tls=tls)
    assert f"ends at {end}" in caplog.text
    assert "Unless `pulumi refresh` finds a new one, cert-manager failed to renew it" in caplog.text


def test_a_certificate_that_lives_shorter_than_its_renewal_window_is_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A private ACME CA gives a day where 90 were asked for; a warning at every preview would teach to read none."""
    lives = Answering(not_after=_written(NOW + DAY), renewal=_written(NOW + DAY / 2))
    cluster(lives, tls=external(issuer_ref={"name": "corporate"}))
    assert "renewal window" not in caplog.text


def _written(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def test_a_secret_in_a_namespace_of_our_own_cannot_be_looked_at_beforehand() -> None:
    """A preview that fails for what only `up` can make possible would lock everybody out."""
    recorder = cluster(tls=external(secret_name="own"))
    assert isinstance(recorder, Answering)
    assert recorder.reads == []


@pytest.mark.parametrize("mark", [pulumi.Output.from_input, pulumi.Output.secret])
def test_a_secret_of_the_same_program_is_looked_at_once_it_exists(mark: Callable[[str], Any]) -> None:
    """The name comes as an Output then, marked secret or not, and the check must wait for it instead of missing it."""
    recorder = Answering(secrets={"own": own_secret(ends=NOW - DAY / 2)})

    def program() -> None:
        wanted: Any = {"tls": external(secret_name=mark("own"))}
        DevelopmentVaultCluster("openbao", wanted)

    with pytest.raises(RefusedSpecificationError, match="ended on"):
        run(program, recorder=recorder)


# ACME in the listener

ACME = {"mode": "ACME", "directory_url": "https://acme.corp.internal/directory", "ca_root_secret_ref": "roots"}


def test_listener_acme_has_a_way_in_for_the_ca_before_any_pod_is_ready() -> None:
    """Readiness needs a certificate, a certificate needs the CA to get in: one closed door and nothing ever starts."""
    recorder = cluster(tls=ACME, network=PEERS)
    assert tls_resources(recorder) == {("kubernetes:core/v1:Service", "openbao-acme")}
    service = recorder.named(":Service", "openbao-acme").inputs
    assert service["spec"]["ports"] == [{"name": "acme", "port": 443, "targetPort": "api", "protocol": "TCP"}]
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert service["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true", "no pod can be there yet"
    spec = pod_spec(recorder)
    assert spec["securityContext"]["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "443"}]
    assert "exec" in spec["containers"][0]["readinessProbe"], "kubelet's own probe sends no server name"
    allowed = recorder.named(":NetworkPolicy", "openbao-network-policy").inputs["spec"]["ingress"][1]
    assert {port["port"] for port in allowed["ports"]} == {8200, 443}


def test_listener_acme_mounts_roots_and_no_certificates() -> None:
    """Without the roots neither the directory nor a peer is believed."""
    recorder = cluster(tls=ACME)
    spec = pod_spec(recorder)
    mounts = {mount["name"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    assert mounts["acme-ca"] == {"name": "acme-ca", "mountPath": "/etc/bao/acme-ca", "readOnly": True}
    assert "tls" not in mounts
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes["acme-ca"]["secret"]["secretName"] == "roots"
    assert job_trust(recorder)[0]["secret"]["items"] == [{"key": "issuer.crt", "path": "ca.crt"}]
    assert environment(recorder)["BAO_ADDR"] == f"https://{PODS[0]}:8200", "the Service's name is in no certificate"
    assert "BAO_TLS_SERVER_NAME" not in environment(recorder)


@pytest.mark.parametrize(
    ("domains", "name"),
    [
        (None, "$POD_NAME.openbao.openbao.svc.cluster.local"),
        (PODS, "$POD_NAME.openbao.openbao.svc.cluster.local"),
        ([*PODS, "bao.corp.internal"], "$POD_NAME.openbao.openbao.svc.cluster.local"),
        (["bao.corp.internal"], "bao.corp.internal"),
        ([PODS[0], "bao.corp.internal"], "bao.corp.internal"),
    ],
)
def test_a_pod_asks_itself_by_a_name_that_the_ca_finds_it_by(domains: list[str] | None, name: str) -> None:
    """By another pod's name it orders a certificate that the CA looks for over there: neither ever gets it."""
    wanted = {**ACME, "domains": domains, "shared_cache": {}} if domains else ACME
    container = pod_spec(cluster(tls=wanted))["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert f"BAO_TLS_SERVER_NAME={name} " in container[probe]["exec"]["command"][2]


REFUSED = "dial tcp 127.0.0.1:8200: connect: connection refused"
HANGING = "Error checking seal status: context deadline exceeded"


@pytest.mark.parametrize(
    ("code", "says", "alive", "ready"),
    [
        (0, "Sealed false", True, True),
        (2, "Sealed true", True, False),
        (1, HANGING, True, False),
        (1, REFUSED, False, False),
    ],
)
def test_a_server_that_waits_for_its_certificate_is_alive_and_not_ready(
    code: int, says: str, alive: bool, ready: bool, tmp_path: Path
) -> None:
    """Killed for a CA that is away, it would leave raft as well, again and again; sent clients, it would hang them."""
    bao = tmp_path / "bao"
    bao.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {code}\n")
    bao.chmod(0o755)
    container = pod_spec(cluster(tls=ACME))["containers"][0]
    for probe, expected in (("startupProbe", alive), ("livenessProbe", alive), ("readinessProbe", ready)):
        path = {"PATH": f"{tmp_path}:/usr/bin:/bin", "POD_NAME": "openbao-0"}
        done = subprocess.run(
            container[probe]["exec"]["command"], env=path, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) is expected, probe
        assert bool(done.stdout) is not expected, "what it prints becomes the event of a failure"


def test_who_waits_in_vain_is_told_how_to_see_what_the_ca_answered() -> None:
    """Pulumi says "not ready" and the previous log, where other failures stand, does not exist."""
    told = advice(parse({"profile": "Development", "tls": ACME}))
    assert "https://acme.corp.internal/directory" in told
    assert "kubectl --namespace openbao logs openbao-0 | grep 'could not get certificate'" in told
    assert "could not get certificate" not in advice(parse({"profile": "Development"}))


@pytest.mark.parametrize(
    ("cache", "claim"),
    [({"storage_class_name": "nfs", "size": "2Gi"}, "openbao-acme-cache"), ({"claim_name": "shared"}, "shared")],
)
def test_a_shared_name_has_a_cache_that_every_pod_writes(cache: dict[str, Any], claim: str) -> None:
    """The CA dials one pod of three; the others can only serve what they find in the cache."""
    recorder = cluster(tls={**ACME, "domains": ["bao.corp.internal"], "shared_cache": cache})
    mount = next(m for m in pod_spec(recorder)["containers"][0]["volumeMounts"] if m["name"] == "acme-cache")
    assert (mount["mountPath"], mount["readOnly"]) == ("/bao/acme-cache", False)
    volume = next(v for v in pod_spec(recorder)["volumes"] if v["name"] == "acme-cache")
    assert volume["persistentVolumeClaim"] == {"claimName": claim}
    made = recorder.of_kind("PersistentVolumeClaim")
    assert [item.name for item in made] == (["openbao-acme-cache"] if "claim_name" not in cache else [])
    for item in made:
        assert item.inputs["spec"]["accessModes"] == ["ReadWriteMany"]
        assert item.inputs["spec"]["storageClassName"] == "nfs"
    assert environment(recorder)["BAO_TLS_SERVER_NAME"] == "bao.corp.internal"
    assert "openbao-active" in environment(recorder)["BAO_ADDR"]


def test_pods_that_list_their_own_names_are_joined_by_them() -> None:
    """Verified by the first pod's name, every other pod would be refused."""
    recorder = cluster(tls={**ACME, "domains": PODS})
    configuration = json.loads(recorder.named(":ConfigMap", "openbao-config").inputs["data"]["server.json"])
    joins = configuration["storage"]["raft"]["retry_join"]
    assert [join["leader_tls_servername"] for join in joins] == PODS


def test_an_acme_accounts_key_reaches_the_server_and_nobody_else() -> None:
    """Who has it gets certificates in our name."""
    tls = {**ACME, "eab_key_id": "account", "eab_secret_ref": "eab"}
    recorder = Answering(secrets={"eab": {"macKey": "canary-mac\n"}})
    cluster(recorder, tls=tls, namespace={"create": False})
    secret = recorder.named(":Secret", "openbao-config-secret")
    assert "canary-mac" in str(secret.inputs["stringData"])
    others = [item for item in recorder.registrations if item is not secret]
    assert "canary-mac" not in str([item.inputs for item in others])
    sources = next(v for v in pod_spec(recorder)["volumes"] if v["name"] == "config")["projected"]["sources"]
    assert {"secret": {"name": secret.inputs["metadata"]["name"]}} in sources
    with pytest.raises(RefusedSpecificationError, match=r"tls\.eabSecretRef"):
        cluster(Answering(secrets={"eab": {"key": "x"}}), tls=tls, namespace={"create": False})


# Edges


def test_a_gateway_passes_tls_through_to_the_pods() -> None:
    """The server's own certificate must carry the host, since nobody ends TLS before it."""
    gateway = {"hostname": "bao.acme-corp.com", "gateway_ref_name": "edge", "gateway_ref_namespace": "infra"}
    recorder = cluster(gateway={**gateway, "tls_passthrough": True, "section_name": "tls"}, tls=CERT_MANAGER)
    route = recorder.named(":TLSRoute", "openbao-tlsroute")
    assert route.type == "kubernetes:gateway.networking.k8s.io/v1:TLSRoute"
    assert route.inputs["spec"] == {
        "parentRefs": [{"name": "edge", "namespace": "infra", "sectionName": "tls"}],
        "hostnames": ["bao.acme-corp.com"],
        "rules": [{"backendRefs": [{"name": "openbao-public", "port": 8200}]}],
    }
    names = recorder.named(":Certificate", "openbao-tls-server").inputs["spec"]["dnsNames"]
    assert "bao.acme-corp.com" in names


def test_with_acme_edges_lead_to_the_challenge_service() -> None:
    """The Service for clients has no pod before the first certificate, and the CA comes through the edge."""
    recorder = cluster(
        tls={**ACME, "domains": ["bao.corp.internal"], "shared_cache": {}},
        gateway={"hostname": "bao.corp.internal", "gateway_ref_name": "edge", "tls_passthrough": True},
        ingress={"host": "bao.corp.internal", "class_name": "nginx"},
        network=PEERS,
    )
    route = recorder.named(":TLSRoute", "openbao-tlsroute").inputs["spec"]
    assert route["rules"] == [{"backendRefs": [{"name": "openbao-acme", "port": 443}]}]
    path = recorder.named(":Ingress", "openbao-ingress").inputs["spec"]["rules"][0]["http"]["paths"][0]
    assert path["backend"]["service"] == {"name": "openbao-acme", "port": {"number": 443}}


@pytest.mark.parametrize(
    ("release", "route", "policy"),
    [("1.1", "v1alpha2", "v1alpha3"), ("1.3", "v1alpha2", "v1alpha3"), ("1.4", "v1alpha2", "v1"), ("1.10", "v1", "v1")],
)
def test_objects_are_of_the_version_that_the_gateway_apis_release_serves(release: str, route: str, policy: str) -> None:
    """An unknown version is refused by the API server; an alias keeps a new release from replacing the object."""
    gateway = {"hostname": "bao.acme-corp.com", "gateway_ref_name": "edge", "api_release": release}
    ending, passing = cluster(gateway=gateway), cluster(gateway={**gateway, "tls_passthrough": True})
    kinds = {"TLSRoute": (passing, route, "openbao-tlsroute")}
    kinds |= {"BackendTLSPolicy": (ending, policy, "openbao-backend-tls-policy")}
    for kind, (recorder, version, name) in kinds.items():
        found = recorder.named(f":{kind}", name)
        assert found.type == f"kubernetes:gateway.networking.k8s.io/{version}:{kind}"
        aliases = "".join(found.options["aliases"])
        others = {"v1", "v1alpha2" if kind == "TLSRoute" else "v1alpha3"} - {version}
        assert [f"gateway.networking.k8s.io/{other}:{kind}" in aliases for other in others] == [True]
    assert ending.named(":HTTPRoute", "openbao-httproute").type == "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"


@pytest.mark.parametrize("release", ["1.0", "2.0", "1.5.1", "v1.5", "1.100"])
def test_a_release_that_is_none_or_too_old_is_refused(release: str) -> None:
    """Before 1.1 a BackendTLSPolicy had another shape, and a patch release changes no version."""
    with pytest.raises(RefusedSpecificationError, match=r"gateway\.apiRelease"):
        cluster(gateway={"hostname": "bao.acme-corp.com", "gateway_ref_name": "edge", "api_release": release})


GATEWAY = {"hostname": "bao.acme-corp.com", "gateway_ref_name": "edge"}
INGRESS = {"host": "bao.acme-corp.com"}
EDGES: dict[str, dict[str, Any]] = {
    "tls-route": {"gateway": {**GATEWAY, "tls_passthrough": True}},
    "http-route": {"gateway": GATEWAY},
    "ingress": {"ingress": INGRESS},
    "ingress-that-ends-tls": {"ingress": {**INGRESS, "tls_secret_name": "edge"}},
}


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("tls", [{"mode": "OperatorManaged"}, CERT_MANAGER, external(issuer_ref={"name": "corporate"})])
def test_what_an_edge_refers_to_is_there(tls: dict[str, Any], edge: str) -> None:
    """A route to a Service, a port, a CA or a name that is not there answers 500 or 503, and says why to nobody."""
    arguments: dict[str, Any] = {"tls": tls, "network": PEERS, **EDGES[edge]}
    recorder = cluster(**arguments)
    services = {item.inputs["metadata"]["name"]: item.inputs["spec"] for item in recorder.of_kind("Service")}
    name, port = _backend(recorder)
    assert port in [one["port"] for one in services[name]["ports"]]
    asked = {"bao.acme-corp.com"} if edge in {"tls-route", "ingress"} else set()
    for policy in recorder.of_kind("BackendTLSPolicy"):
        spec = policy.inputs["spec"]
        assert [target["name"] for target in spec["targetRefs"]] == [name]
        asked.add(spec["validation"]["hostname"])
        _assert_ca(recorder, spec["validation"]["caCertificateRefs"][0])
    assert asked <= set(_certified(recorder))


def _backend(recorder: Recorder) -> tuple[str, int]:
    """Service and port behind the one edge."""
    if found := recorder.of_kind("Ingress"):
        service = found[0].inputs["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        return service["name"], service["port"]["number"]
    (route,) = [*recorder.of_kind("TLSRoute"), *recorder.of_kind("HTTPRoute")]
    backend = route.inputs["spec"]["rules"][0]["backendRefs"][0]
    return backend["name"], backend["port"]


def _assert_ca(recorder: Recorder, reference: dict[str, str]) -> None:
    if reference["kind"] == "ConfigMap":
        assert "ca.crt" in recorder.named(":ConfigMap", reference["name"]).inputs["data"]
    else:
        assert recorder.named(":Certificate", "openbao-tls-server").inputs["spec"]["secretName"] == reference["name"]


def _certified(recorder: Recorder) -> list[str]:
    """Names in the server's certificate."""
    if requests := recorder.of_kind("CertRequest"):
        return list(requests[0].inputs["dnsNames"])
    return list(recorder.named(":Certificate", "openbao-tls-server").inputs["spec"]["dnsNames"])


def test_a_gateway_reads_the_ca_where_its_owner_put_it_and_asks_in_lower_case() -> None:
    """The standard knows ConfigMaps only, and no upper case in a name that TLS does not care about."""
    gateway = {"hostname": "bao.acme-corp.com", "gateway_ref_name": "edge"}
    tls = external(issuer={"ca": {"secret_name": "ca"}}, server_name="Bao.Corp.Internal")
    recorder = cluster(gateway={**gateway, "backend_tls": {"ca_config_map": "corporate"}}, tls=tls)
    assert recorder.named(":BackendTLSPolicy", "openbao-backend-tls-policy").inputs["spec"]["validation"] == {
        "hostname": "bao.corp.internal",
        "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "corporate"}],
    }


@pytest.mark.parametrize(
    ("tls", "reference"),
    [
        (
            {"mode": "OperatorManaged"},
            {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "openbao-tls-ca"}]},
        ),
        (
            external(issuer_ref={"name": "corporate"}),
            {"caCertificateRefs": [{"group": "", "kind": "Secret", "name": "openbao-tls-server"}]},
        ),
        (
            external(issuer_ref={"name": "letsencrypt"}, server_name="bao.acme-corp.com"),
            {"wellKnownCACertificates": "System"},
        ),
    ],
)
def test_a_gateway_that_ends_tls_speaks_tls_to_the_pods(tls: dict[str, Any], reference: dict[str, Any]) -> None:
    """Tokens in clear text between gateway and pods, or a gateway that trusts nobody and serves 502."""
    gateway = {"hostname": "bao.acme-corp.com", "gateway_ref_name": "edge"}
    recorder = cluster(gateway=gateway, tls=tls)
    route = recorder.named(":HTTPRoute", "openbao-httproute").inputs["spec"]
    assert route["rules"] == [{"backendRefs": [{"name": "openbao-public", "port": 8200}]}]
    policy = recorder.named(":BackendTLSPolicy", "openbao-backend-tls-policy").inputs["spec"]
    name = "bao.acme-corp.com" if "server_name" in tls else "openbao-public.openbao.svc.cluster.local"
    assert policy == {
        "targetRefs": [{"group": "", "kind": "Service", "name": "openbao-public"}],
        "validation": {"hostname": name, **reference},
    }


def test_an_ingress_passes_tls_through_unless_it_has_a_certificate() -> None:
    """An ingress that ends TLS with its controller's default certificate breaks every client quietly."""
    ingress = {"host": "bao.acme-corp.com", "class_name": "nginx", "annotations": {"team": "platform"}}
    through = cluster(ingress=ingress, network=PEERS).named(":Ingress", "openbao-ingress").inputs
    assert through["metadata"]["annotations"]["nginx.ingress.kubernetes.io/ssl-passthrough"] == "true"
    assert through["metadata"]["annotations"]["team"] == "platform"
    assert through["spec"]["tls"] == [{"hosts": ["bao.acme-corp.com"]}]
    ending = cluster(ingress={**ingress, "tls_secret_name": "edge"}, network=PEERS)
    inputs = ending.named(":Ingress", "openbao-ingress").inputs
    assert "nginx.ingress.kubernetes.io/ssl-passthrough" not in inputs["metadata"]["annotations"]
    assert inputs["metadata"]["annotations"]["nginx.ingress.kubernetes.io/backend-protocol"] == "HTTPS"
    assert inputs["spec"]["tls"] == [{"hosts": ["bao.acme-corp.com"], "secretName": "edge"}]


EVERY_MODE: list[dict[str, Any]] = [
    {"tls": CERT_MANAGER},
    {"tls": external(issuer_ref={"name": "corporate"})},
    {"tls": external(issuer={"ca": {"secret_name": "ca"}})},
    EXISTING,
    {"tls": {**ACME, "domains": ["bao.corp.internal"], "shared_cache": {}}},
    {"gateway": {"hostname": "bao.acme-corp.com", "gateway_ref_name": "edge"}},
]


@pytest.mark.parametrize("arguments", EVERY_MODE, ids=lambda arguments: json.dumps(arguments)[:60])
def test_a_preview_shows_what_the_update_makes(arguments: dict[str, Any]) -> None:
    """A resource that appears only in one of the two makes previews lie."""
    found = []
    for preview in (True, False):
        recorder = cluster(Answering(preview=preview, secrets={"own": own_secret()}), preview, **arguments)
        found.append({(item.type, item.name) for item in recorder.registrations})
    assert found[0] == found[1]
