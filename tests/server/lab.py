"""One test's place on this machine: a folder, loopback addresses of its own, a CA, and processes that end with it."""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import tenacity

from tests.server.pki import Authority

T = TypeVar("T")

_networks = itertools.count(1)


class Lab:
    """Everything a test starts; leaving the context ends every process, by its id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = Authority()
        # one /24 of the loopback network per lab, another /16 per test process: pytest's two workers never meet
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        self._network = f"127.{16 + os.getpid() % 112 * 2 + worker % 2}.{next(_networks)}"
        self._hosts = itertools.count(1)
        self._processes: list[Process] = []

    def address(self) -> str:
        """A loopback address that nobody else uses."""
        return f"{self._network}.{next(self._hosts)}"

    def within(self, name: str) -> Lab:
        """The same lab (CA, addresses, processes) with a folder of its own below this one's."""
        inner = copy.copy(self)
        inner.folder = self.folder / name
        inner.folder.mkdir()
        return inner

    def start(self, command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None) -> Process:
        """Start a program with only this environment (and PATH), its output in `log`."""
        process = Process([str(part) for part in command], log, environment or {})
        self._processes.append(process)
        return process

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for process in reversed(self._processes):
            process.kill()


class Process:
    """A child process."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], "HOME": str(log.parent), **environment},
                cwd=log.parent,
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.exit_code() is None:
            self._process.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, then make it."""
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """As a power loss would, with all of its own children (plugins)."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)

    def tail(self, lines: int = 15) -> str:
        """The end of its output, for a failing test's message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def eventually(probe: Callable[[], T | None], what: str, seconds: float = 40) -> T:
    """The first truthy answer of `probe`; errors of connections count as no answer yet."""
    waiting = tenacity.Retrying(
        stop=tenacity.stop_after_delay(seconds),
        wait=tenacity.wait_fixed(0.1),
        retry=tenacity.retry_if_result(lambda answer: not answer) | tenacity.retry_if_exception_type(OSError),
    )
    try:
        answer = waiting(probe)
    except tenacity.RetryError as error:
        raise TimeoutError(f"not within {seconds} s: {what}") from error
    assert answer
    return answer
