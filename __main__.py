"""The stack program: one OpenBao cluster, specified by the stack's configuration."""

import pulumi

from components import DevelopmentVaultCluster, HardenedVaultCluster
from components.stack import stack_specification

PROFILES = {"Development": DevelopmentVaultCluster, "Hardened": HardenedVaultCluster}

name, specification = stack_specification(pulumi.Config())
cluster = PROFILES[specification["profile"]](name, specification)

for output in ("address", "active_address", "ca_certificate", "namespace", "services", "service_account", "login_secrets"):
    pulumi.export(output, getattr(cluster, output))
pulumi.export("key_id", cluster.key_id)
pulumi.export("identity", cluster.identity)
pulumi.export("retained", cluster.retained)
pulumi.export("contract_report", cluster.contract_report)
pulumi.export("production_ready", cluster.production_ready)
pulumi.export("security_risk", cluster.security_risk)
