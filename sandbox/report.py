"""What ``status`` says: machines, versions, memory, images, places."""

import importlib
import os
from pathlib import Path

from sandbox import build, control_plane, images, network, wheels
from sandbox.box import Box
from sandbox.settings import MAX_NODES, Places

_PAGE = os.sysconf("SC_PAGE_SIZE")


def status(places: Places) -> str:
    """A few lines for a terminal: what runs, in which versions, how much memory it takes, and where things are."""
    boxes = [Box(control_plane.NAME, places)]
    boxes += [Box(network.node_name(number), places) for number in range(1, MAX_NODES + 1)]
    lines = [_machine(box) for box in boxes if box.folder.exists()] or ["nothing was started yet"]
    lines += ["", f"Kubernetes     {build.KUBERNETES_VERSION}", f"Pulumi engine  {build.PULUMI_VERSION}"]
    lines += [f"OpenBao        {', '.join(wheels.OPENBAO)}"]
    kubeconfig = places.kubeconfig if places.kubeconfig.exists() else "none yet"
    lines += [f"memory         {_memory(boxes) / 2**20:.0f} MiB resident", f"kubeconfig     {kubeconfig}"]
    lines += [f"state          {places.state}", f"cache          {places.cache}", f"logs           {places.logs}"]
    return "\n".join([*lines, "", *_pulumi(places), "", *_images(places)])


def _machine(box: Box) -> str:
    if box.pid is None:
        return f"{box.name:<14} off"
    return f"{box.name:<14} on: {', '.join(sorted(box.daemons()))}"


def _pulumi(places: Places) -> list[str]:
    """Which parts of Pulumi are official and which stand in for them."""
    if not build.is_built(places):
        return ["Pulumi         not built yet (`python -m sandbox build`)"]
    chosen = importlib.import_module("sandbox.pulumi_environment").chosen(build.tools(places))
    return [f"{name:<14} {origin}" for name, origin in chosen.items()]


def _images(places: Places) -> list[str]:
    """Digests of the images that are built; none is built for a status."""
    built = images.built(places)
    if not built:
        return ["images         none built yet (`python -m sandbox build`)"]
    return [f"image          {image.reference}@{image.digest}" for image in built]


def _memory(boxes: list[Box]) -> int:
    """Resident bytes of everything in the boxes, containers included: these are descendants of the boxes' processes."""
    parents = {pid: _status(pid) for pid in (entry.name for entry in Path("/proc").iterdir()) if pid.isdigit()}
    ours = {pid for box in boxes for pid in box.processes()}
    grown = True
    while grown:
        children = {pid for pid, (parent, _) in parents.items() if parent in ours} - ours
        ours |= children
        grown = bool(children)
    return sum(parents[pid][1] for pid in ours if pid in parents)


def _status(pid: str) -> tuple[str, int]:
    """Parent and resident bytes of a process; empty for one that just ended."""
    try:
        parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
        return parent, int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return "", 0
