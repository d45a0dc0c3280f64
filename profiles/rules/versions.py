"""What the chosen OpenBao release can do: the version-by-seal matrix, and fields that came later."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from profiles.rendering.versions import seal_is_built_in
from profiles.rules.rule import Breach, Case, rule
from profiles.specification.unseal import AzureKeyVaultUnseal, GenericKmsUnseal, KmsPlugin, StaticUnseal

Release = tuple[int, int, int]
_IMAGE = re.compile(r"[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?")

MINIMUM: Release = (2, 4, 0)
"""First release with self-initialisation and declarative audit devices."""
HARDENED_MINIMUM: Release = (2, 6, 0)
"""Before it self-init did not really revoke its root token (openbao#3345)."""
KMS_PLUGINS: Release = (2, 6, 0)
TESTED = ((2, 6), (2, 7))


def release(version: str) -> Release:
    """`2.7.2` as numbers."""
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def _written(version: Release) -> str:
    return ".".join(str(number) for number in version)


def _plugin(case: Case) -> KmsPlugin | None:
    unseal = case.spec.unseal
    return None if unseal is None or isinstance(unseal, StaticUnseal) else unseal.plugin


def _seal(case: Case) -> str:
    unseal = case.spec.unseal
    if isinstance(unseal, GenericKmsUnseal):
        return str(unseal.name)
    return unseal.type if unseal is not None else "static"


@rule(
    "openbao.version.minimum",
    "A release that can do what is written",
    since="ours",
    fields=("version",),
    reason="Self-initialisation and declarative audit devices came with OpenBao 2.4.0.",
    way_out="Set version to 2.7.2, or at least to 2.6.2.",
)
def minimum_version(case: Case) -> Iterator[Breach]:
    version = release(case.spec.version)
    if version < MINIMUM:
        yield Breach("version")
    if version == (2, 5, 0):
        yield Breach("version", "OpenBao 2.5.0 damages the seal on upgrade.", "Go straight to 2.5.1 or later.")


@rule(
    "openbao.version.root-token-revoked",
    "The root token really dies",
    since="ours",
    scope="Hardened",
    fields=("version",),
    reason="Before OpenBao 2.6.0 self-initialisation left its root token alive in storage.",
    way_out="Set version to 2.6.2 or later.",
)
def hardened_version(case: Case) -> Iterator[Breach]:
    if release(case.spec.version) < HARDENED_MINIMUM:
        yield Breach("version")


@rule(
    "openbao.version.tested",
    "A release that this contract was tested with",
    since="ours",
    fields=("version",),
    reason="This contract was tested with OpenBao 2.6 and 2.7; another release may read the same words differently.",
    way_out="Read its release notes, and try it on a Development cluster first.",
    advice=True,
)
def tested_version(case: Case) -> Iterator[Breach]:
    if release(case.spec.version)[:2] not in TESTED:
        yield Breach("version")


@dataclass(frozen=True)
class _Feature:
    """A field, the first release that reads it, and whether a specification uses it."""

    path: str
    first: Release
    used: Callable[[Case], bool]


FEATURES = (
    _Feature(
        "configuration.listener.tlsKeyExchangePreferences",
        (2, 7, 0),
        lambda case: bool(case.spec.configuration.listener.tls_key_exchange_preferences),
    ),
    _Feature("unseal.plugin", KMS_PLUGINS, lambda case: _plugin(case) is not None),
    _Feature(
        "unseal.authMethod",
        (2, 6, 0),
        lambda case: isinstance(case.spec.unseal, AzureKeyVaultUnseal) and case.spec.unseal.auth_method is not None,
    ),
    _Feature("audit.type", (2, 5, 0), lambda case: any(device.type == "http" for device in case.spec.audit)),
    _Feature(
        "telemetry.metricsListener",
        (2, 5, 0),
        lambda case: case.spec.telemetry.enabled and case.spec.telemetry.metrics_listener,
    ),
    _Feature(
        "configuration.disableStandbyReads", (2, 5, 0), lambda case: case.spec.configuration.disable_standby_reads
    ),
)


@rule(
    "openbao.version.feature",
    "Fields that the release knows",
    since="ours",
    fields=("version", *(feature.path for feature in FEATURES)),
    reason="This field came with a later release of OpenBao.",
    way_out="Raise version, or remove the field.",
)
def known_features(case: Case) -> Iterator[Breach]:
    version = release(case.spec.version)
    for feature in FEATURES:
        if version < feature.first and feature.used(case):
            first = _written(feature.first)
            otherwise = "set it to false" if feature.path.endswith("metricsListener") else "remove the field"
            way_out = f"Set version to {first} or later, or {otherwise}."
            yield Breach(
                feature.path, f"OpenBao {case.spec.version} does not know this; it came with {first}.", way_out
            )


@rule(
    "openbao.seal.plugin",
    "The release has the seal",
    since="ours",
    fields=("version", "unseal.type", "unseal.plugin"),
    reason="From OpenBao 2.7 only static, transit and kmip are built in; other seals come as a plugin.",
    way_out="Set unseal.plugin (image or command, version and sha256), or stay on version 2.6.2.",
    when=lambda case: case.spec.unseal is not None and not isinstance(case.spec.unseal, StaticUnseal),
)
def seal_available(case: Case) -> Iterator[Breach]:
    if _plugin(case) is not None or seal_is_built_in(case.spec.version, _seal(case)):
        return
    if _seal(case) == "pkcs11" or isinstance(case.spec.unseal, GenericKmsUnseal):
        yield Breach("unseal.plugin", way_out="Set unseal.plugin (image or command, version and sha256).")
    else:
        yield Breach("unseal.plugin")


@rule(
    "openbao.seal.plugin-needless",
    "No plugin in front of a built-in seal",
    since="ours",
    fields=("unseal.plugin", "unseal.type"),
    reason="A plugin takes the place of the built-in seal of the same name, which OpenBao itself maintains.",
    way_out="Remove unseal.plugin.",
    when=lambda case: _plugin(case) is not None,
)
def needless_plugin(case: Case) -> Iterator[Breach]:
    if _seal(case) in ("static", "transit", "kmip", "shamir"):
        yield Breach("unseal.plugin")


@rule(
    "openbao.seal.plugin-source",
    "The plugin can be found and is the right one",
    since="ours",
    fields=("unseal.plugin",),
    reason="OpenBao starts a plugin only from one place and only with its checksum.",
    way_out="Set image or command, and sha256 with 64 hex digits for the nodes' architecture.",
    when=lambda case: _plugin(case) is not None,
)
def plugin_source(case: Case) -> Iterator[Breach]:
    plugin = _plugin(case)
    if plugin is None:
        return
    if (plugin.image is None) == (plugin.command is None):
        yield Breach("unseal.plugin.image", "Exactly one of image and command says where the plugin is.")
    if plugin.delivery == "download" and plugin.image is None:
        yield Breach("unseal.plugin.delivery", "Only an image can be downloaded.", "Set image, or remove delivery.")
    if plugin.image is not None and plugin.version is None:
        yield Breach("unseal.plugin.version", "A plugin image needs its version.", "Set version, as in `v0.1.0`.")
    if not plugin.sha256:
        yield Breach("unseal.plugin.sha256", "Without a checksum OpenBao starts no plugin.")
    for name, text in (("command", plugin.command), ("binaryName", plugin.binary_name)):
        if text is not None and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", str(text)):
            reason = "OpenBao only starts a file of its plugin folder."
            yield Breach(f"unseal.plugin.{name}", reason, "Write the file's name alone: no folder, no arguments.")
    if plugin.image is not None and ("//" in str(plugin.image) or not _IMAGE.fullmatch(str(plugin.image))):
        way_out = "Write it like `<registry>/<name>:<tag>@sha256:…`."
        yield Breach("unseal.plugin.image", "This is no image reference.", way_out)
    for architecture, checksum in plugin.sha256.items():
        if not re.fullmatch(r"[0-9a-f]{64}", str(checksum)):
            yield Breach(f"unseal.plugin.sha256.{architecture}", "A checksum is 64 lower-case hex digits.")


@rule(
    "openbao.seal.plugin-architecture",
    "The checksum fits every node",
    since="ours",
    fields=("unseal.plugin.sha256", "scheduling.nodeSelector"),
    reason="One configuration has one checksum, so all pods must run on nodes of one architecture.",
    way_out="Set `kubernetes.io/arch` in scheduling.nodeSelector to the architecture of the checksum.",
    when=lambda case: _plugin(case) is not None,
)
def plugin_architecture(case: Case) -> Iterator[Breach]:
    plugin = _plugin(case)
    selected = case.spec.scheduling.node_selector.get("kubernetes.io/arch")
    if plugin is None or selected is None:
        return
    if plugin.sha256 and str(selected) not in plugin.sha256:
        yield Breach("unseal.plugin.sha256", f"There is no checksum for the selected architecture {selected}.")


@rule(
    "contract.plugin.image-digest",
    "The plugin's image is pinned by its digest",
    since="0.2",
    scope="Hardened",
    fields=("unseal.plugin.image",),
    reason="The operator's policy wants `@sha256:` in the image of every container and init container.",
    way_out="Append the digest to unseal.plugin.image, as in `<repository>:<tag>@sha256:…`.",
    when=lambda case: _plugin(case) is not None,
)
def pinned_plugin(case: Case) -> Iterator[Breach]:
    plugin = _plugin(case)
    if plugin is None or plugin.image is None or plugin.delivery == "download":
        return
    if not re.search(r"@sha256:[0-9a-f]{64}\Z", str(plugin.image)):
        yield Breach("unseal.plugin.image")


@rule(
    "openbao.seal.generic-name",
    "A generic plugin has a name of its own",
    since="ours",
    fields=("unseal.name",),
    reason="The name becomes the seal's; one that OpenBao or this specification already knows would be mistaken for "
    "it.",
    way_out="Write the plugin's own name in lower case, or use the typed seal (unseal.type) for a known one.",
    when=lambda case: isinstance(case.spec.unseal, GenericKmsUnseal),
)
def generic_name(case: Case) -> Iterator[Breach]:
    known = {"static", "transit", "kmip", "shamir", "awskms", "gcpckms", "azurekeyvault", "ocikms", "pkcs11"}
    name = _seal(case)
    if name in known or not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        yield Breach("unseal.name")
