"""The `plugin "kms"` stanza: from OpenBao 2.7 most seals live outside the server's binary."""

from __future__ import annotations

from profiles import layout
from profiles.rendering.text import Stanza, known, without_empty
from profiles.rendering.versions import seal_is_built_in
from profiles.specification import Specification
from profiles.specification.unseal import GenericKmsUnseal, KmsPlugin, StaticUnseal

ARCHITECTURE_LABEL = "kubernetes.io/arch"
UPSTREAM_NAMES = {"awskms": "aws", "azurekeyvault": "azure", "gcpckms": "gcp", "ocikms": "oci", "pkcs11": "pkcs11"}
"""Last word of the upstream binaries' names (`openbao-plugin-kms-aws`), by seal."""


def seal_name(specification: Specification) -> str:
    """The name in the `seal` stanza; for a generic plugin its own name."""
    unseal = specification.unseal or StaticUnseal()
    return unseal.name if isinstance(unseal, GenericKmsUnseal) else unseal.type


def plugin_needed(specification: Specification) -> bool:
    """Whether the server needs a plugin for its seal: not built in, or one was asked for."""
    return _plugin(specification) is not None or not seal_is_built_in(specification.version, seal_name(specification))


def plugin_command(specification: Specification) -> str:
    """File name of the plugin's binary in `layout.PLUGIN_DIR`."""
    plugin = _plugin(specification) or KmsPlugin()
    seal = seal_name(specification)
    return plugin.command or plugin.binary_name or f"openbao-plugin-kms-{UPSTREAM_NAMES.get(seal, seal)}"


def plugin_architecture(specification: Specification) -> str | None:
    """The CPU architecture whose checksum is rendered; pods must be kept to it. None: no plugin, or no checksum.

    One configuration serves all pods and a checksum means one architecture: the one that the node selector names,
    else the only one given, else amd64.
    """
    plugin = _plugin(specification)
    if plugin is None or not plugin.sha256:
        return None
    selected = specification.scheduling.node_selector.get(ARCHITECTURE_LABEL)
    if selected is not None:
        return selected
    return next(iter(plugin.sha256)) if len(plugin.sha256) == 1 else "amd64"


def plugin_settings(specification: Specification) -> Stanza:
    """Top-level settings for the seal's plugin; empty when the seal is built in."""
    if not plugin_needed(specification):
        return {}
    plugin = known(_plugin(specification), "unseal.plugin")
    download = plugin.image is not None and plugin.delivery == "download"
    checksums = {str(architecture): checksum for architecture, checksum in plugin.sha256.items()}
    stanza = {
        "type": "kms",
        "name": seal_name(specification),
        "sha256sum": known(checksums.get(plugin_architecture(specification) or ""), "unseal.plugin.sha256"),
        **without_empty({"version": plugin.version}),
    }
    if not download:
        stanza["command"] = plugin_command(specification)
        return {"plugin_directory": layout.PLUGIN_DIR, "plugin": [stanza]}
    stanza |= {"image": plugin.image, "binary_name": plugin_command(specification)}
    return {
        "plugin_directory": layout.PLUGIN_DIR,
        "plugin": [stanza],
        "plugin_auto_download": True,
        "plugin_download_behavior": specification.configuration.plugin_download_behavior,
    }


def _plugin(specification: Specification) -> KmsPlugin | None:
    unseal = specification.unseal
    return None if unseal is None or isinstance(unseal, StaticUnseal) else unseal.plugin
