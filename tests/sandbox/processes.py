"""The server process of one pod, seen from the host: for faults that no API can play at the right moment."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path


def server_process(pod: str, namespace: str, seconds: float = 60) -> int:
    """Process id of the pod's `bao server`, as soon as there is one. Raises AssertionError when there is none."""
    deadline = time.monotonic() + seconds
    wanted = re.compile(rf"BAO_API_ADDR=https://{pod}\.[^.]+\.{namespace}\.svc".encode())
    while time.monotonic() < deadline:
        for folder in Path("/proc").glob("[0-9]*"):
            if _is(folder, wanted):
                return int(folder.name)
        time.sleep(0.02)
    raise AssertionError(f"pod {namespace}/{pod}: no server process within {seconds} s")


def _is(folder: Path, variable: re.Pattern[bytes]) -> bool:
    try:
        command = (folder / "cmdline").read_bytes().split(b"\0")
        if command[1:2] != [b"server"] or not command[0].endswith(b"bao"):
            return False
        return any(variable.match(line) for line in (folder / "environ").read_bytes().split(b"\0"))
    except OSError:  # it has just ended
        return False


def kill(process: int) -> None:
    """SIGKILL, as the kernel does when memory runs out."""
    os.kill(process, signal.SIGKILL)
