"""Every example of the README runs; what needs a cluster runs in tests/sandbox/test_make.py."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest
import yaml

from profiles.contract import check
from profiles.parsing import parse
from tests.graph.recorder import run

pytestmark = pytest.mark.graph

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ELSEWHERE = {"make up", "make test"}
"""Run by tests/sandbox/test_make.py, and by CI itself."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_stack_file_is_accepted() -> None:
    """Readers copy it."""
    for block in blocks("yaml"):
        check(parse(yaml.safe_load(block)["config"]["vault:cluster"]))


def test_the_program_registers_a_cluster() -> None:
    """Readers copy it."""
    for block in blocks("python"):
        recorder = run(lambda block=block: exec(block, {"__name__": "__main__"}))  # type: ignore[misc]
        assert recorder.of_kind("StatefulSet")


def test_the_commands_run() -> None:
    """A command that is wrong here is wrong in every terminal."""
    commands = [shlex.split(line, comments=True) for block in blocks("sh") for line in block.splitlines() if line]
    assert commands
    for command in commands:
        if " ".join(command) in ELSEWHERE:
            continue
        assert command[:2] == ["python", "-m"], f"nothing executes: {command}"
        subprocess.run([sys.executable, *command[1:]], cwd=ROOT, check=True, capture_output=True)


def test_the_linked_pages_exist() -> None:
    """A dead link is the end of the way for who follows it."""
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_the_outputs_named_are_those_that_there_are() -> None:
    """Programs compose with them by name."""
    from components.outputs import OUTPUTS

    named = README.split("Outputs to compose with:")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", named)) == set(OUTPUTS)
    assert pulumi is not None


def test_make_help_lists_every_target() -> None:
    """`make help` is where newcomers look."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    targets = re.findall(r"^\.PHONY: ([a-z-]+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert [target for target in targets if target != "cluster" and f"make {target} " not in listed] == []
