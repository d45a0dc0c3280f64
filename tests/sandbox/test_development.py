"""DevelopmentVaultCluster through the real engine, on real pods.

Not proven here: the official Kubernetes, random and tls providers (stand-ins serve), and NetworkPolicy enforcement.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sandbox import crds
from sandbox.cluster import Cluster
from tests.sandbox.client import Client, until
from tests.sandbox.stack import PROJECT, Stack

pytestmark = pytest.mark.sandbox

SMALL = {"profile": "Development", "storage": {"size": "1Gi"}}


@pytest.fixture(scope="module")
def stack(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One replica, proven; later tests build on earlier ones, as a stack's life does."""
    stack = Stack(cluster, tmp_path_factory.mktemp("dev"), "dev-life", SMALL)
    stack.up()
    yield stack
    stack.destroy()


def _client(stack: Stack) -> Client:
    client = Client(stack.cluster, stack.name, stack.outputs()["ca_certificate"])
    client.log_in()
    return client


def test_up_ends_with_a_cluster_that_was_logged_in_to(stack: Stack) -> None:
    """Without the proof, `up` would call a locked-out cluster a success."""
    log = stack.cluster.kubectl("--namespace", stack.name, "logs", f"job/{stack.name}-proof")
    assert "proof: complete" in log
    assert "proof: root tokens: none alive" in log
    assert _client(stack).peers() == {f"{stack.name}-0": True}


def test_the_printed_instructions_log_in_from_the_host(stack: Stack) -> None:
    """If this fails, a newcomer is stuck right after `make up`."""
    instructions = stack.outputs()["instructions"]
    outcome = stack.shell("trap 'kill %1' EXIT\n" + _patient(instructions))
    assert outcome.code == 0, outcome.text
    assert "Success! You are now authenticated" in outcome.text
    assert re.search(r"Sealed +false", outcome.text)
    assert "SECURITY RISK" in instructions


def _patient(instructions: str) -> str:
    """The same commands, with the moment that a person takes between starting a port-forward and using it."""
    return instructions.replace("8200 &\n", "8200 & sleep 2\n")


def test_a_second_up_and_a_refresh_find_nothing_to_do(stack: Stack) -> None:
    """Drift without a cause makes people stop reading previews."""
    assert set(stack.up().changes) == {"unchanged"}
    assert set(stack.refresh().changes) == {"unchanged"}
    assert set(stack.up().changes) == {"unchanged"}


def test_every_preview_and_up_warns_of_the_security_risk(stack: Stack) -> None:
    """The Development profile must never be mistaken for production."""
    for outcome in (stack.preview(), stack.up()):
        assert "SECURITY RISK" in outcome.text
    assert stack.outputs()["security_risk"] == "DevelopmentProfile"
    listing = "all,secrets,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,pvc"
    selector = f"openbao.org/cluster={stack.name},!openbao.org/security-risk"
    left = stack.cluster.kubectl("--namespace", stack.name, "get", listing, "--selector", selector, "--output=name")
    assert not left.strip(), "an object of the cluster carries no security-risk label"


def test_three_replicas_become_three_voters_of_the_same_cluster(stack: Stack) -> None:
    """Growing must keep the data and the identity of the cluster."""
    client = _client(stack)
    before = client.cluster_id(f"{stack.name}-0")
    stack.write({**SMALL, "replicas": 3})
    stack.up()
    client.log_in()
    assert client.peers() == {f"{stack.name}-{ordinal}": True for ordinal in range(3)}
    assert {client.cluster_id(f"{stack.name}-{ordinal}") for ordinal in range(3)} == {before}


def test_a_wiped_first_pod_rejoins_instead_of_forming_a_second_cluster(stack: Stack) -> None:
    """With the self-init stanza still in reach, pod 0 would found an empty, unsealed twin behind the same Service."""
    client = _client(stack)
    first, before = f"{stack.name}-0", client.cluster_id(f"{stack.name}-1")
    old = client.pods()[first]["metadata"]["uid"]
    client.kubectl("delete", "pvc", f"data-{first}", "--wait=false")
    client.kubectl("delete", "pod", first, "--wait=false")
    until(lambda: client.pods()[first]["metadata"]["uid"] != old, "a new pod")
    until(lambda: client.call("GET", "sys/health?standbyok=true", pool=client.pod_pool(first))[0] == 200, "joined")
    assert client.cluster_id(first) == before
    until(lambda: client.peers() == {f"{stack.name}-{ordinal}": True for ordinal in range(3)}, "three voters")


def test_data_wiped_under_a_running_pod_is_not_initialised_again(stack: Stack) -> None:
    """A container restart is a start, too: the latch must hold without a new pod."""
    client = _client(stack)
    first, before = f"{stack.name}-0", client.cluster_id(f"{stack.name}-1")
    client.kubectl("exec", first, "--", "sh", "-c", "rm -rf /bao/data/* && kill 1")
    until(lambda: client.call("GET", "sys/health?standbyok=true", pool=client.pod_pool(first))[0] == 200, "joined")
    until(lambda: client.cluster_id(first) == before, "the same cluster")
    until(lambda: client.peers() == {f"{stack.name}-{ordinal}": True for ordinal in range(3)}, "three voters")


