"""How fast the contract is: `python -m tests.benchmarks.contract`.

Two figures: specifications per second and core for parse plus check, over every example of the rules' tables, no two
alike; and the wall time of one `python -m profiles check`, against starting the same interpreter for nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from profiles.contract import evaluate
from profiles.errors import SpecificationError
from profiles.parsing import parse
from tests.contract.examples import EXAMPLES
from tests.contract.specifications import HARDENED

REPETITIONS = 4
STARTS = 15
ROOT = Path(__file__).parents[2]


def specifications_per_second() -> float:
    """Parse and check on one core, in CPU seconds, so that a busy machine does not count."""
    data = [example.data for example in EXAMPLES]
    _judge(data[0])  # the validator is built once
    began = time.process_time()
    for repetition in range(REPETITIONS):
        for index, one in enumerate(data):
            _judge({**one, "name": f"c{repetition}-{index}"})
    return REPETITIONS * len(data) / (time.process_time() - began)


def _judge(data: dict[str, object]) -> None:
    try:
        _ = evaluate(parse(data)).violations
    except SpecificationError:
        return


def seconds_of(command: list[str]) -> float:
    """Median wall time of a command."""
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
        times.append(time.perf_counter() - began)
    return median(times)


def main() -> None:
    """Print the figures as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Pulumi.prod.yaml"
        file.write_text(json.dumps({"config": {"vault:cluster": HARDENED}}))
        check = seconds_of([sys.executable, "-m", "profiles", "check", str(file)])
    nothing = seconds_of([sys.executable, "-c", "pass"])
    figures = {
        "specifications per second and core (parse + check)": round(specifications_per_second()),
        "one check from the command line, seconds": round(check, 3),
        "starting Python for nothing, seconds": round(nothing, 3),
        "ratio": round(check / nothing, 1),
        "load average while measuring": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
