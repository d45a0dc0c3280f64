"""A cluster for evaluation, and what an application needs to find it."""

import pulumi
import pulumi_kubernetes as k8s

from components import DevelopmentVaultCluster

vault = DevelopmentVaultCluster("vault", {"replicas": 1, "storage": {"size": "1Gi"}})

# Known only once the cluster is proven, so the application never sees one that does not answer.
k8s.core.v1.ConfigMap(
    "app-vault",
    metadata={"name": "vault", "namespace": "default"},
    data={"VAULT_ADDR": vault.address, "ca.crt": vault.ca_certificate},
)

pulumi.export("instructions", vault.instructions)
pulumi.export("security_risk", vault.security_risk)
