"""Custom resource definitions of cert-manager, from its Go module: enough to check objects, not to issue anything."""

from pathlib import Path

from sandbox import go
from sandbox.settings import Places


def cert_manager(places: Places) -> Path:
    """Folder of cert-manager's CRDs in the version that ``tools/cert-manager/go.mod`` pins, fetched on first use."""
    module = "github.com/cert-manager/cert-manager"
    return go.module_folder(module, "cert-manager", go.toolchain(places)) / "deploy" / "crds"
