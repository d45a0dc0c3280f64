"""One run of the benchmark: shows what is being measured, and names what could not be, without ending for it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from sandbox.cluster import Cluster
from sandbox.progress import duration

_console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


@dataclass
class Run:
    """What every section gets. `failures`: one sentence for each measurement that could not be taken."""

    cluster: Cluster
    folder: Path
    """For stacks and files; goes away with the run."""
    repetitions: int
    failures: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """One line for who watches, with the time since the run began."""
        _console.print(f"[{duration(time.monotonic() - self.began):>12}] {line}")

    @contextmanager
    def measuring(self, what: str) -> Iterator[None]:
        """Announce a measurement; whatever goes wrong inside is noted under its name, and the run goes on."""
        self.say(f"{what} …")
        try:
            yield
        except Exception as error:
            reason = str(error).strip() or type(error).__name__
            self.failures.append(f"{what}: {reason}")
            self.say(f"{what}: NOT MEASURED: {reason}")
            self._log(what)

    @property
    def log(self) -> Path:
        """Where the whole story of every failure goes."""
        return self.cluster.places.cache / "log" / "bench.log"

    def _log(self, what: str) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as log:
            log.write(f"== {time.strftime('%Y-%m-%d %H:%M:%S')} {what}\n{traceback.format_exc()}\n")
