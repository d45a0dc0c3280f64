"""Hardened on EKS. Config: eksCluster, imageDigest, pluginImage (with digest), pluginSha256; aws:region."""

import pulumi

from components import HardenedVaultCluster

ADMIN = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }'
config, region = pulumi.Config(), pulumi.Config("aws").require("region")

vault = HardenedVaultCluster(
    "vault",
    {
        "version": "2.7.2",
        "image": {"digest": config.require("imageDigest")},
        "unseal": {
            "type": "awskms",
            "region": region,
            "create_key": {"alias": "alias/vault"},
            "identity": {"pod_identity": {"cluster_name": config.require("eksCluster")}},
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
pulumi.export("role", vault.identity)
pulumi.export("retained", vault.retained)
