"""Custom resource definitions of cert-manager, from its Go module: enough to check objects, not to issue anything."""

import json
import subprocess
from pathlib import Path

from sandbox import go
from sandbox.errors import BuildError
from sandbox.settings import Places

_MODULE = "github.com/cert-manager/cert-manager"


def cert_manager(places: Places) -> Path:
    """Folder of cert-manager's CRDs in the version that ``tools/cert-manager/go.mod`` pins, fetched on first use."""
    toolchain = go.toolchain(places)
    done = subprocess.run(
        [toolchain.command, "mod", "download", "-json", _MODULE],
        cwd=go.TOOLS / "cert-manager",
        env=toolchain.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout or "{}")
    if "Dir" not in answer:
        why = answer.get("Error") or done.stderr.strip()[-300:]
        raise BuildError(f"cert-manager's module could not be fetched ({why}). Check the network and GOPROXY.")
    return Path(answer["Dir"]) / "deploy" / "crds"
