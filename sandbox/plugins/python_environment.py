"""Which Python runs a program or a component package, what it has installed, and what it lacks.

The rules are those of `runtime: {name: python, options: …}` in Pulumi.yaml and PulumiPlugin.yaml
(https://www.pulumi.com/docs/iac/languages-sdks/python/): `toolchain` pip or uv, `virtualenv` a folder below the root.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


class NoEnvironmentError(Exception):
    """The Python that the project asks for is not there. The message says the way out."""


def interpreter(options: Mapping[str, Any], root: Path) -> Path:
    """The Python of a project at `root`: its virtual environment, else PULUMI_PYTHON_CMD, else this one.

    Raises NoEnvironmentError.
    """
    folder = environment_folder(options, root)
    if folder is None:
        return Path(os.environ.get("PULUMI_PYTHON_CMD") or sys.executable)
    python = folder / "bin" / "python"
    if not python.exists():
        raise NoEnvironmentError(
            f"{folder} is not a virtual environment, though the project's runtime options name it. "
            "Run `pulumi install` to make it."
        )
    return python


def environment_folder(options: Mapping[str, Any], root: Path) -> Path | None:
    """The virtual environment that the options name; None when they name none. Raises NoEnvironmentError."""
    toolchain = options.get("toolchain", "pip")
    if toolchain not in ("pip", "uv"):
        raise NoEnvironmentError(
            f"toolchain {toolchain!r} is not in the sandbox's stand-in for the Python language host. "
            "Use pip or uv, or install the official Pulumi CLI."
        )
    folder = options.get("virtualenv")
    if toolchain == "uv":
        folder = folder or os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv"
    return root / folder if folder else None


def ask(python: Path, question: str) -> Any:
    """Run a snippet that prints JSON. Raises NoEnvironmentError when that Python does not work."""
    answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise NoEnvironmentError(f"{python} does not work: {answer.stderr.strip()[-500:]}")
    return json.loads(answer.stdout)


def distributions(python: Path) -> dict[str, str]:
    """What is installed there: names to versions."""
    question = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    return dict(ask(python, question))


def provider_plugins(python: Path) -> list[dict[str, Any]]:
    """The `pulumi-plugin.json` of every installed provider SDK."""
    question = "import sysconfig, json; print(json.dumps(sysconfig.get_path('purelib')))"
    found = [json.loads(file.read_text()) for file in sorted(Path(ask(python, question)).glob("*/pulumi-plugin.json"))]
    return [plugin for plugin in found if plugin.get("resource") and plugin.get("name")]


def named_packages(root: Path) -> set[str]:
    """The packages that the project itself names, as `pulumi package add` writes them."""
    project = root / "Pulumi.yaml"
    document = yaml.safe_load(project.read_text()) if project.exists() else None
    return set((document or {}).get("packages") or {})
