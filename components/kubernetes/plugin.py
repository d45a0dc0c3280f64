"""How the seal's plugin gets into the pod: copied out of its image before the server starts, or fetched by the server.

Upstream's plugin images hold the binary at their root and nothing else, no `cp` either. Delivery `imageVolume`
therefore mounts the image (stable in Kubernetes 1.36) and lets the server's image copy: a mounted image is `noexec`
with most runtimes (https://kubernetes.io/docs/concepts/storage/volumes/#image). The server always finds a plain,
executable file, and starts it only if it has the checksum of its configuration.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Final

from components.kubernetes import pod
from profiles.layout import PLUGIN_DIR
from profiles.rendering import plugin_architecture, plugin_command
from profiles.rendering.plugins import ARCHITECTURE_LABEL
from profiles.specification import Specification
from profiles.specification.unseal import KmsPlugin, StaticUnseal

_IMAGE_DIR: Final = "/plugin-image"
# An unpacked plugin has about 25 MB; a downloading server keeps it in a cache of its own beside it.
_SIZE_LIMIT: Final = "256Mi"


def _plugin(specification: Specification) -> KmsPlugin | None:
    """The plugin, if it comes out of an image; one that lies in the server's image needs nothing here."""
    unseal = specification.unseal
    if unseal is None or isinstance(unseal, StaticUnseal) or unseal.plugin is None or unseal.plugin.image is None:
        return None
    return unseal.plugin


def _reference(plugin: KmsPlugin) -> str:
    """The image as Kubernetes wants it: with tag or digest."""
    image = str(plugin.image)
    return image if re.search(r"@|:[^/]+$", image) else f"{image}:{plugin.version}"


def node_selector(specification: Specification) -> dict[str, str]:
    """The nodes that the rendered checksum is right for."""
    architecture = plugin_architecture(specification)
    return {ARCHITECTURE_LABEL: architecture} if architecture else {}


def init_containers(specification: Specification) -> list[dict[str, Any]]:
    """The copying container; none where the server downloads or has the plugin already."""
    plugin = _plugin(specification)
    if plugin is None or plugin.delivery == "download":
        return []
    from_volume = plugin.delivery == "imageVolume"
    binary = plugin_command(specification)
    mounts: list[dict[str, Any]] = [{"name": "plugins", "mountPath": PLUGIN_DIR}]
    if from_volume:
        mounts.append({"name": "plugin-image", "mountPath": _IMAGE_DIR, "readOnly": True})
    source = PurePosixPath(_IMAGE_DIR if from_volume else "/", binary)
    return [
        {
            "name": "plugin",
            "image": pod.image(specification) if from_volume else _reference(plugin),
            "imagePullPolicy": specification.image.pull_policy,
            # Without a shell: the plugin's image may have none.
            "command": ["cp", str(source), str(PurePosixPath(PLUGIN_DIR, binary))],
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "securityContext": pod.container_security(),
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
            "volumeMounts": mounts,
        }
    ]


def volumes(specification: Specification) -> list[dict[str, Any]]:
    """The plugin folder, and the image it is filled from."""
    plugin = _plugin(specification)
    if plugin is None:
        return []
    made: list[dict[str, Any]] = [{"name": "plugins", "emptyDir": {"sizeLimit": _SIZE_LIMIT}}]
    if plugin.delivery == "imageVolume":
        source = {"reference": _reference(plugin), "pullPolicy": specification.image.pull_policy}
        made.append({"name": "plugin-image", "image": source})
    return made


def mounts(specification: Specification) -> list[dict[str, Any]]:
    """Where the server finds its plugins; writable only for a server that downloads."""
    plugin = _plugin(specification)
    if plugin is None:
        return []
    return [{"name": "plugins", "mountPath": PLUGIN_DIR, "readOnly": plugin.delivery != "download"}]
