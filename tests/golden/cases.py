"""The specifications behind the golden files, by file name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from profiles.rendering import bootstrap_configuration, dump, secret_configuration, server_configuration
from profiles.specification import Specification

FILES = Path(__file__).parent / "files"
NEWEST, BEFORE_PLUGINS = "2.7.2", "2.6.2"
VERSIONS = (NEWEST, BEFORE_PLUGINS)
CA = "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n"

_PLUGIN = {"command": "openbao-plugin-kms-aws", "version": "v0.1.0", "sha256": {"amd64": "ab" * 32}}

SEALS: dict[str, dict[str, Any]] = {
    "static": {"type": "static", "keyId": "6f1ed002ab559585"},
    "transit": {
        "type": "transit",
        "address": "https://transit.example:8200",
        "keyName": "unseal",
        "credentialsSecretRef": "transit-token",
    },
    "awskms": {
        "type": "awskms",
        "region": "eu-central-1",
        "kmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "plugin": _PLUGIN,
    },
    "gcpckms": {
        "type": "gcpckms",
        "project": "acme-prod",
        "region": "europe-west3",
        "keyRing": "openbao",
        "cryptoKey": "unseal",
        "plugin": {"image": "ghcr.io/openbao/openbao-plugin-kms-gcp", **_PLUGIN, "command": None},
    },
    "azurekeyvault": {
        "type": "azurekeyvault",
        "vaultName": "acme-vault",
        "keyName": "unseal",
        "tenantId": "00000000-0000-0000-0000-000000000001",
        "authMethod": "workload_identity",
        "plugin": {
            "image": "ghcr.io/openbao/openbao-plugin-kms-azure",
            "version": "v0.1.0",
            "sha256": {"amd64": "cd" * 32, "arm64": "ef" * 32},
            "delivery": "download",
        },
    },
    "ocikms": {
        "type": "ocikms",
        "keyId": "ocid1.key.oc1.eu-frankfurt-1.example",
        "cryptoEndpoint": "https://example-crypto.kms.eu-frankfurt-1.oraclecloud.com",
        "managementEndpoint": "https://example-management.kms.eu-frankfurt-1.oraclecloud.com",
        "credentialsSecretRef": "oci-config",
        "authTypeApiKey": True,
        "plugin": {**_PLUGIN, "command": "openbao-plugin-kms-oci"},
    },
    "kmip": {
        "type": "kmip",
        "endpoint": "kmip.example:5696",
        "kmsKeyId": "1",
        "serverName": "kmip.example",
        "timeout": 20,
        "credentialsSecretRef": "kmip-client",
    },
    "pkcs11": {
        "type": "pkcs11",
        "lib": "/usr/lib/softhsm/libsofthsm2.so",
        "tokenLabel": "openbao",
        "keyLabel": "unseal",
        "credentialsSecretRef": "hsm-pin",
        "plugin": {**_PLUGIN, "command": "openbao-plugin-kms-pkcs11"},
    },
    "kms": {
        "type": "kms",
        "name": "ovhcloud",
        "config": {"okms_id": "an-id", "access_token": "a-token"},
        "plugin": {**_PLUGIN, "command": "openbao-plugin-kms-ovhcloud"},
    },
}

TLS_MODES: dict[str, dict[str, Any]] = {
    "managed": {"mode": "OperatorManaged"},
    "external": {"mode": "External", "issuerRef": {"name": "corporate"}, "serverName": "bao.example"},
    "acme": {
        "mode": "ACME",
        "directoryUrl": "https://acme.example/directory",
        "email": "security@example",
        "caRootSecretRef": "acme-roots",
    },
}

SELF_INIT: dict[str, Any] = {
    "policies": [{"name": "admin", "policy": 'path "*" { capabilities = ["read", "sudo"] }\n'}],
    "mounts": [{"path": "kv/", "type": "kv", "options": {"version": "2"}, "description": "Team secrets ☃ 😀"}],
    "userpass": {
        "users": [{"username": "alice", "policies": ["admin"]}, {"username": "bob.smith", "policies": ["admin"]}]
    },
    "kubernetes": {
        "roles": [
            {
                "name": "web",
                "boundServiceAccountNames": ["web"],
                "boundServiceAccountNamespaces": ["apps"],
                "policies": ["web"],
                "audience": "openbao",
            }
        ]
    },
    "jwt": {
        "issuer": "https://ci.example",
        "validationPubkeys": ["-----BEGIN PUBLIC KEY-----\nMFk…\n-----END PUBLIC KEY-----\n"],
        "roles": [
            {
                "name": "ci",
                "boundAudiences": ["openbao"],
                "boundSubject": "deploy",
                "boundClaims": {"ref": "main"},
                "policies": ["ci"],
            }
        ],
    },
    "oidc": {
        "issuer": "https://login.example",
        "clientId": "openbao",
        "clientSecretRef": "oidc-client",
        "defaultRole": "staff",
        "roles": [
            {
                "name": "staff",
                "allowedRedirectUris": ["https://bao.example/ui/vault/auth/oidc/oidc/callback"],
                "groupsClaim": "groups",
                "policies": ["staff"],
            }
        ],
    },
    "approle": {
        "roles": [{"name": "batch", "policies": ["batch"], "roleId": "batch", "secretIdSecretRef": "batch-login"}]
    },
    "cert": {"roles": [{"name": "edge", "certificate": CA, "allowedCommonNames": ["edge"], "policies": ["edge"]}]},
    "requests": [
        {"name": "1 odd name", "path": "sys/config/ui/headers/X-Test", "data": {"values": ["a", "b"]}},
        {
            "name": "nested",
            "path": "kv/data/x",
            "data": {"data": {"a": {"b": 1}, "c": {"d": {}}}, "options": {"cas": 0}},
        },
        {"name": "engine", "path": "sys/mounts/pki", "secretEngine": {"path": "pki", "type": "pki"}},
        {"name": "method", "path": "sys/auth/other", "authMethod": {"type": "approle"}, "allowFailure": True},
    ],
}

_OTHER: dict[str, dict[str, Any]] = {
    "replicas-1": {"replicas": 1},
    "replicas-5": {
        "replicas": 5,
        "name": "vault",
        "namespace": {"name": "security"},
        "clusterDomain": "example.internal",
    },
    "acme-shared": {
        "tls": {
            **TLS_MODES["acme"],
            "domains": ["bao.example"],
            "sharedCache": {},
            "keyType": "p256",
            "caRootSecretRef": None,
        }
    },
    "acme-account": {"tls": {**TLS_MODES["acme"], "eabKeyId": "account-1", "eabMacKey": "c2VjcmV0LW1hYw"}},
    "external-public": {
        "tls": {
            "mode": "External",
            "serverName": "bao.example",
            "issuer": {"acme": {"server": "https://acme.example/directory"}},
        }
    },
    "static-rotation": {
        "unseal": {**SEALS["static"], "previous": {"keyId": "0a1b2c3d4e5f6071", "secretName": "old-unseal-key"}}
    },
    "transit-inline": {
        "unseal": {
            "type": "transit",
            "address": "https://transit.example:8200",
            "keyName": "unseal",
            "token": "s.inline",
            "tlsCaCert": CA,
            "disableRenewal": True,
            "namespace": "team",
        }
    },
    "audit-none": {"audit": []},
    "audit-several": {
        "audit": [
            {"type": "file", "name": "stdout", "options": {"file_path": "stdout", "hmac_accessor": "false"}},
            {
                "type": "file",
                "name": "volume",
                "description": "audit volume",
                "options": {"file_path": "/openbao/audit/audit.log", "mode": "0600"},
            },
            {"type": "socket", "name": "siem", "options": {"address": "siem.example:6514", "socket_type": "tcp"}},
            {"type": "http", "name": "collector", "options": {"uri": "https://collector.example/audit"}},
        ]
    },
    "telemetry-off": {"telemetry": {"enabled": False}},
    "telemetry-by-token": {"telemetry": {"metricsListener": False, "prometheusRetentionTime": "5m"}},
    "settings": {
        "configuration": {
            "ui": False,
            "logLevel": "debug",
            "logFormat": "standard",
            "defaultLeaseTtl": "1h",
            "maxLeaseTtl": "24h",
            "cacheSize": 65536,
            "disableStandbyReads": True,
            "serviceRegistration": False,
            "detectDeadlocks": ["statelock", "quotas"],
            "listener": {
                "tlsMinVersion": "tls12",
                "tlsMaxVersion": "tls13",
                "proxyProtocolBehavior": "allow_authorized",
                "proxyProtocolAuthorizedAddrs": ["10.0.0.0/8"],
                "xForwardedForAuthorizedAddrs": ["10.1.0.0/16", "10.2.0.0/16"],
                "maxRequestDuration": "30s",
                "maxRequestSize": 1048576,
            },
        }
    },
    "settings-2-7": {
        "version": NEWEST,
        "configuration": {"listener": {"tlsKeyExchangePreferences": ["X25519MLKEM768", "X25519"]}},
    },
}

_BOOTSTRAPS: dict[str, dict[str, Any]] = {
    "minimal": {"replicas": 1, "selfInit": {"userpass": SELF_INIT["userpass"]}},
    "every-access-method": {"selfInit": SELF_INIT},
    "recovery-keys": {
        "unseal": SEALS["awskms"],
        "recoveryKeys": {
            "shares": 2,
            "threshold": 2,
            "recipients": [
                {"name": "alice", "fingerprint": "AA11", "pgpPublicKey": "bWkx"},
                {"name": "bob", "fingerprint": "BB22", "pgpPublicKey": "bWky"},
            ],
        },
    },
}


def specification(version: str = NEWEST, **fields: Any) -> Specification:
    """A Development cluster with a static seal and managed TLS, changed by `fields` as a stack file spells them."""
    defaults = {"unseal": SEALS["static"], "tls": TLS_MODES["managed"]}
    return Specification.model_validate({"profile": "Development", "version": version, **defaults, **fields})


def servers() -> Iterator[tuple[str, Specification]]:
    """Name and specification of every server configuration: seals by TLS modes by versions, and single settings."""
    for version in VERSIONS:
        for seal, unseal in SEALS.items():
            for mode, tls in TLS_MODES.items():
                yield f"{version}/{seal}-{mode}", specification(version, unseal=unseal, tls=tls)
    for name, fields in _OTHER.items():
        for version in (fields["version"],) if "version" in fields else VERSIONS:
            yield f"{version}/{name}", specification(**{"version": version, **fields})


def bootstraps() -> Iterator[tuple[str, Specification]]:
    """Name and specification of every self-initialisation."""
    for name, fields in _BOOTSTRAPS.items():
        yield f"initialize/{name}", specification(**fields)


def rendered() -> Iterator[tuple[str, str]]:
    """Path below `FILES` and exact content of every golden file."""
    for name, spec in servers():
        yield f"{name}.json", dump(server_configuration(spec))
        secret = secret_configuration(spec)
        if secret is not None:
            yield f"{name}.secret.json", dump(secret)
    for name, spec in bootstraps():
        configuration = bootstrap_configuration(spec)
        assert configuration is not None
        yield f"{name}.json", dump(configuration)
    by_service_account = bootstrap_configuration(specification(), proof="kubernetes")
    assert by_service_account is not None
    yield "initialize/proof-by-service-account.json", dump(by_service_account)
