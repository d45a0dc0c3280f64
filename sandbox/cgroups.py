"""The cgroups that the nodes' pods live in, on machines with cgroup v1 (one tree per controller) and v2 (one tree)."""

import os
import time
from pathlib import Path

from sandbox.errors import UnsupportedMachineError

ROOT = Path("/sys/fs/cgroup")
NAME = "openbao-sandbox"


def create(node: str) -> None:
    """Make ``/openbao-sandbox/<node>`` in every tree, empty: kubelet wants its cgroupRoot to exist.

    What a lost node left is removed first, as a reboot would: kubelet waits three seconds for each container it finds.
    """
    remove(node)
    try:
        for tree in _trees():
            for folder in (tree / NAME, tree / NAME / node):
                folder.mkdir(exist_ok=True)
                _make_usable(tree, folder)
    except OSError as error:
        raise UnsupportedMachineError(
            f"Cannot prepare cgroups below {ROOT} ({error}). The sandbox needs a writable cgroup tree; "
            "in a container, run it privileged with a cgroup namespace of the host."
        ) from error


def remove(node: str = "") -> list[Path]:
    """Remove a node's cgroups, or all; return those that are still in use after five seconds (normally none)."""
    left: list[Path] = []
    for _ in range(100):  # a process that was just killed may hold its cgroup for a moment
        left = [folder for folder in _ours(node) if not _removed(folder)]
        if not left:
            break
        time.sleep(0.05)
    return left


def _trees() -> list[Path]:
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [tree for tree in ROOT.iterdir() if tree.is_dir() and not tree.is_symlink() and tree.name != "unified"]


def _make_usable(tree: Path, folder: Path) -> None:
    if tree == ROOT:  # v2: a child has only the controllers that its parent hands down
        for parent in (tree, folder):
            controllers = (parent / "cgroup.controllers").read_text().split()
            (parent / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in controllers))
    elif tree.name.startswith("cpuset"):  # v1: a new cpuset is empty until filled, top down
        for setting in ("cpuset.cpus", "cpuset.mems"):
            (folder / setting).write_text((tree / setting).read_text())


def _ours(node: str) -> list[Path]:
    """Deepest first: a cgroup can be removed only when it has no children. Runc also makes some in v1's `unified`."""
    tops = [top / NAME / node for top in (ROOT, *ROOT.iterdir()) if not top.is_symlink()]
    return [Path(folder) for top in tops if top.is_dir() for folder, _, _ in os.walk(top, topdown=False)]


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True
