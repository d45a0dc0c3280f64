"""From a specification to what the server reads: configuration, self-initialisation, and the Secrets that both need.

Pure and total: every accepted specification renders, the same specification renders to the same bytes, and a value that
is not known yet raises `NotKnownYet` instead of reaching a file. JSON in the explicit `type` form throughout, because
only that form is accepted by `bao operator validate-config` without a warning.

Fields that a component fills in before rendering (by `model_copy`) because it creates what they name: `unseal.keyId` of
a generated static key, `unseal.kmsKeyId` / `unseal.keyRing` and `unseal.cryptoKey` of created cloud keys, and
`tls.eabKeyId` / `tls.eabMacKey` when they come from a Secret.
"""

from profiles.rendering.bootstrap import (
    PROOF_MOUNT,
    PROOF_POLICY,
    ProofLogin,
    bootstrap_configuration,
)
from profiles.rendering.listener import (
    edge_hosts,
    peer_ca_file,
    probe_server_name,
    server_name,
    shared_server_name,
    signed_by_public_ca,
)
from profiles.rendering.plugins import plugin_architecture, plugin_command, plugin_needed
from profiles.rendering.seal import SealNeeds, SecretKey, SecretMount, inline_seal_keys, inline_seal_secret, seal_needs
from profiles.rendering.secret_files import PROOF_USER, BootstrapSecret, bootstrap_secrets, generated_secrets
from profiles.rendering.server import has_secret_configuration, secret_configuration, server_configuration
from profiles.rendering.text import dump

__all__ = [
    "PROOF_MOUNT",
    "PROOF_POLICY",
    "PROOF_USER",
    "BootstrapSecret",
    "ProofLogin",
    "SealNeeds",
    "SecretKey",
    "SecretMount",
    "bootstrap_configuration",
    "bootstrap_secrets",
    "dump",
    "edge_hosts",
    "generated_secrets",
    "has_secret_configuration",
    "inline_seal_keys",
    "inline_seal_secret",
    "peer_ca_file",
    "plugin_architecture",
    "plugin_command",
    "plugin_needed",
    "probe_server_name",
    "seal_needs",
    "secret_configuration",
    "server_configuration",
    "server_name",
    "shared_server_name",
    "signed_by_public_ca",
]
