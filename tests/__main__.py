"""Runs the tiers in order, each with what is real in it and how long it took: `python -m tests [TIER…]`."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

TIERS: Final = {
    "contract": "pure specification, rules and rendering",
    "graph": "the components before a recording engine",
    "server": "real OpenBao processes on loopback",
    "sandbox": "real Pulumi engine, Kubernetes and pods; stand-in provider plugins",
}


def main(wanted: list[str]) -> int:
    """Run the wanted tiers, all of them when none is named; stop at the first that fails."""
    unknown = sorted(set(wanted) - set(TIERS))
    if unknown:
        print(f"No tier is called {', '.join(unknown)}; there are {', '.join(TIERS)}.", file=sys.stderr)
        return 2
    took: dict[str, float] = {}
    for tier in wanted or TIERS:
        print(f"\n== {tier}: {TIERS[tier]}", flush=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "-m", tier, "--durations=5"]
        code = subprocess.run(command, check=False).returncode
        took[tier] = time.monotonic() - began
        if code:
            print(f"\nThe {tier} tier failed after {took[tier]:.0f} s.", file=sys.stderr)
            return code
    print("\nAll passed: " + ", ".join(f"{tier} {seconds:.0f} s" for tier, seconds in took.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
