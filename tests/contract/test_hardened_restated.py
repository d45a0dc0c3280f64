"""The Hardened table once more, naively, from the published contract and not from the code.

Whatever `weak` calls weak must never be accepted, whatever else is in the specification. It reads the raw data and
knows nothing of rules; where both agree by accident of a shared helper, this file is the place that shares none.
"""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.contract import evaluate
from profiles.errors import SpecificationError
from profiles.parsing import parse
from tests.contract.specifications import (
    ABSENT,
    ACME,
    AWS,
    AZURE,
    GENERIC,
    HARDENED,
    OPEN_TO_TEN,
    PKCS11,
    TRANSIT,
    changed,
)

pytestmark = pytest.mark.contract

Data = dict[str, Any]


def weak(spec: Data) -> list[str]:
    """The numbers of the table's lines that a specification breaks."""
    tls, unseal = spec.get("tls") or {}, spec.get("unseal") or {}
    network, security = spec.get("network") or {}, spec.get("securityContext") or {}
    configuration = spec.get("configuration") or {}
    backup: Data = spec.get("backup") or {}
    gateway: Data = spec.get("gateway") or {}
    lines = {
        "1": tls.get("mode") not in ("External", "ACME"),
        "2": unseal.get("type", "static") == "static",
        "3": not spec.get("selfInit") or spec["selfInit"].get("enabled") is False,
        "4": unseal.get("tlsSkipVerify") is True,
        "5": spec.get("replicas", 3) < 3,
        "6": bool(backup) and not network.get("egressRules"),
        "7": bool(backup) and "endpoint" in backup["target"] and _scheme(backup) not in ("https", "s3"),
        "8": (spec.get("imageVerification") or {}).get("enabled") is False,
        "9": (spec.get("operatorImageVerification") or {}).get("enabled") is False,
        "10": (spec.get("imageVerification") or {}).get("failurePolicy") == "Warn",
        "11": (spec.get("operatorImageVerification") or {}).get("failurePolicy") == "Warn",
        "12": security.get("runAsNonRoot") is False,
        "13": 0 in [security.get(key) for key in ("runAsUser", "runAsGroup", "fsGroup")],
        "14": 0 in security.get("supplementalGroups", []),
        "15": security.get("seccompProfile", {}).get("type") == "Unconfined",
        "16": bool(security.get("sysctls")),
        "17": security.get("windowsOptions") is not None,
        "18": configuration.get("listener", {}).get("tlsDisable") is True,
        "19": bool(backup) and backup["target"].get("insecureSkipVerify") is True,
        "20": bool(backup) and not _has_identity(backup["target"]),
        "21": spec.get("telemetry", {}).get("serviceMonitor", {}).get("insecureSkipVerify") is True,
        "22": bool(gateway) and _clear_text_backend(gateway),
        "23": any(configuration.get(flag) for flag in DANGEROUS),
        "24": bool(network.get("ingressRules")),
        "25": any(not _explicit(peer) for peer in network.get("trustedIngressPeers", [])),
        "26": any(_open(rule) for rule in network.get("egressRules", [])),
        "27": "token" in unseal,
        "28": "secretKey" in unseal or "sessionToken" in unseal,
        "29": "clientSecret" in unseal,
        "30": "pin" in unseal,
        "31": bool(unseal.get("config")),
        "digest": "digest" not in spec.get("image", {}),
        "retain": spec.get("deletionPolicy", "Retain") != "Retain",
        "version": tuple(map(int, spec.get("version", "2.7.2").split("."))) < (2, 6, 0),
    }
    return [line for line, broken in lines.items() if broken]


DANGEROUS = ("detectDeadlocks", "rawStorageEndpoint", "introspectionEndpoint", "unsafeAllowAPIAuditCreation")


def _scheme(backup: Data) -> str:
    return str(backup["target"]["endpoint"]).split("://")[0]


def _has_identity(target: Data) -> bool:
    own = "credentialsSecretRef" in target or "workloadIdentity" in target
    return own or ("roleArn" in target and target.get("provider", "s3") == "s3")


def _clear_text_backend(gateway: Data) -> bool:
    passes = gateway.get("tlsPassthrough", False)
    return gateway.get("enabled", True) and gateway.get("backendTls", {}).get("enabled") is False and not passes


def _explicit(peer: Data) -> bool:
    if "ipBlock" in peer:
        network = ipaddress.ip_network(peer["ipBlock"]["cidr"], strict=False)
        forbidden = ["127.0.0.0/8", "169.254.0.0/16"] if network.version == 4 else ["::1/128", "fe80::/10"]
        return network.prefixlen > 0 and not any(network.overlaps(ipaddress.ip_network(one)) for one in forbidden)
    selectors = [peer.get("namespaceSelector", {}), peer.get("podSelector", {})]
    return any(selector.get("matchLabels") for selector in selectors)


def _open(rule: Data) -> bool:
    to, ports = rule.get("to", []), rule.get("ports", [])
    return not to or not ports or any("port" not in port for port in ports) or any(not _explicit(peer) for peer in to)


