"""Where the sandbox keeps its things: outside the checkout, so that a fresh clone starts warm and stays clean."""

import fcntl
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import progress
from sandbox.errors import UnsupportedMachineError

MAX_NODES = 5
"""Certificates and routes are prepared for this many nodes."""

OWN_CLUSTER_HINT = "To use a cluster of your own instead: make up KUBECONFIG=/path/to/kubeconfig"

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Places:
    """The two folders of the sandbox: a cache that may be deleted at any time, and the state of the one cluster."""

    cache: Path
    state: Path

    @classmethod
    def from_environment(cls) -> "Places":
        """OPENBAO_SANDBOX_CACHE (else XDG_CACHE_HOME, else ~/.cache) and OPENBAO_SANDBOX_STATE (else /var/lib)."""
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        cache = os.environ.get("OPENBAO_SANDBOX_CACHE") or caches / "openbao-sandbox"
        state = os.environ.get("OPENBAO_SANDBOX_STATE") or "/var/lib/openbao-sandbox"
        return cls(Path(cache).absolute(), Path(state).absolute())

    @property
    def pki(self) -> Path:
        """Certificates, keys and kubeconfigs."""
        return self.state / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; works from the host."""
        return self.pki / "admin.kubeconfig"

    @property
    def logs(self) -> Path:
        """One log per daemon: ``<box>.<daemon>.log``."""
        return self.state / "log"

    @property
    def pulumi(self) -> Path:
        """State of the Pulumi engine: backend, passphrase, wrappers."""
        return self.state / "pulumi"


def architecture() -> str:
    """This machine's architecture in OCI's words: amd64 or arm64. Raises UnsupportedMachineError for others."""
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise UnsupportedMachineError(f"The sandbox runs on amd64 and arm64, not on {machine}. {OWN_CLUSTER_HINT}")
    return _ARCHITECTURES[machine]


def require_linux_root() -> None:
    """Raises UnsupportedMachineError unless this is Linux and the user is root: a cluster needs namespaces."""
    if not sys.platform.startswith("linux"):
        raise UnsupportedMachineError(f"The sandbox needs Linux; this is {sys.platform}. {OWN_CLUSTER_HINT}")
    if os.geteuid() != 0:
        raise UnsupportedMachineError(
            "The sandbox needs root, because it starts a kubelet and containers in namespaces of its own. "
            f"Run it as root (sudo -E). {OWN_CLUSTER_HINT}"
        )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: of two commands at once the second waits, and says so. Creates the folder, mode 0700."""
    while True:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "lock").open("a+") as lock:
            _acquire(lock.fileno(), folder)
            # `wipe` may have removed the file while we waited: then the lock we hold is nobody's
            try:
                same = os.path.samestat(os.fstat(lock.fileno()), (folder / "lock").stat())
            except FileNotFoundError:
                same = False
            if same:
                yield
                return


def _acquire(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress.say(f"waiting for another sandbox command that works in {folder}")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
