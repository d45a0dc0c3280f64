"""A cluster from the component package, and what an application needs to find it."""

import pulumi
import pulumi_openbao as openbao

cluster = openbao.DevelopmentVaultCluster(
    "vault",
    replicas=1,
    storage={"size": "1Gi"},
    self_init={
        "policies": [{"name": "admin", "policy": 'path "*" { capabilities = ["read", "create", "update", "sudo"] }'}],
        "userpass": {"users": [{"username": "admin", "policies": ["admin"]}]},
    },
)

pulumi.export("address", cluster.address)
pulumi.export("ca", cluster.ca_certificate)
pulumi.export("instructions", cluster.instructions)
pulumi.export("security_risk", cluster.security_risk)
