"""One stack of the stack program, driven through the real Pulumi engine as a user would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.cluster import Cluster
from sandbox.pulumi_environment import environment

PROJECT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 900
_IMPATIENT = '''"""The stack program for somebody who waits only so long for the pods."""
import runpy

import pulumi


def impatient(args):
    if args.type_ == "kubernetes:apps/v1:StatefulSet":
        args.opts.custom_timeouts = pulumi.CustomTimeouts(create="{0}s", update="{0}s")
    return pulumi.ResourceTransformResult(args.props, args.opts)


pulumi.runtime.register_resource_transform(impatient)
runpy.run_path("program.py")
'''


@dataclass(frozen=True)
class Outcome:
    """How a command ended; `text` is all that a user would have seen."""

    code: int
    text: str
    interrupted: bool = False

    @property
    def changes(self) -> dict[str, int]:
        """Counts of the summary: `{"created": 31}`, `{"unchanged": 31}`."""
        summary = self.text.rsplit("Resources:", 1)[-1]
        return {
            word: int(count)
            for count, word in re.findall(r"(\d+) (created|updated|deleted|unchanged|replaced)", summary)
        }


class Stack:
    """A stack with a stack file and a backend of its own; nothing of the checkout is written."""

    def __init__(self, cluster: Cluster, folder: Path, name: str, specification: dict[str, Any]) -> None:
        self.cluster, self.folder, self.name = cluster, folder, name
        self.file = folder / f"Pulumi.{name}.yaml"
        self.environment = {
            **os.environ,
            **environment(cluster.places.state, cluster.tools),
            "KUBECONFIG": str(cluster.kubeconfig),
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the test",
        }
        folder.mkdir(exist_ok=True)
        # A project folder of its own, so that stack files and selections stay out of the checkout.
        for part in ("Pulumi.yaml", "__main__.py", "components", "profiles", ".venv"):
            (folder / part).symlink_to(PROJECT / part)
        self.write(specification)
        self.pulumi("stack", "init", name)

    def write(self, specification: dict[str, Any], **more: Any) -> None:
        """(Re)write the stack file's configuration; what Pulumi keeps beside it stays."""
        document = yaml.safe_load(self.file.read_text()) if self.file.exists() else {}
        config = {"vault:name": self.name, "vault:cluster": specification, **more}
        self.file.write_text(yaml.safe_dump({**document, "config": config}))

    def lose_patience(self, seconds: int) -> None:
        """From now on `up` waits only so long for the pods, not ten minutes."""
        (self.folder / "__main__.py").rename(self.folder / "program.py")
        (self.folder / "__main__.py").write_text(_IMPATIENT.format(seconds))

    def pulumi(self, *arguments: str, expected: int | None = 0) -> Outcome:
        """Run one pulumi command; `expected=None` accepts any exit code."""
        process = self.start(*arguments)
        text, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        outcome = Outcome(process.returncode, text)
        assert expected is None or outcome.code == expected, f"pulumi {' '.join(arguments)}: {outcome.code}\n{text}"
        return outcome

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command without waiting for its end."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def up(self, *, expected: int | None = 0) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview", expected=expected)

    def preview(self, *, expected: int | None = 0) -> Outcome:
        return self.pulumi("preview", expected=expected)

    def refresh(self) -> Outcome:
        return self.pulumi("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Outcome:
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def interrupted_up(self, after_seconds: float) -> Outcome:
        """`up`, and Ctrl-C after a while."""
        process = self.start("up", "--yes", "--skip-preview")
        timer = threading.Timer(after_seconds, lambda: os.kill(process.pid, signal.SIGINT))
        timer.start()
        text, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        timer.cancel()
        return Outcome(process.returncode, text)

    def up_interrupted_at(self, line: str, pause: float = 0.0) -> Outcome:
        """`up`, and Ctrl-C `pause` seconds after a line of its output in which the pattern `line` is found."""
        text, interrupted = "", False
        with self.start("up", "--yes", "--skip-preview") as process:
            assert process.stdout is not None
            for said in process.stdout:
                text += said
                if not interrupted and re.search(line, said):
                    interrupted = True
                    time.sleep(pause)
                    process.send_signal(signal.SIGINT)
        return Outcome(process.returncode, text, interrupted)

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").text)
        return found

    def state(self) -> str:
        """The whole state as it lies in the backend, secrets encrypted."""
        return self.pulumi("stack", "export").text

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """The resources of one type, such as `aws:kms/key:Key`, as the state has them."""
        resources: list[dict[str, Any]] = json.loads(self.state())["deployment"]["resources"]
        return [resource for resource in resources if resource["type"] == kind]

    def shell(self, script: str) -> Outcome:
        """Run commands as a user in the project's folder would."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={**self.environment, "HOME": str(self.folder)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        return Outcome(done.returncode, done.stdout + done.stderr)
