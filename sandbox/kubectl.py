"""Talking to the cluster's API as its administrator, through kubectl and nothing of the user's own configuration."""

from pathlib import Path

from sandbox import commands
from sandbox.settings import Places


class Kubectl:
    """kubectl with the sandbox's kubeconfig and a cache folder in its state (the default lies in the user's home)."""

    def __init__(self, places: Places, program: Path) -> None:
        self.places, self.program = places, program

    def command(self, *arguments: str) -> list[str]:
        """The words of a kubectl command."""
        cache = self.places.state / "kubectl-cache"
        return [str(self.program), f"--kubeconfig={self.places.kubeconfig}", f"--cache-dir={cache}", *arguments]

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and return its standard output. Raises SandboxError with kubectl's own message."""
        return commands.run(self.command(*arguments), stdin=stdin)

    def api_ready(self) -> bool:
        """Whether the API server answers and is ready."""
        return self("get", "--raw=/readyz", "--request-timeout=3s") == "ok"
