"""A box: one machine to play, made of namespaces that one process holds.

Killing that process ends every daemon, shim and container in the box and takes its mounts, network and packet filters
along, which makes teardown complete and is a faithful loss of power.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox import commands
from sandbox.errors import DaemonError, SandboxError, log_tail
from sandbox.settings import Places

_HOLDER = Path(__file__).with_name("holder.py")
_NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc")
_START_GRACE_SECONDS = 2.0


class Box:
    """One box by name; it may or may not be running, whoever started it."""

    def __init__(self, name: str, places: Places) -> None:
        self.name, self.places = name, places
        self.folder = places.state / name
        self._started: dict[str, float] = {}

    @property
    def pid(self) -> int | None:
        """PID of the holder, or None when the box is off."""
        pid = self._noted_pid()
        # a holder that is being killed gives up its namespaces first, and waits for the rest of the box
        return pid if pid is not None and _namespace(str(pid)) else None

    def _noted_pid(self) -> int | None:
        """PID of the holder until it is wholly gone. PIDs are reused, so the start time must agree as well."""
        try:
            pid, start = (self.folder / "pid").read_text().split()
            return int(pid) if _start_time(pid) == start else None
        except (OSError, ValueError):
            return None

    @contextmanager
    def starting(self, filter_bridge: bool) -> Iterator[None]:
        """Switch the box on for the work of setting it up; when that fails it is switched off, so that one can retry.

        Raises SandboxError when its namespaces cannot be made.
        """
        try:
            self._start(filter_bridge)
            yield
        except BaseException:
            self.stop()
            raise

    def _start(self, filter_bridge: bool) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.places.logs.mkdir(parents=True, exist_ok=True)
        (self.folder / "pid").unlink(missing_ok=True)
        holder: list[str | Path] = [
            sys.executable,
            "-I",
            _HOLDER,
            self.folder,
            self.places.state,
            self.places.cache,
            self.name,
        ]
        unshare = ["unshare", *_NAMESPACES, "--fork", "--kill-child=SIGKILL"]
        self._detach("holder", [*unshare, *holder, "1" if filter_bridge else "0"])
        deadline = time.monotonic() + 10
        while self.pid is None:
            if time.monotonic() > deadline:
                tail = log_tail(self._log("holder"))
                raise SandboxError(
                    f"The namespaces of {self.name} could not be prepared. Does this machine allow new namespaces, "
                    f"mounts and network links? The end of {self._log('holder')}:\n{tail}"
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Cut the power. Returns when everything in the box is gone."""
        pid = self._noted_pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            while self._noted_pid() == pid:
                time.sleep(0.02)
        (self.folder / "pid").unlink(missing_ok=True)

    def require_pid(self) -> int:
        """PID of the holder. Raises SandboxError when the box is off."""
        pid = self.pid
        if pid is None:
            raise SandboxError(f"{self.name} is not running; `python -m sandbox status` shows what is.")
        return pid

    def command(self, *words: str | Path) -> list[str | Path]:
        """The words of a command that runs ``words`` inside the box. Raises SandboxError when the box is off."""
        return ["nsenter", "-t", str(self.require_pid()), "-m", "-n", "-p", "-u", "-i", "--", *words]

    def run(self, *words: str | Path) -> str:
        """Run a command inside the box to its end and return its standard output."""
        return commands.run(self.command(*words))

    def network_shell(self, script: str) -> None:
        """Run a shell script in the box's network only; it sees the host's processes, and ends at the first error."""
        commands.run(["nsenter", f"--net=/proc/{self.require_pid()}/ns/net", "--", "sh", "-ec", script])

    def ensure(self, daemon: str | Path, *arguments: str | Path) -> bool:
        """Start a daemon (a program's path) unless it runs already in this box. Says whether it was started."""
        name = Path(daemon).name
        if name in self.daemons():
            return False
        self._detach(name, self.command(daemon, *arguments))
        self._started[name] = time.monotonic()
        return True

    def end(self, daemon: str) -> None:
        """Kill a daemon of this box, as a crash does; ``ensure`` starts it again. Does nothing when it does not run."""
        holder = str(self.pid)
        for pid in self.processes():
            if pid != holder and _program(pid) == daemon:
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        self._started.pop(daemon, None)
        while daemon in self.daemons():
            time.sleep(0.02)

    def daemons(self) -> set[str]:
        """Names of the programs that run in this box, without its holder and without containers."""
        holder = str(self.pid)
        return {name for pid in self.processes() if pid != holder and (name := _program(pid))}

    def processes(self) -> list[str]:
        """PIDs of the box's own processes, as the host sees them; containers have PID namespaces of their own."""
        holder = self.pid
        namespace = _namespace(str(holder)) if holder else ""
        return (
            [pid for pid in os.listdir("/proc") if pid.isdigit() and _namespace(pid) == namespace] if namespace else []
        )

    def wait(self, what: str, ready: Callable[[], bool], seconds: float = 90) -> None:
        """Wait until ``ready``; an error it raises means not yet. Raises DaemonError when it cannot come."""
        deadline = time.monotonic() + seconds
        while not _is(ready):
            for daemon, since in self._started.items():
                if time.monotonic() - since > _START_GRACE_SECONDS and daemon not in self.daemons():
                    raise DaemonError(self._explain(f"{daemon} ended on {self.name}", daemon))
            if time.monotonic() > deadline:
                logs = self.places.logs / f"{self.name}.*.log"
                raise DaemonError(f"{what}: not after {seconds:.0f} s. The logs may say why: {logs}")
            time.sleep(0.1)

    def _explain(self, what: str, daemon: str) -> str:
        return f"{what}. The end of {self._log(daemon)}:\n{log_tail(self._log(daemon))}"

    def _log(self, daemon: str) -> Path:
        return self.places.logs / f"{self.name}.{daemon}.log"

    def _detach(self, daemon: str, command: list[str | Path]) -> None:
        """Start a process that is not our child, so that it outlives us and leaves us no zombie when it ends."""
        with self._log(daemon).open("ab") as log:
            words = ["setsid", "--fork", *map(str, command)]
            subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=True)


def _is(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except (SandboxError, OSError, LookupError, ValueError):
        return False


def _namespace(pid: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def _program(pid: str) -> str:
    """The name a process was called by; empty for a zombie, which has no command line left."""
    try:
        return Path(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()).name
    except (OSError, UnicodeDecodeError):
        return ""


def _start_time(pid: str) -> str:
    """Field 22 of /proc/PID/stat; a zombie counts as gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return "" if fields[0] == "Z" else fields[19]
