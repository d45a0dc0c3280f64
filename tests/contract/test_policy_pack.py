"""The policy pack's judgement of other programs' objects, without Pulumi: `judge` is a pure function."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from policy.openbao_policy.judging import NOT_ASKED, judge, judgeable
from profiles.rules import RULES
from profiles.values import Unknown
from tests.contract.specifications import SHA256, changed

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
LABELS = {"app.kubernetes.io/name": "openbao"}
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"

SERVERS: dict[str, Any] = {
    "metadata": {"name": "vault", "labels": LABELS},
    "spec": {
        "replicas": 3.0,
        "template": {
            "spec": {
                "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [
                    {
                        "name": "bao",
                        "image": f"quay.io/openbao/openbao:2.7.2@sha256:{SHA256}",
                        "command": ["bao", "server", "-config=/etc/bao/config"],
                    }
                ],
            }
        },
    },
}
POD = "spec.template.spec"


def _config(text: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "openbao-config", **metadata}, "data": {"server.hcl": text}}


HCL = """
listener "tcp" { address = "[::]:8200" tls_cert_file = "/a" tls_key_file = "/b" }
storage "raft" { path = "/bao/data" }
seal "transit" { address = "https://bao.example.com" key_name = "k" token = "file:///creds/token" }
audit "file" "stdout" { options { file_path = "stdout" } }
"""
WEAK_HCL = """
raw_storage_endpoint = true
log_level = "trace"
listener "tcp" { address = "[::]:8200" tls_disable = 1 }
seal "awskms" { region = "eu-central-1" secret_key = "canary" }
audit "file" "f" { options { file_path = "discard" } }
"""
WEAK_JSON = json.dumps(
    {
        "listener": [{"type": "tcp", "tls_disable": "true"}],
        "seal": {"static": {"current_key": "env://KEY"}},
        "detect_deadlocks": "statelock",
        "audit": [{"type": "file", "path": "raw", "options": {"file_path": "stdout", "log_raw": "true"}}],
    }
)
WEAK_TRANSIT = """
listener "tcp" {}
seal "transit" { address = "http://localhost" tls_skip_verify = "true" token = "s.canary" }
"""
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
OPEN_POLICY = {"metadata": {"name": "openbao"}, "spec": {"ingress": [{"ports": [{"port": 8200}]}]}}
EVERY_POD = {"metadata": {"name": "openbao"}, "spec": {"ingress": [{"from": [{"namespaceSelector": {}}]}]}}

DEVELOPMENT_SERVER = {"hardened.baseline", "hardened.listener-tls"}
BY_PORT = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

REFUSED: list[tuple[str, dict[str, Any], set[str]]] = [
    (STATEFUL_SET, changed(SERVERS, {f"{POD}.containers[0].command": []}), DEVELOPMENT_SERVER),
    (
        STATEFUL_SET,
        changed(SERVERS, {f"{POD}.containers[0].command": ["sh", "-c", "bao server -dev"]}),
        DEVELOPMENT_SERVER,
    ),
    (
        STATEFUL_SET,
        changed(
            SERVERS,
            {
                f"{POD}.containers[0].env": [
                    {"name": "VAULT_TOKEN", "value": "canary"},
                    {"name": "AWS_SECRET_ACCESS_KEY", "value": "canary"},
                    {"name": "BAO_HSM_PIN", "valueFrom": {"secretKeyRef": {"name": "pin", "key": "pin"}}},
                ]
            },
        ),
        {"hardened.unseal.transit-inline-token", "hardened.unseal.aws-inline-secret-key"},
    ),
    (STATEFUL_SET, changed(SERVERS, {"spec.replicas": 0}), {"hardened.minimum-replicas"}),
    (  # what cannot be read takes nothing else with it
        STATEFUL_SET,
        changed(SERVERS, {f"{POD}.securityContext.runAsUser": 0, f"{POD}.securityContext.sysctls": [{"a": ""}]}),
        {"hardened.security-context.root-identity", "hardened.security-context.sysctls"},
    ),
    (
        STATEFUL_SET,
        changed(SERVERS, {"spec.replicas": 1, "metadata.labels": {**LABELS, "openbao.org/profile": "Weak"}}),
        {"hardened.minimum-replicas"},
    ),
    (
        "kubernetes:core/v1:Pod",
        {
            "metadata": {"labels": LABELS},
            "spec": changed(SERVERS, {f"{POD}.securityContext": {}})["spec"]["template"]["spec"],
        },
        {"hardened.security-context.run-as-non-root", "hardened.security-context.seccomp"},
    ),
    (
        "kubernetes:core/v1:Secret",
        {"metadata": {"labels": LABELS}, "data": {"server.hcl": base64.b64encode(WEAK_TRANSIT.encode()).decode()}},
        {"contract.transit.address", "hardened.baseline", "hardened.unseal.transit-inline-token"},
    ),
    *(
        (
            BY_PORT,
            {"metadata": {"name": "openbao"}, "spec": {"ingress": [{"ports": [port]}]}},
            {"hardened.network.trusted-ingress-peers"},
        )
        for port in ({"port": "api"}, {"port": 8000, "endPort": 9000})
    ),
    (STATEFUL_SET, changed(SERVERS, {"spec.replicas": 1}), {"hardened.minimum-replicas"}),
    (STATEFUL_SET, changed(SERVERS, {"spec.replicas": None}), {"hardened.minimum-replicas"}),
    (
        STATEFUL_SET,
        changed(SERVERS, {f"{POD}.containers[0].image": "openbao/openbao:2.5.3"}),
        {"contract.image.digest", "openbao.version.root-token-revoked", "openbao.version.tested"},
    ),
    (
        STATEFUL_SET,
        changed(SERVERS, {f"{POD}.securityContext": {}}),
        {"hardened.security-context.run-as-non-root", "hardened.security-context.seccomp"},
    ),
    (
        STATEFUL_SET,
        changed(SERVERS, {f"{POD}.containers[0].securityContext": {"runAsUser": 0.0, "runAsNonRoot": False}}),
        {"hardened.security-context.run-as-non-root", "hardened.security-context.root-identity"},
    ),
    (
        STATEFUL_SET,
        changed(SERVERS, {f"{POD}.initContainers": [{"name": "copy", "image": "busybox:latest"}]}),
        {"contract.image.digest"},
    ),
    (
        STATEFUL_SET,
        changed(SERVERS, {f"{POD}.securityContext.sysctls": [{"name": "a", "value": "b"}]}),
        {"hardened.security-context.sysctls"},
    ),
    (
        "kubernetes:batch/v1:Job",
        {
            "metadata": {"labels": LABELS},
            "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "a/b"}]}}},
        },
        {
            "contract.image.digest",
            "hardened.security-context.run-as-non-root",
            "hardened.security-context.seccomp",
        },
    ),
    (
        CONFIG_MAP,
        _config(WEAK_HCL),
        {
            "hardened.listener-tls",
            "hardened.configuration.dangerous-runtime-flags",
            "openbao.log-level",
            "hardened.unseal.aws-inline-secret-key",
            "openbao.audit.device",
        },
    ),
    (
        "kubernetes:core/v1:Secret",
        {"metadata": {"labels": LABELS}, "stringData": {"server.json": WEAK_JSON}},
        {
            "hardened.listener-tls",
            "hardened.configuration.dangerous-runtime-flags",
            "hardened.baseline",
            "openbao.audit.raw",
        },
    ),
    (
        CONFIG_MAP,
        _config(WEAK_TRANSIT),
        {"contract.transit.address", "hardened.baseline", "hardened.unseal.transit-inline-token"},
    ),
    ("kubernetes:networking.k8s.io/v1:NetworkPolicy", OPEN_POLICY, {"hardened.network.trusted-ingress-peers"}),
    ("kubernetes:networking.k8s.io/v1:NetworkPolicy", EVERY_POD, {"hardened.network.trusted-ingress-peers"}),
    (
        "kubernetes:core/v1:Service",
        {"metadata": {"name": "x"}, "spec": {"type": "LoadBalancer", "selector": LABELS}},
        {"contract.service.source-ranges"},
    ),
    (
        "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
        {"metadata": {"labels": LABELS}, "spec": {"endpoints": [{"tlsConfig": {"insecureSkipVerify": True}}]}},
        {"hardened.service-monitor.tls-verification"},
    ),
]
ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    (STATEFUL_SET, SERVERS),
    (CONFIG_MAP, _config(HCL)),
    (CONFIG_MAP, _config("just = a text {")),
    (CONFIG_MAP, _config('{"not": "a server"}')),
    (
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        {
            "metadata": {"name": "openbao"},
            "spec": {
                "ingress": [
                    {"from": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}]},
                    {"ports": [{"port": 9000}]},
                ]
            },
        },
    ),
    ("kubernetes:core/v1:Service", {"metadata": {"labels": LABELS}, "spec": {"type": "ClusterIP"}}),
    (STATEFUL_SET, {"metadata": {"name": "postgres"}, "spec": {"replicas": 1}}),
    ("aws:s3/bucket:Bucket", {"metadata": {"labels": LABELS}}),
]


@pytest.mark.parametrize(("kind", "props", "rules"), REFUSED)
def test_a_weak_object_breaks_the_rules_that_it_shows(kind: str, props: dict[str, Any], rules: set[str]) -> None:
    """A platform team relies on the same verdict for others' objects as for ours."""
    verdicts = judge(kind, props)
    assert {verdict.rule for verdict in verdicts} == rules
    assert not [verdict for verdict in verdicts if "canary" in verdict.message]


