"""Custom resource definitions of cert-manager, from Go modules: enough to check objects, not to issue anything."""

from pathlib import Path

from sandbox import go
from sandbox.settings import Places


def cert_manager(places: Places) -> list[Path]:
    """Folders of the CRDs of cert-manager and of its issuer for AWS Private CA, fetched on first use.

    The versions are those that ``tools/*/go.mod`` pin. The CRDs of its issuer for Google CAS come in no module.
    """
    toolchain = go.toolchain(places)
    core = go.module_folder("github.com/cert-manager/cert-manager", "cert-manager", toolchain)
    aws = go.module_folder("github.com/cert-manager/aws-privateca-issuer", "aws-privateca-issuer", toolchain)
    return [core / "deploy" / "crds", aws / "config" / "crd" / "bases"]
