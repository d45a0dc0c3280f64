"""Errors of the sandbox: what happened, why, and the way out, in one or two sentences and without a traceback."""

from pathlib import Path


class SandboxError(Exception):
    """The sandbox cannot do what was asked. The message is meant for the user and holds no secret."""


class UnsupportedMachineError(SandboxError):
    """This machine cannot host the sandbox (operating system, privileges, missing commands)."""


class BuildError(SandboxError):
    """A tool or an image could not be built or fetched."""


class DaemonError(SandboxError):
    """A daemon of the cluster ended or never became ready."""


def log_tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log file, indented, for the end of an error message; empty when there is no log."""
    if not log.exists():
        return ""
    tail = log.read_text(errors="replace").rstrip().splitlines()[-lines:]
    return "\n".join(f"  {line}" for line in tail)
