"""Writing container images as OCI layout archives, without a registry and without a container engine.

All metadata is fixed, so that the digest depends on the content alone: the same binaries give the same digest on every
machine of one architecture. Shapes: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md).
"""

import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_MEDIA = "application/vnd.oci.image"


@dataclass(frozen=True)
class Folder:
    """A folder in an image."""

    path: str
    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class File:
    """A file in an image, from bytes or from a file of this machine."""

    path: str
    content: bytes | Path
    mode: int = 0o644


@dataclass(frozen=True)
class Link:
    """A symbolic link in an image."""

    path: str
    target: str


@dataclass(frozen=True)
class Image:
    """An image of one layer. ``repository`` and ``tag`` as a pod would write them."""

    repository: str
    tag: str
    entrypoint: tuple[str, ...]
    content: tuple[Folder | File | Link, ...]
    user: str = ""
    command: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """``repository:tag``."""
        return f"{self.repository}:{self.tag}"


def write(image: Image, architecture: str, archive: Path) -> str:
    """Write the image to ``archive`` (a tar) and return its digest, ``sha256:…``.

    The index names the manifest twice, by tag and by digest: containerd then starts pods of either form without a pull
    (its importer takes the names from the annotation ``io.containerd.image.name``).
    """
    layer = archive.with_suffix(".layer")
    try:
        layer_digest, layer_size = _write_layer(image, layer)
        config = _config(image, architecture, layer_digest)
        manifest = _manifest(image, config, layer_digest, layer_size)
        digest = _digest(manifest)
        index = _index(manifest, digest, (image.reference, f"{image.repository}@{digest}"))
        with tarfile.open(archive, "w") as tar:
            _add(tar, File("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'))
            _add(tar, File("index.json", index))
            _add(tar, File(_blob(_digest(config)), config))
            _add(tar, File(_blob(digest), manifest))
            _add(tar, File(_blob(layer_digest), layer))
    finally:
        layer.unlink(missing_ok=True)
    return digest


def _write_layer(image: Image, path: Path) -> tuple[str, int]:
    with path.open("wb") as plain:
        hashing = _HashingWriter(plain)
        with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.GNU_FORMAT) as tar:
            for entry in image.content:
                _add(tar, entry)
    return "sha256:" + hashing.sha256.hexdigest(), path.stat().st_size


def _config(image: Image, architecture: str, layer_digest: str) -> bytes:
    return _canonical(
        {
            "architecture": architecture,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
            "config": {
                "Entrypoint": list(image.entrypoint),
                "Cmd": list(image.command),
                "User": image.user,
                "WorkingDir": "/",
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "Labels": image.labels,
            },
        }
    )


def _manifest(image: Image, config: bytes, layer_digest: str, layer_size: int) -> bytes:
    return _canonical(
        {
            "schemaVersion": 2,
            "mediaType": f"{_MEDIA}.manifest.v1+json",
            "config": {"mediaType": f"{_MEDIA}.config.v1+json", "digest": _digest(config), "size": len(config)},
            "layers": [{"mediaType": f"{_MEDIA}.layer.v1.tar", "digest": layer_digest, "size": layer_size}],
            "annotations": image.labels,
        }
    )


def _index(manifest: bytes, digest: str, names: tuple[str, ...]) -> bytes:
    descriptor = {"mediaType": f"{_MEDIA}.manifest.v1+json", "digest": digest, "size": len(manifest)}
    named = [{**descriptor, "annotations": {"io.containerd.image.name": name}} for name in names]
    return _canonical({"schemaVersion": 2, "manifests": named})


def _add(tar: tarfile.TarFile, entry: Folder | File | Link) -> None:
    info = tarfile.TarInfo(entry.path.lstrip("/"))
    if isinstance(entry, Folder):
        info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, entry.mode, entry.uid, entry.gid
        tar.addfile(info)
    elif isinstance(entry, Link):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.target, 0o777
        tar.addfile(info)
    elif isinstance(entry.content, bytes):
        info.mode, info.size = entry.mode, len(entry.content)
        tar.addfile(info, io.BytesIO(entry.content))
    else:
        info.mode, info.size = entry.mode, os.path.getsize(entry.content)
        with entry.content.open("rb") as source:
            tar.addfile(info, source)


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


class _HashingWriter(io.RawIOBase):
    """Passes writes on and hashes them: a layer of 180 MB is read only once."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target, self.sha256 = target, hashlib.sha256()

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        return self.target.write(data)