GATEWAY = {"hostname": "bao.acme-corp.com", "gatewayRefName": "edge", "tlsPassthrough": True}
TELEMETRY = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}


def _exposed(release: str) -> dict[str, object]:
    """Monitored and behind a gateway, as a Gateway API of this release takes it."""
    return {**SMALL, "replicas": 3, "telemetry": TELEMETRY, "gateway": {**GATEWAY, "apiRelease": release}}


def test_a_monitored_cluster_is_scraped_pod_by_pod(stack: Stack) -> None:
    """What the live objects say must lead to every pod: Service, port, path, CA and server name together."""
    places = stack.cluster.places
    routes = crds.gateway_api(places, "1.5", "experimental", ["tlsroutes"])  # serves the old version and the new one
    stack.cluster.install_crds([*crds.prometheus_operator(places), *routes])
    stack.write(_exposed("1.4"))
    stack.up()
    client = _client(stack)
    spec = client.get("servicemonitor", f"{stack.name}-metrics")["spec"]
    (endpoint,) = spec["endpoints"]
    source = endpoint["tlsConfig"]["ca"]["configMap"]
    trusting = Client(stack.cluster, stack.name, client.get("configmap", source["name"])["data"][source["key"]])
    labels = ",".join(f"{key}={value}" for key, value in spec["selector"]["matchLabels"].items())
    listing = json.loads(client.kubectl("get", "endpointslices", f"--selector={labels}", "--output=json"))["items"]
    scraped = {}
    for piece in listing:
        for port in (one["port"] for one in piece["ports"] if one["name"] == endpoint["port"]):
            for pod in piece["endpoints"]:
                pool = trusting.pool(pod["addresses"][0], endpoint["tlsConfig"]["serverName"], port=port)
                answer = pool.request("GET", f"{endpoint['path']}?format={endpoint['params']['format'][0]}")
                scraped[pod["targetRef"]["name"]] = answer.data.decode()
    assert scraped.keys() == client.pods().keys()
    assert all(re.search(r"^vault_core_unsealed\{.*\} 1$", text, re.MULTILINE) for text in scraped.values())
    rules = client.get("prometheusrule", f"{stack.name}-alerts")["spec"]["groups"][0]["rules"]
    (ends,) = (rule["expr"] for rule in rules if rule["alert"] == "OpenBaoCertificateEnds")
    expires = datetime.fromisoformat(stack.outputs()["certificate_expires"])
    assert ends == f"vector(time()) > {(expires - timedelta(hours=720)).timestamp():.0f}"


def test_another_release_of_the_gateway_api_keeps_the_route(stack: Stack) -> None:
    """A new apiVersion that replaces the object deletes what it has just made: both are one object to Kubernetes."""
    client, name = _client(stack), f"{stack.name}-tlsroute"
    assert stack.resources("kubernetes:gateway.networking.k8s.io/v1alpha2:TLSRoute")
    before = client.get("tlsroute", name)["metadata"]["uid"]
    stack.write(_exposed("1.5"))
    assert stack.up().changes.keys() == {"updated", "unchanged"}
    assert client.get("tlsroute", name)["metadata"]["uid"] == before
    assert not stack.resources("kubernetes:gateway.networking.k8s.io/v1alpha2:TLSRoute")
    assert set(stack.up().changes) == {"unchanged"}


def test_no_secret_reaches_state_config_maps_events_or_logs(stack: Stack) -> None:
    """One leaked unseal key or password is the whole product failing."""
    client = _client(stack)
    secrets = client.kubectl("get", "secrets", "--output=json")
    public = {"username", "ca.crt", "tls.crt", "initialize.json", "nothing.json"}
    values = [item.get("data", {}) for item in json.loads(secrets)["items"]]
    canaries = [(name, value) for data in values for name, value in data.items() if name not in public]
    assert {"key", "password", "tls.key"} <= {name for name, _ in canaries}
    pods = client.kubectl("get", "pods", "--output=name").split()
    places = {
        "state": stack.state(),
        "config maps": client.kubectl("get", "configmaps", "--output=yaml"),
        "events": client.kubectl("get", "events", "--output=yaml"),
        "stateful set": client.kubectl("get", "statefulsets,jobs,pods", "--output=yaml"),
        **{pod: client.kubectl("logs", pod, "--all-containers") for pod in pods},
        "preview": stack.preview().text,
        "diff": stack.pulumi("preview", "--diff").text,
    }
    for name, value in canaries:
        raw = base64.b64decode(value)
        shapes = {value, raw.hex(), base64.b64encode(raw).decode()}
        shapes |= {raw.decode().strip().splitlines()[min(1, len(raw.splitlines()) - 1)]} if raw.isascii() else set()
        for place, text in places.items():
            assert not any(shape in text for shape in shapes), f"{name} lies in: {place}"


