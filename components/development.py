"""The Development profile: evaluation and CI."""

from typing import Final

import pulumi

from components.cluster import VaultCluster
from components.inputs import ClusterArgs

# Not None: Pulumi reads the schema of the component package from the annotation, and takes no union for it.
_DEFAULTS: Final[ClusterArgs] = {}


class DevelopmentVaultCluster(VaultCluster):
    """An OpenBao cluster for evaluation and CI: TLS, joined, unsealed and proven, but a security risk by design.

    The unseal key lies in a Secret of the same Kubernetes cluster, certificates come from a CA that the stack keeps,
    and a root token may be stored. It reports this in every preview and update, as the output `security_risk`, and by a
    label and an annotation on every object. It can never become a Hardened cluster in place.
    """

    _profile = "Development"

    def __init__(self, name: str, args: ClusterArgs = _DEFAULTS, opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the cluster.

        Args:
            name: the cluster's name; names of all objects come from it and are for ever.
            args: fields of the specification in snake_case (docs/configuration.md); any leaf may be an `Output`.
            opts: the usual resource options; providers given here are used for every object.

        Raises:
            RefusedSpecificationError: if the contract refuses the specification, with every problem at once.
        """
        super().__init__(name, args, opts)
