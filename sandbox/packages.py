"""Programs that come from the distribution: looked for first, installed by apt-get when missing, else named clearly."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox import commands, progress
from sandbox.errors import UnsupportedMachineError
from sandbox.settings import OWN_CLUSTER_HINT, Places

# Waits while another program installs something, as new machines do by themselves.
_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300")
_CNI_FOLDERS = ("/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin")
_CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap")


@dataclass(frozen=True)
class Requirement:
    """A command the nodes need, and the Debian package that has it."""

    command: str
    package: str


REQUIREMENTS = (
    Requirement("containerd", "containerd"),
    Requirement("ctr", "containerd"),
    Requirement("runc", "runc"),
    Requirement("nft", "nftables"),
    Requirement("iptables", "iptables"),
    Requirement("conntrack", "conntrack"),
    Requirement("ip", "iproute2"),
    Requirement("sysctl", "procps"),
    Requirement("mount", "mount"),
    Requirement("unshare", "util-linux"),
    Requirement("nsenter", "util-linux"),
    Requirement("setsid", "util-linux"),
)


def ensure(places: Places) -> None:
    """Install what the nodes need. Raises UnsupportedMachineError as `install` does."""
    install(places, _missing)


def commands_of(package: str, *names: str) -> Callable[[], dict[str, str]]:
    """What `install` asks for the commands of one package: those that are not there, each with the package."""
    return lambda: {name: package for name in names if not shutil.which(name)}


def install(places: Places, look: Callable[[], dict[str, str]]) -> None:
    """Install what is missing; `look` tells what that is by Debian package.

    Raises UnsupportedMachineError naming the commands when there is no apt-get to do it.
    """
    missing = look()
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise UnsupportedMachineError(
            f"These commands are missing and there is no apt-get to install them: {', '.join(missing)}. "
            f"Install them with this system's package manager. {OWN_CLUSTER_HINT}"
        )
    names = sorted(set(missing.values()))
    progress.say(f"missing commands: {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = places.cache / "log"
    commands.run_long("reading package lists", [*_APT, "update", "-q"], log / "apt-update.log", env=environment)
    packages = [*_APT, "install", "-q", "-y", "--no-install-recommends", *names]
    commands.run_long(f"installing {', '.join(names)}", packages, log / "apt-install.log", env=environment)
    if still := look():
        raise UnsupportedMachineError(f"Still missing after installing {', '.join(names)}: {', '.join(still)}.")


def _missing() -> dict[str, str]:
    """Missing command -> package."""
    missing = {need.command: need.package for need in REQUIREMENTS if not shutil.which(need.command)}
    if _find_cni_plugins() is None:
        missing["the CNI plugins " + " ".join(_CNI_PLUGINS)] = "containernetworking-plugins"
    if _find_busybox() is None:
        missing["a static busybox"] = "busybox-static"
    return missing


def cni_plugins() -> Path:
    """Folder of the CNI plugins."""
    return _present(_find_cni_plugins(), "CNI plugins")


def busybox() -> Path:
    """A statically linked busybox: it is the shell in the images."""
    return _present(_find_busybox(), "static busybox")


def _present(found: Path | None, what: str) -> Path:
    if found is None:
        raise UnsupportedMachineError(f"{what} not found; `python -m sandbox up` installs it where apt-get exists.")
    return found


def _find_cni_plugins() -> Path | None:
    folders = (Path(folder) for folder in _CNI_FOLDERS)
    return next((folder for folder in folders if all((folder / plugin).exists() for plugin in _CNI_PLUGINS)), None)


def _find_busybox() -> Path | None:
    found = shutil.which("busybox")
    if not found:
        return None
    with open(found, "rb") as binary:
        dynamic = b"/ld-" in binary.read(4096)  # an interpreter's path near the start means: needs shared libraries
    return None if dynamic else Path(found)
