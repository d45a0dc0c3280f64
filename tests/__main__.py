"""Runs the tiers in order, each with what is real in it and how long it took: `python -m tests [TIER…]`."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Final

from sandbox.cluster import Cluster
from sandbox.errors import SandboxError


@dataclass(frozen=True)
class Tier:
    """What is real in a tier, and which tests it holds."""

    real: str
    tests: tuple[str, ...]
    prepared_by: tuple[str, ...] = ()
    """A module and its arguments: builds and installs in the open what tests would else do unseen."""


_BUILD: Final = ("sandbox", "build")
_UP: Final = ("sandbox", "up", "--nodes", "3")
_CALM: Final = ("-n", "2", "--dist", "loadfile", "-m", "not alone", "tests/sandbox")  # they mostly wait
TIERS: Final = {
    "contract": Tier("pure specification, rules and rendering", ("-m", "contract")),
    "graph": Tier("the components before a recording engine", ("-m", "graph")),
    "server": Tier("real OpenBao processes on loopback", ("-m", "server", "-n", "2"), ("tests.server.binaries",)),
    "engine": Tier("real Pulumi engine and API server; stand-in provider plugins", ("tests/standins",), _BUILD),
    "sandbox": Tier("real Pulumi engine, Kubernetes and pods; stand-in provider plugins", _CALM, _UP),
    "faults": Tier("the same without nodes, API server, key service or disk", ("-m", "alone", "tests/sandbox"), _UP),
}
BESIDE: Final = {"contract": "graph", "engine": "sandbox"}
"""Run at once when both are wanted: each of the first two has use for one core, the others mostly wait."""


@dataclass
class Run:
    """One tier under way; its output is kept until it is asked for, unless it is shown at once."""

    name: str
    shown: bool

    def __post_init__(self) -> None:
        print(f"\n== {self.name}: {TIERS[self.name].real}" + ("" if self.shown else " (in the background)"), flush=True)
        self.began = time.monotonic()
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        command = [sys.executable, "-m", "pytest", "-q", "--durations=5", *TIERS[self.name].tests]
        sink = None if self.shown else self.output
        self.process = subprocess.Popen(command, stdout=sink, stderr=sink)

    def end(self) -> tuple[int, float]:
        """Wait; show what was kept. Returns exit code and seconds."""
        code, seconds = self.process.wait(), time.monotonic() - self.began
        if not self.shown:
            self.output.seek(0)
            print(f"\n== {self.name}\n{self.output.read().decode(errors='replace')}", flush=True)
        self.output.close()
        return code, seconds


def _prepared(name: str) -> int:
    """Exit code of the tier's preparation, which shows what it does."""
    module = TIERS[name].prepared_by
    return subprocess.run([sys.executable, "-m", *module], check=False).returncode if module else 0


def main(wanted: list[str]) -> int:
    """Run the wanted tiers, all of them when none is named; stop at the first that fails.

    A sandbox that was not up before is down afterwards.
    """
    unknown = sorted(set(wanted) - set(TIERS))
    if unknown:
        print(f"No tier is called {', '.join(unknown)}; there are {', '.join(TIERS)}.", file=sys.stderr)
        return 2
    names = wanted or list(TIERS)
    was_up = _is_up()
    try:
        return _run(names)
    finally:
        if _is_up() and not was_up:
            subprocess.run([sys.executable, "-m", "sandbox", "down"], check=False)


def _is_up() -> bool:
    try:
        return bool(Cluster().nodes)
    except SandboxError:  # not on this machine; the tiers that need one say so
        return False


def _run(names: list[str]) -> int:
    took: dict[str, float] = {}
    waiting: list[Run] = []
    for name in names:
        if code := _prepared(name):
            return code
        if BESIDE.get(name) in names:
            waiting.append(Run(name, shown=False))
            continue
        for run in [Run(name, shown=True), *waiting]:
            code, took[run.name] = run.end()
            if code:
                for other in waiting:  # an interrupt, so that fixtures end what they started
                    other.process.send_signal(signal.SIGINT)
                    other.process.wait()
                print(f"\nThe {run.name} tier failed after {took[run.name]:.0f} s.", file=sys.stderr)
                return code
        waiting = []
    print("\nAll passed: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
