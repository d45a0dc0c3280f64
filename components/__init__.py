"""Pulumi components that create an OpenBao cluster under one of two security profiles."""

from components.development import DevelopmentVaultCluster
from components.hardened import HardenedVaultCluster
from components.inputs import ClusterArgs

__all__ = ["ClusterArgs", "DevelopmentVaultCluster", "HardenedVaultCluster"]
