"""The Development profile: evaluation and CI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.cluster import VaultCluster


class DevelopmentVaultCluster(VaultCluster):
    """An OpenBao cluster for evaluation and CI: TLS, joined, unsealed and proven, but a security risk by design.

    The unseal key lies in a Secret of the same Kubernetes cluster, certificates come from a CA that the stack keeps,
    and a root token may be stored. It reports this in every preview and update, as the output `security_risk`, and by a
    label and an annotation on every object. It can never become a Hardened cluster in place.
    """

    profile = "Development"

    def __init__(
        self, name: str, args: Mapping[str, Any] | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the cluster.

        Args:
            name: the cluster's name; names of all objects come from it and are for ever.
            args: fields of the specification in snake_case (see README); any leaf may be an `Output`.
            opts: the usual resource options; providers given here are used for every object.

        Raises:
            RefusedSpecificationError: if the contract refuses the specification, with every problem at once.
        """
        super().__init__(name, args or {}, opts)
