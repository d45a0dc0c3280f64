"""Building the tools of the sandbox from pinned Go modules, once per content, into the cache.

The key of a group is everything that decides its binaries, so that a changed pin builds anew and an unchanged one never
does. Each binary appears under its name only when it is complete: an interrupted build is continued by the next one.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox import commands, go, progress, wheels
from sandbox.settings import Places, architecture, locked

KUBERNETES_VERSION = "v1.37.1"
PULUMI_VERSION = "3.259.0"


@dataclass(frozen=True)
class Tool:
    """One binary: its name, the Go package to build, and strings to stamp into it (``-X``)."""

    name: str
    package: str
    stamps: tuple[str, ...] = ()

    @property
    def flags(self) -> list[str]:
        """Arguments of ``go build``; no symbol tables and no build paths in the result."""
        return ["-trimpath", "-ldflags", " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in self.stamps)])]


def _kubernetes_stamps() -> tuple[str, ...]:
    # clients parse the server's version, which is empty in an unstamped build
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return tuple(f"{package}.{name}={value}" for package in packages for name, value in values.items())


_PULUMI_STAMP = f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI_VERSION}"
_PYTHON_RUNNER = "pulumi-language-python-exec"
_KUBERNETES_DAEMONS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")

GROUPS: dict[str, tuple[Tool, ...]] = {
    "kubernetes": (
        *(Tool(name, f"k8s.io/kubernetes/cmd/{name}", _kubernetes_stamps()) for name in _KUBERNETES_DAEMONS),
        Tool("etcd", "go.etcd.io/etcd/server/v3"),
    ),
    "coredns": (Tool("coredns", "github.com/coredns/coredns"),),
    "local-path-provisioner": (Tool("local-path-provisioner", "github.com/rancher/local-path-provisioner"),),
    "pulumi": (
        Tool("pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", (_PULUMI_STAMP,)),
        Tool("pulumi-python-codegen", "."),
    ),
}


def tools(places: Places | None = None) -> Path:
    """The folder that holds every tool by name (and ``kubectl`` and ``bao``); builds what is missing.

    From nothing this takes about ten minutes on two cores. Raises BuildError with the end of the build's log.
    """
    places = places or Places.from_environment()
    places.cache.mkdir(parents=True, exist_ok=True)
    toolchain = go.toolchain(places)
    wanted = {tool.name: _home(places, group, toolchain) / tool.name for group in GROUPS for tool in GROUPS[group]}
    wanted[_PYTHON_RUNNER] = _home(places, "pulumi", toolchain) / _PYTHON_RUNNER
    if not all(binary.exists() for binary in wanted.values()):
        with locked(places.cache):
            _build_missing(places, toolchain)
            _copy_python_runner(wanted[_PYTHON_RUNNER], toolchain)
    wanted["kubectl"] = wheels.program(wheels.KUBECTL, places)
    wanted["bao"] = wheels.program(wheels.OPENBAO["2.7.2"], places)
    return _gather(places, wanted)


def program(source: Path, name: str, places: Places, package: str = ".") -> Path:
    """The program of a Go module that no tool group holds (``source``: its folder), built and kept as theirs are.

    ``package``: whose program it is, where that is not the module itself.

    Raises BuildError with the end of the build's log.
    """
    toolchain, tool = go.toolchain(places), Tool(name, package)
    home = places.cache / "tools" / f"{name}-{content_key(source, (tool,), toolchain.version)}"
    if not (home / name).exists():
        places.cache.mkdir(parents=True, exist_ok=True)
        with locked(places.cache):
            if not (home / name).exists():
                _build(places, toolchain, source, home, tool, label=f"building {name}")
    return home / name


def is_built(places: Places) -> bool:
    """Whether ``tools`` would find everything in the cache."""
    toolchain = go.present(places)
    return toolchain is not None and all(
        (_home(places, group, toolchain) / tool.name).exists() for group in GROUPS for tool in GROUPS[group]
    )


def _build_missing(places: Places, toolchain: go.Go) -> None:
    everything = [(group, tool) for group in GROUPS for tool in GROUPS[group]]
    missing = [item for item in everything if not (_home(places, item[0], toolchain) / item[1].name).exists()]
    if missing:
        count = f"{len(missing)} of {len(everything)} tools"
        progress.say(f"building {count} with Go {toolchain.version}: once, and kept in {places.cache}")
    for number, (group, tool) in enumerate(missing, 1):
        label = f"[{number}/{len(missing)}] building {tool.name}"
        _build(places, toolchain, go.TOOLS / group, _home(places, group, toolchain), tool, label=label)


def _copy_python_runner(target: Path, toolchain: go.Go) -> None:
    """The script that runs a Pulumi program in Python: no Go package, but it comes with the engine's own modules."""
    source = go.module_folder("github.com/pulumi/pulumi/sdk/v3", "pulumi", toolchain) / "python" / "cmd"
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.copyfile(source / _PYTHON_RUNNER, unfinished)
    unfinished.chmod(0o755)
    unfinished.rename(target)


def _build(places: Places, toolchain: go.Go, source: Path, home: Path, tool: Tool, *, label: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    unfinished = home / f".{tool.name}.unfinished"
    command: list[str | Path] = [toolchain.command, "build", *tool.flags, "-o", unfinished, tool.package]
    log = places.cache / "log" / f"build.{tool.name}.log"
    try:
        commands.run_long(label, command, log, cwd=source, env=toolchain.environment())
        unfinished.rename(home / tool.name)
    finally:
        unfinished.unlink(missing_ok=True)


def _home(places: Places, group: str, toolchain: go.Go) -> Path:
    key = content_key(go.TOOLS / group, GROUPS[group], toolchain.version)
    return places.cache / "tools" / f"{group}-{key}"


def content_key(source: Path, tools: tuple[Tool, ...], go_version: str) -> str:
    """Hash of all that decides the binaries of a module: sources, locks, flags, Go version, architecture."""
    sources = [*sorted(source.glob("*.go")), *sorted(source.glob("go.*"))]
    parts = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sources}
    decided = [go_version, architecture(), parts, [asdict(tool) for tool in tools]]
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:16]


def _gather(places: Places, binaries: dict[str, Path]) -> Path:
    """One folder for PATH. Two checkouts with different pins share the cache, so it is keyed as well."""
    listing = json.dumps({name: str(path) for name, path in binaries.items()}, sort_keys=True)
    folder = places.cache / "bin" / hashlib.sha256(listing.encode()).hexdigest()[:16]
    if not folder.exists():
        fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
        fresh.mkdir(parents=True, exist_ok=True)
        for name, path in binaries.items():
            (fresh / name).symlink_to(path)
        try:
            fresh.rename(folder)
        except OSError:  # another command was faster
            for link in fresh.iterdir():
                link.unlink()
            fresh.rmdir()
    return folder
