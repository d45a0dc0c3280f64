"""Specifications to start from, and how to change one field of them."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

ADMIN = 'path "*" {\n  capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"]\n}\n'
SHA256 = "0123456789abcdef" * 4
ABSENT = object()
"""As a value in a change: remove the field."""

OPEN_TO_TEN = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 8200}]}
PLUGIN = {
    "image": f"ghcr.io/openbao/openbao-plugin-kms-aws:v0.1.0@sha256:{SHA256}",
    "version": "v0.1.0",
    "sha256": {"amd64": SHA256},
}
TRANSIT = {
    "type": "transit",
    "address": "https://bao.example.com:8200",
    "keyName": "openbao",
    "credentialsSecretRef": "transit-token",
}
AWS = {
    "type": "awskms",
    "region": "eu-central-1",
    "kmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/1234",
    "identity": {"podIdentity": {"clusterName": "production"}},
    "plugin": PLUGIN,
}
GCP = {
    "type": "gcpckms",
    "project": "p",
    "region": "europe-west3",
    "keyRing": "ring",
    "cryptoKey": "openbao",
    "identity": {"projectNumber": "1"},
    "plugin": PLUGIN,
}
AZURE = {
    "type": "azurekeyvault",
    "vaultName": "vault",
    "keyName": "openbao",
    "authMethod": "workload_identity",
    "plugin": PLUGIN,
}
OCI = {
    "type": "ocikms",
    "keyId": "ocid1.key",
    "cryptoEndpoint": "https://crypto.kms.example.com",
    "managementEndpoint": "https://management.kms.example.com",
    "plugin": PLUGIN,
}
KMIP = {"type": "kmip", "endpoint": "10.0.0.5:8200", "kmsKeyId": "1", "credentialsSecretRef": "kmip-client"}
PKCS11 = {
    "type": "pkcs11",
    "lib": "/usr/lib/hsm.so",
    "tokenLabel": "openbao",
    "keyLabel": "openbao",
    "credentialsSecretRef": "hsm-pin",
    "plugin": PLUGIN,
}
GENERIC = {"type": "kms", "name": "ovhcloud", "credentialsSecretRef": "ovh", "plugin": PLUGIN}
ACME = {
    "mode": "ACME",
    "directoryUrl": "https://acme.internal.example.com/directory",
    "caRootSecretRef": "acme-ca",
}
PUBLIC_ACME = {
    "mode": "ACME",
    "directoryUrl": "https://acme-v02.api.letsencrypt.org/directory",
    "domains": ["bao.example.com"],
    "sharedCache": {},
}
ISSUER = {
    "mode": "External",
    "serverName": "bao.example.com",
    "issuer": {
        "acme": {
            "server": "https://acme-v02.api.letsencrypt.org/directory",
            "route53": {"region": "eu-central-1"},
        }
    },
}

HARDENED: dict[str, Any] = {
    "profile": "Hardened",
    "version": "2.7.2",
    "image": {"digest": f"sha256:{SHA256}"},
    "unseal": TRANSIT,
    "tls": {"mode": "External", "secretName": "openbao-certificate"},
    "selfInit": {
        "policies": [{"name": "admin", "policy": ADMIN}],
        "userpass": {"users": [{"username": "admin", "policies": ["admin"]}]},
    },
    "network": {
        "trustedIngressPeers": [{"namespaceSelector": {"matchLabels": {"team": "apps"}}}],
        "egressRules": [OPEN_TO_TEN],
    },
}
"""Accepted, and production ready."""

DEVELOPMENT: dict[str, Any] = {"profile": "Development"}


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with values at camelCase paths replaced, made or (ABSENT) removed; missing blocks are made on the way."""
    result = copy.deepcopy(dict(base))
    for path, value in changes.items():
        _put(result, re.findall(r"[^.\[\]]+", path), value)
    return result


def _put(node: Any, steps: list[str], value: Any) -> None:
    step, rest = steps[0], steps[1:]
    key: Any = int(step) if isinstance(node, list) else step
    if rest:
        if not isinstance(node, list):
            node.setdefault(key, {})
        _put(node[key], rest, value)
    elif value is ABSENT:
        node.pop(key, None)
    else:
        node[key] = copy.deepcopy(value)
