"""The stack program: one OpenBao cluster, specified by the stack's configuration."""

import pulumi

from components import DevelopmentVaultCluster, HardenedVaultCluster
from components.outputs import OUTPUTS
from components.stack import RESOURCE, options, stack_specification

PROFILES = {"Development": DevelopmentVaultCluster, "Hardened": HardenedVaultCluster}

specification = stack_specification(pulumi.Config())
cluster = PROFILES[specification["profile"]](RESOURCE, specification, options(specification))

for output in OUTPUTS:
    pulumi.export(output, getattr(cluster, output))
# The whole report is long: as text it stays out of the way, and `pulumi stack output contract_report` shows it.
pulumi.export("contract_report", cluster.report.apply(lambda report: report.as_markdown()))
