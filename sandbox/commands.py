"""Running other programs: with their output in a log and visible progress, or captured with a readable error."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox import progress
from sandbox.errors import BuildError, SandboxError, log_tail


def run(command: Sequence[str | Path], stdin: str | None = None) -> str:
    """Run a command to its end and return its standard output. Raises SandboxError with its last words."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SandboxError(f"`{' '.join(words)[:300]}` failed (exit {done.returncode}): {done.stderr.strip()[-1000:]}")
    return done.stdout


def run_long(
    label: str, command: Sequence[str | Path], log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a command that takes long: output to ``log``, progress to the user. Raises BuildError with the log's end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with progress.step(label) as beat, log.open("w") as output:
        child = subprocess.Popen(
            [str(word) for word in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while not _ended(child):
                beat()
        except BaseException:
            child.terminate()
            child.wait()
            raise
        if child.returncode != 0:
            raise BuildError(f"{label} failed (exit {child.returncode}); whole log: {log}\n{log_tail(log, 15)}")


def _ended(child: "subprocess.Popen[bytes]") -> bool:
    try:
        child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return False
    return True
