"""The processes that the language host starts: watched, streamed, and never left behind."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Generator
from typing import IO, Any

_BLOCK = 65536


class Children:
    """Each child gets a session of its own: the engine's SIGINT for this host must not reach a program at work."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, command: list[str], **options: Any) -> int:
        """Run to the end on this process's own output; the exit status."""
        child = self._start(command, options)
        try:
            return child.wait()
        finally:
            self._running.discard(child)

    def stream(self, command: list[str], reply: Any, context: Any, **options: Any) -> Generator[Any, None, int]:
        """Run and yield `reply(stdout=…)` and `reply(stderr=…)`; returns the exit status.

        The call's end, from whichever side, ends the child.
        """
        child = self._start(command, {**options, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE})
        context.add_callback(lambda: _kill(child))
        blocks: queue.Queue[tuple[str, bytes]] = queue.Queue()
        for name, pipe in (("stdout", child.stdout), ("stderr", child.stderr)):
            threading.Thread(target=_pump, args=(name, pipe, blocks), daemon=True).start()
        open_pipes = 2
        while open_pipes:
            name, block = blocks.get()
            if block:
                yield reply(**{name: block})
            else:
                open_pipes -= 1
        self._running.discard(child)
        return child.wait()

    def stop(self) -> None:
        """End every child at once."""
        for child in list(self._running):
            _kill(child)

    def _start(self, command: list[str], options: dict[str, Any]) -> subprocess.Popen[bytes]:
        child: subprocess.Popen[bytes] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, **options
        )
        self._running.add(child)
        return child


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.kill()


def _pump(name: str, pipe: IO[bytes], blocks: queue.Queue[tuple[str, bytes]]) -> None:
    while block := pipe.read1(_BLOCK):  # type: ignore[attr-defined]
        blocks.put((name, block))
    blocks.put((name, b""))
