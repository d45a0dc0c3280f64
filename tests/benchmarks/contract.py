"""How fast the contract is: parse and check on one core, and one check from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Final

from profiles.contract import evaluate
from profiles.errors import SpecificationError
from profiles.parsing import parse
from tests.benchmarks.figures import Figure
from tests.benchmarks.run import Run
from tests.contract.examples import EXAMPLES
from tests.contract.specifications import HARDENED
from tests.sandbox.stack import PROJECT

STARTS: Final = 15
RATE: Final = "contract, specifications parsed and checked per second and core"
CHECK: Final = "contract, `python -m profiles check` of one file"
_DEMANDED: Final = "what we demand"
_DEMANDED_RATE: Final = 1000.0
_DEMANDED_SECONDS: Final = 1 / 3


def figures(run: Run) -> list[Figure]:
    """Both beside what we demand; the command also beside a Python that starts for nothing."""
    rates, checks, nothings = list[float](), list[float](), list[float]()
    with run.measuring("specifications per second"):
        rates += [specifications_per_second(round_) for round_ in range(run.repetitions)]
    file = run.folder / "Pulumi.prod.yaml"
    file.write_text(json.dumps({"config": {"vault:cluster": HARDENED}}))
    with run.measuring("one check from the command line"):
        _seconds_of("-m", "profiles", "check", str(file))  # compiles the modules
        for _ in range(STARTS):
            checks.append(_seconds_of("-m", "profiles", "check", str(file)))
            nothings.append(_seconds_of("-c", "pass"))
    return [
        Figure(RATE, rates, {_DEMANDED: [_DEMANDED_RATE]}, "", "higher"),
        Figure(CHECK, checks, {_DEMANDED: [_DEMANDED_SECONDS]}, "s"),
        Figure(CHECK, checks, {"Python started for nothing": nothings}, "s"),
    ]


def specifications_per_second(round_: int) -> float:
    """Over every example of the rules' tables, no two alike, in CPU seconds, so that a busy machine does not count."""
    data = [example.data for example in EXAMPLES]
    _judge(data[0])  # the validator is built once
    began = time.process_time()
    for index, one in enumerate(data):
        _judge({**one, "name": f"c{round_}-{index}"})
    return len(data) / (time.process_time() - began)


def _judge(data: dict[str, object]) -> None:
    try:
        _ = evaluate(parse(data)).violations
    except SpecificationError:
        return


def _seconds_of(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=PROJECT, check=True, capture_output=True)
    return time.perf_counter() - began