PEERS = st.sampled_from(
    [
        {"namespaceSelector": {"matchLabels": {"a": "b"}}},
        {"podSelector": {"matchLabels": {"a": "b"}}},
        {"podSelector": {}, "namespaceSelector": {"matchLabels": {"a": "b"}}},
        {"podSelector": {}},
        {"namespaceSelector": {}},
        *(
            {"ipBlock": {"cidr": cidr}}
            for cidr in ("10.0.0.0/8", "0.0.0.0/0", "127.0.0.0/16", "169.0.0.0/8", "fd00::/8")
        ),
    ]
)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "to": st.lists(PEERS, max_size=2),
        "ports": st.lists(st.sampled_from([{"port": 443}, {"port": 8200}, {}]), max_size=2),
    },
)
BACKUPS = st.fixed_dictionaries(
    {"bucket": st.just("b")},
    optional={
        "endpoint": st.sampled_from(["https://s3.example.com", "http://s3.example.com", "s3://b"]),
        "provider": st.sampled_from(["s3", "gcs", "azure"]),
        "credentialsSecretRef": st.just("s3"),
        "workloadIdentity": st.just({"annotations": {"a": "b"}}),
        "roleArn": st.just("arn"),
        "insecureSkipVerify": st.booleans(),
    },
).map(lambda target: {"schedule": "0 3 * * *", "jwtAuthRole": "b", "target": target})
SEALS = st.sampled_from(
    [
        TRANSIT,
        TRANSIT | {"tlsSkipVerify": True},
        TRANSIT | {"token": "canary"},
        AWS,
        AWS | {"secretKey": "canary", "accessKey": "a"},
        AWS | {"sessionToken": "canary"},
        AZURE,
        AZURE | {"clientSecret": "canary"},
        PKCS11,
        PKCS11 | {"pin": "canary"},
        GENERIC,
        GENERIC | {"config": {"a": "canary"}},
        {"type": "static"},
        ABSENT,
    ]
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "tls": st.sampled_from([HARDENED["tls"], ACME, {"mode": "OperatorManaged"}, ABSENT]),
    "unseal": SEALS,
    "selfInit": st.sampled_from([HARDENED["selfInit"], HARDENED["selfInit"] | {"enabled": False}, ABSENT]),
    "replicas": st.integers(1, 7),
    "version": st.sampled_from(["2.5.5", "2.6.0", "2.6.2", "2.7.2"]),
    "backup": BACKUPS,
    "network.egressRules": st.lists(RULES, max_size=2).map(lambda rules: [OPEN_TO_TEN, *rules])
    | st.lists(RULES, max_size=1),
    "network.trustedIngressPeers": st.lists(PEERS, max_size=2),
    "network.ingressRules": st.sampled_from([[], [{"from": []}]]),
    "imageVerification": st.sampled_from([{"enabled": False}, {"failurePolicy": "Warn"}, {"failurePolicy": "Block"}]),
    "operatorImageVerification": st.sampled_from([{"enabled": False}, {"failurePolicy": "Warn"}, {"enabled": True}]),
    "securityContext.runAsNonRoot": st.booleans(),
    "securityContext.runAsUser": st.sampled_from([0, 100]),
    "securityContext.runAsGroup": st.sampled_from([0, 1000]),
    "securityContext.fsGroup": st.sampled_from([0, 1000]),
    "securityContext.supplementalGroups": st.lists(st.integers(0, 2), max_size=2),
    "securityContext.seccompProfile.type": st.sampled_from(["RuntimeDefault", "Unconfined"]),
    "securityContext.sysctls": st.sampled_from([[], [{"name": "a", "value": "b"}]]),
    "securityContext.windowsOptions": st.just({}),
    "configuration.listener.tlsDisable": st.booleans(),
    "configuration.detectDeadlocks": st.sampled_from([[], ["quotas"]]),
    "configuration.rawStorageEndpoint": st.booleans(),
    "configuration.introspectionEndpoint": st.booleans(),
    "configuration.unsafeAllowAPIAuditCreation": st.booleans(),
    "telemetry.serviceMonitor.insecureSkipVerify": st.booleans(),
    "gateway": st.fixed_dictionaries(
        {"hostname": st.just("bao.example.com"), "gatewayRefName": st.just("edge")},
        optional={
            "enabled": st.booleans(),
            "tlsPassthrough": st.booleans(),
            "backendTls": st.sampled_from([{"enabled": False}, {}]),
        },
    ),
    "image.digest": st.sampled_from([HARDENED["image"]["digest"], ABSENT]),
    "deletionPolicy": st.sampled_from(["Retain", "DeletePVCs", "DeleteAll"]),
}
CHANGES = st.lists(st.sampled_from(sorted(FIELDS)), max_size=4, unique=True).flatmap(
    lambda fields: st.fixed_dictionaries({field: FIELDS[field] for field in fields})
)


def _accepted(data: Data) -> bool:
    try:
        return not evaluate(parse(data)).violations
    except SpecificationError:
        return False


@settings(max_examples=1500, deadline=None)
@given(CHANGES)
def test_nothing_that_the_published_table_calls_weak_is_ever_accepted(changes: Data) -> None:
    """A weak cluster would run under the name Hardened."""
    data = changed(HARDENED, changes)
    if weak(data):
        assert not _accepted(data), weak(data)


@settings(max_examples=300, deadline=None)
@given(CHANGES)
def test_what_is_accepted_and_known_is_production_ready(changes: Data) -> None:
    """Accepted but never ready would be a contract that nobody can fulfil."""
    data = changed(HARDENED, changes)
    if _accepted(data):
        report = evaluate(parse(data))
        assert report.production_ready
        assert not report.security_risk


def test_the_restatement_is_not_blind() -> None:
    """A `weak` that finds nothing would agree with anything."""
    assert weak(HARDENED) == []
    worst = changed(
        HARDENED,
        {
            "tls": ABSENT,
            "unseal": ABSENT,
            "selfInit": ABSENT,
            "replicas": 1,
            "image": ABSENT,
            "network.egressRules": [{}],
            "configuration.rawStorageEndpoint": True,
        },
    )
    assert weak(worst) == ["1", "2", "3", "5", "23", "26", "digest"]