@pytest.mark.parametrize(("kind", "props"), ACCEPTED)
def test_a_good_or_a_foreign_object_passes(kind: str, props: dict[str, Any]) -> None:
    """A pack that stops other people's databases is switched off the same day."""
    assert judge(kind, props) == []


def test_a_label_chooses_development_unless_the_team_forbids_it() -> None:
    """Evaluation must stay possible, and must be possible to forbid."""
    labelled = changed(SERVERS, {"spec.replicas": 1})
    labelled["metadata"]["labels"] = {**LABELS, "openbao.org/profile": "Development"}
    assert judge(STATEFUL_SET, labelled) == []
    assert [verdict.rule for verdict in judge(STATEFUL_SET, labelled, "Hardened")] == ["hardened.minimum-replicas"]


@pytest.mark.parametrize(
    "path",
    [
        "spec",
        "spec.replicas",
        POD,
        f"{POD}.containers",
        f"{POD}.containers[0].image",
        f"{POD}.containers[0].command",
        f"{POD}.containers[0].command[2]",
        f"{POD}.securityContext",
        f"{POD}.securityContext.runAsNonRoot",
        f"{POD}.securityContext.seccompProfile",
    ],
)
def test_what_a_preview_cannot_know_is_not_judged(path: str) -> None:
    """A preview that fails for values of the future would stop every first deployment."""
    assert judge(STATEFUL_SET, changed(SERVERS, {path: Unknown(path)})) == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (CONFIG_MAP, "data"),
        (CONFIG_MAP, "data.server.hcl"),
        (BY_PORT, "spec.ingress[0]"),
        (BY_PORT, "spec.ingress[0].from"),
        (BY_PORT, "spec.ingress[0].from[0]"),
        (BY_PORT, "spec.ingress[0].from[0].podSelector"),
        (BY_PORT, "spec.ingress[0].from[0].podSelector.matchLabels"),
        (BY_PORT, "spec.ingress[0].ports[0].port"),
        ("kubernetes:core/v1:Service", "spec.loadBalancerSourceRanges"),
        ("kubernetes:core/v1:Service", "spec.loadBalancerSourceRanges[0]"),
    ],
)
def test_what_a_preview_cannot_know_of_other_objects_is_not_judged(kind: str, path: str) -> None:
    """A pack that crashes or refuses for a block that comes later stops every first deployment, too."""
    policy = {"ports": [{"port": 8200}], "from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}
    objects: dict[str, dict[str, Any]] = {
        CONFIG_MAP: _config(HCL),
        BY_PORT: {"metadata": {"name": "openbao"}, "spec": {"ingress": [policy]}},
        "kubernetes:core/v1:Service": {
            "metadata": {"labels": LABELS},
            "spec": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]},
        },
    }
    assert judge(kind, changed(objects[kind], {path: Unknown(path)})) == []


@pytest.mark.parametrize(
    "snapshot", sorted((ROOT / "tests/graph/snapshots").glob("development-*.json")), ids=lambda p: p.stem
)
def test_our_own_objects_pass(snapshot: Path) -> None:
    """A product that breaks its own policy pack has two contracts."""
    objects = json.loads(snapshot.read_text())
    judged = [verdict for one in objects for verdict in judge(one["type"], one["inputs"])]
    assert judged == []
    strict = {verdict.rule for one in objects for verdict in judge(one["type"], one["inputs"], "Hardened")}
    assert "contract.image.digest" in strict  # it did look


def test_policies_are_the_contracts_rules_under_their_own_ids() -> None:
    """Whoever knows one id knows it everywhere."""
    known = {rule.id for rule in RULES}
    asked = {rule.id for rule in judgeable()}
    assert asked <= known
    assert set(NOT_ASKED) <= known
    assert {rule for _, _, rules in REFUSED for rule in rules} <= asked
    assert len(asked) >= 30
