"""What the user sees while something takes time: a live line on a terminal, plain lines elsewhere. Always on stderr,
because the standard output of ``env`` and ``kubectl`` belongs to the caller."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

_console = Console(stderr=True, highlight=False)
_HEARTBEAT_SECONDS = 30.0


def say(message: str) -> None:
    """One line for the user."""
    _console.print(message, markup=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """``4.2 s`` below a minute, else ``3 min 07 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


@contextmanager
def step(label: str) -> Iterator[Callable[[], None]]:
    """Announce a step and its time. The yielded function, called now and then while waiting, shows the elapsed time."""
    start = time.monotonic()
    if _console.is_terminal:
        with _console.status(label) as status:
            yield lambda: status.update(f"{label}  {duration(time.monotonic() - start)}")
    else:
        say(f"{label} …")
        yield _heartbeat(label, start)
    say(f"{label}: done in {duration(time.monotonic() - start)}")


def _heartbeat(label: str, start: float) -> Callable[[], None]:
    last = start

    def beat() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _HEARTBEAT_SECONDS:
            last = now
            say(f"{label}: {duration(now - start)} so far")

    return beat
