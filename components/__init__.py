"""Pulumi components that create an OpenBao cluster under one of two security profiles."""

from components.development import DevelopmentVaultCluster
from components.hardened import HardenedVaultCluster

__all__ = ["DevelopmentVaultCluster", "HardenedVaultCluster"]
