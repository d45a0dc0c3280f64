"""One Pulumi project in a temporary folder, driven by the real CLI."""

from __future__ import annotations

import json
import signal
import subprocess
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUN_SECONDS = 120
IMPORTS = "import pulumi\nimport pulumi_kubernetes as k8s\nfrom pulumi import ResourceOptions\n"


@dataclass(frozen=True)
class Run:
    """What a command said, and whether it liked the result."""

    text: str
    status: int

    @property
    def ok(self) -> bool:
        return self.status == 0


@dataclass
class Stack:
    """A stack named `test`; `namespace` is a Kubernetes namespace that exists and is this test's own."""

    folder: Path
    environment: dict[str, str]
    namespace: str

    def create(self, runtime: str = "python") -> None:
        (self.folder / "Pulumi.yaml").write_text(f"name: standins\nruntime: {runtime}\n")
        self.must("stack", "init", "test")

    def program(self, text: str) -> None:
        """Make this the program. `NS` is the namespace; the usual modules are imported."""
        source = f"{IMPORTS}NS = {self.namespace!r}\n{textwrap.dedent(text)}"
        (self.folder / "__main__.py").write_text(source)

    def run(self, *arguments: str) -> Run:
        done = subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
        )
        return Run(done.stdout, done.returncode)

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed; its output."""
        done = self.run(*arguments)
        assert done.ok, done.text
        return done.text

    def up(self, *arguments: str) -> Run:
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def up_until(self, happened: Callable[[], bool]) -> Run:
        """Start `up` and press Ctrl-C once when something happened."""
        with subprocess.Popen(
            self._command(("up", "--yes", "--skip-preview")),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            deadline = time.monotonic() + _RUN_SECONDS
            while not happened():
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < deadline, "it never happened"
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            text, _ = process.communicate(timeout=_RUN_SECONDS)
            return Run(text, process.returncode)

    def preview(self, *arguments: str) -> list[tuple[str, str]]:
        """What an `up` would do: (operation, resource name), without what stays the same."""
        done = self.must("preview", "--json", *arguments)
        steps = json.loads(done[done.index("{") :])["steps"]
        return [(s["op"], s["urn"].rsplit("::", 1)[1]) for s in steps if s["op"] not in ("same", "read")]

    def state_text(self) -> str:
        return self.must("stack", "export")

    def resources(self) -> dict[str, Any]:
        """The recorded resources by name."""
        state = json.loads(self.state_text())["deployment"].get("resources", [])
        return {resource["urn"].rsplit("::", 1)[1]: resource for resource in state}

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        place = ["--stack", "test"] if arguments[0] not in ("stack", "package", "install", "about") else []
        return ["pulumi", *arguments, *place, "--non-interactive", "--color", "never"]
