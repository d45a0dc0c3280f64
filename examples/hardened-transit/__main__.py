"""Two clusters: `root` holds the key (and is opened by a KMIP server), `apps` is opened by it.

Config: imageDigest, kmipServer. Two steps need a person: before the first `up` the Secret kmip-client in namespace
root, and between `root` and `apps` the Secret transit-token in namespace apps, with a token of policy apps-seal
(docs/trust-roots.md).
"""

import pulumi

from components import HardenedVaultCluster
from components.inputs import Image, Tls

ADMIN = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }'
SEAL = """
path "transit/encrypt/apps" { capabilities = ["update"] }
path "transit/decrypt/apps" { capabilities = ["update"] }
"""
config = pulumi.Config()
image: Image = {"digest": config.require("imageDigest")}
tls: Tls = {"mode": "External", "issuer_ref": {"name": "internal-ca", "kind": "ClusterIssuer"}}

root = HardenedVaultCluster(
    "root",
    {
        "image": image,
        "unseal": {
            "type": "kmip",
            "endpoint": config.require("kmipServer"),
            "kms_key_id": "1",
            "credentials_secret_ref": "kmip-client",
        },
        "tls": tls,
        "self_init": {
            "policies": [{"name": "admin", "policy": ADMIN}, {"name": "apps-seal", "policy": SEAL}],
            "mounts": [{"path": "transit", "type": "transit"}],
            "requests": [{"name": "apps-key", "operation": "update", "path": "transit/keys/apps"}],
            "userpass": {"users": [{"username": "admin", "policies": ["admin"]}]},
        },
        "network": {
            "trusted_ingress_peers": [
                {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "apps"}}}
            ],
            "egress_rules": [{"to": [{"ip_block": {"cidr": "10.30.0.0/16"}}], "ports": [{"port": 5696}]}],
        },
    },
)

apps = HardenedVaultCluster(
    "apps",
    {
        "image": image,
        "unseal": {
            "type": "transit",
            "address": root.active_address,  # not known before `root` is proven
            "key_name": "apps",
            "credentials_secret_ref": "transit-token",
        },
        "tls": tls,
        "self_init": {
            "policies": [{"name": "admin", "policy": ADMIN}],
            "userpass": {"users": [{"username": "admin", "policies": ["admin"]}]},
        },
        "network": {
            "trusted_ingress_peers": [{"namespace_selector": {"match_labels": {"openbao-client": "true"}}}],
            "egress_rules": [
                {
                    "to": [{"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "root"}}}],
                    "ports": [{"port": 8200}],
                }
            ],
        },
    },
)

pulumi.export("address", apps.address)