def test_a_preview_before_the_first_up_shows_all_and_makes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """A careful user previews first, when not even the namespace exists."""
    stack = Stack(cluster, tmp_path, "dev-unborn", SMALL)
    assert "31 to create" in stack.preview().text
    assert not cluster.kubectl("get", "namespace", "dev-unborn", "--ignore-not-found").strip()


def test_a_stack_of_an_earlier_release_keeps_its_objects_and_destroy_leaves_none(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Resources had the cluster's name once: a second unseal key, or volumes that go, would be an upgrade's end.
    And evaluation must not leave volumes behind that somebody pays for."""
    stack = Stack(cluster, tmp_path, "dev-gone", SMALL)
    (stack.folder / "__main__.py").unlink()
    (stack.folder / "__main__.py").write_text(
        (PROJECT / "__main__.py").read_text().replace("(RESOURCE,", "('dev-gone',")
    )
    stack.up()
    (stack.folder / "__main__.py").write_text((PROJECT / "__main__.py").read_text())
    assert set(stack.up().changes) == {"unchanged"}
    assert stack.outputs()["retained"] == []
    stack.destroy()
    assert not cluster.kubectl("get", "namespace", "dev-gone", "--ignore-not-found").strip()
    assert "dev-gone" not in cluster.kubectl("get", "persistentvolumes", "--output=yaml")


def test_an_interrupted_up_converges(cluster: Cluster, tmp_path: Path) -> None:
    """Ctrl-C is what people do; the next `up` must finish the work with the same key and certificates."""
    stack = Stack(cluster, tmp_path, "dev-ctrl-c", SMALL)
    try:
        for seconds in (2.5, 5.0, 9.0):
            outcome = stack.interrupted_up(seconds)
            assert "Traceback" not in outcome.text
        stack.up()
        client = _client(stack)
        assert client.peers() == {"dev-ctrl-c-0": True}
    finally:
        stack.destroy()


def test_operator_init_keeps_the_root_token_and_runs_once(cluster: Cluster, tmp_path: Path) -> None:
    """A second init is impossible, so a lost first token would lock everybody out."""
    stack = Stack(cluster, tmp_path, "dev-operator", {**SMALL, "bootstrap": "operatorInit"})
    try:
        stack.up()
        client = Client(cluster, "dev-operator", stack.outputs()["ca_certificate"])
        client.token = client.secret("dev-operator-root-token")["token"]
        assert client.peers() == {"dev-operator-0": True}
        assert client.token not in stack.state()
        assert set(stack.up().changes) == {"unchanged"}
        assert set(stack.refresh().changes) == {"unchanged"}
        client.kubectl("delete", "job", "dev-operator-operator-init")
        stack.refresh()
        stack.up()
        assert client.secret("dev-operator-root-token")["token"] == client.token
    finally:
        stack.destroy()


def test_manual_bootstrap_waits_for_nobody(cluster: Cluster, tmp_path: Path) -> None:
    """`up` must not hang on pods that only a person can make ready."""
    stack = Stack(cluster, tmp_path, "dev-manual", {**SMALL, "bootstrap": "manual"})
    try:
        stack.up()
        assert "bao operator init" in stack.outputs()["instructions"]
    finally:
        stack.destroy()


def test_promotion_in_place_is_refused_before_anything_is_touched(stack: Stack) -> None:
    """A key that ever lay in a Secret stays known; only a new cluster is Hardened."""
    digest = "sha256:" + "0" * 64
    stack.write(
        {
            "profile": "Hardened",
            "image": {"digest": digest},
            "unseal": {
                "type": "transit",
                "address": "https://transit.example.com:8200",
                "keyName": "k",
                "credentialsSecretRef": "transit",
            },
            "tls": {"mode": "External", "secretName": "tls"},
            "selfInit": {
                "policies": [{"name": "admin", "policy": 'path "*" { capabilities = ["create", "read", "update"] }'}],
                "userpass": {"users": [{"username": "admin", "policies": ["admin"]}]},
            },
            "network": {
                "egressRules": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 8200}]}],
                "trustedIngressPeers": [{"namespaceSelector": {"matchLabels": {"team": "platform"}}}],
            },
            "storage": {"size": "1Gi"},
        }
    )
    before = stack.cluster.kubectl("--namespace", stack.name, "get", "all,secrets,configmaps", "--output=name")
    for outcome in (stack.preview(expected=None), stack.up(expected=None)):
        assert outcome.code != 0
        assert "promotion" in outcome.text, outcome.text
        assert "Traceback" not in outcome.text
    after = stack.cluster.kubectl("--namespace", stack.name, "get", "all,secrets,configmaps", "--output=name")
    assert after == before
    stack.write({**SMALL, "replicas": 3})
