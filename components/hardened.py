"""The Hardened profile: production."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.cluster import VaultCluster


class HardenedVaultCluster(VaultCluster):
    """An OpenBao cluster for production: external trust root, trusted TLS, proven self-initialisation.

    Whatever weakens it is refused before anything is created, with rule, field, reason and way out. Keys that it
    creates are protected and outlive the stack; no root token exists when `up` ends.
    """

    profile = "Hardened"

    def __init__(self, name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the cluster.

        Args:
            name: the cluster's name; names of all objects come from it and are for ever.
            args: fields of the specification in snake_case (see README); any leaf may be an `Output`.
            opts: the usual resource options; providers given here are used for every object.

        Raises:
            RefusedSpecificationError: if the contract refuses the specification, with every problem at once.
        """
        super().__init__(name, args, opts)
