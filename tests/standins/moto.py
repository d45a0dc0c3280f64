"""A moto server of a test's own: AWS as the aws stand-in knows it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.server.binaries import moto_path


@contextmanager
def moto(folder: Path, address: str = "127.0.0.1") -> Iterator[str]:
    """URL of a running server; it forgets everything at the end."""
    with socket.create_server((address, 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", address, "-p", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(moto_path())}
    with (
        (folder / "moto.log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait(address, port)
            yield f"http://{address}:{port}"
        finally:
            process.terminate()


@retry(stop=stop_after_delay(60), wait=wait_fixed(0.2), retry=retry_if_exception_type(OSError), reraise=True)
def _wait(address: str, port: int) -> None:
    socket.create_connection((address, port), timeout=1).close()
