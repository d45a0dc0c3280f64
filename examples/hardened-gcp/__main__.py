"""Hardened on GKE. Config: project, projectNumber, keyRing, imageDigest, pluginImage (with digest), pluginSha256."""

import pulumi

from components import HardenedVaultCluster

ADMIN = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }'
config = pulumi.Config()

vault = HardenedVaultCluster(
    "vault",
    {
        "version": "2.7.2",
        "image": {"digest": config.require("imageDigest")},
        "unseal": {
            "type": "gcpckms",
            "project": config.require("project"),
            "region": "europe-west3",
            # Key rings can never be deleted: an existing one is the usual input.
            "create_key": {"key_ring": config.require("keyRing"), "protection_level": "HSM"},
            "identity": {"project_number": config.require("projectNumber")},
            "plugin": {
                "image": config.require("pluginImage"),
                "version": "v0.1.0",
                "sha256": {"amd64": config.require("pluginSha256")},
            },
        },
        "tls": {"mode": "External", "issuer_ref": {"name": "internal-ca", "kind": "ClusterIssuer"}},
        "self_init": {
            "policies": [{"name": "admin", "policy": ADMIN}],
            "userpass": {"users": [{"username": "admin", "policies": ["admin"]}]},
        },
        "network": {
            "trusted_ingress_peers": [{"namespace_selector": {"match_labels": {"openbao-client": "true"}}}],
        },
    },
)

pulumi.export("address", vault.address)
pulumi.export("key", vault.key_id)
pulumi.export("principal", vault.identity)
