"""The Hardened profile: production."""

import pulumi

from components.cluster import VaultCluster
from components.inputs import ClusterArgs


class HardenedVaultCluster(VaultCluster):
    """An OpenBao cluster for production: external trust root, trusted TLS, proven self-initialisation.

    Whatever weakens it is refused before anything is created, with rule, field, reason and way out. Keys that it
    creates are protected and outlive the stack; no root token exists when `up` ends.
    """

    _profile = "Hardened"

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the cluster.

        Args:
            name: the cluster's name; names of all objects come from it and are for ever.
            args: fields of the specification in snake_case (docs/configuration.md); any leaf may be an `Output`.
            opts: the usual resource options; providers given here are used for every object.

        Raises:
            RefusedSpecificationError: if the contract refuses the specification, with every problem at once.
        """
        super().__init__(name, args, opts)
