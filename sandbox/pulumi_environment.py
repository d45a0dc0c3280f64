"""Everything a shell needs to run `pulumi` against the sandbox: official parts where they are, stand-ins elsewhere.

The engine finds plugins in the plugin cache below PULUMI_HOME. This module keeps a Pulumi home of the sandbox's own and
fills its cache: a link to the user's official plugin of exactly the SDK's version, or else a wrapper that starts the
stand-in. Nothing of the user's own Pulumi (login, credentials, stacks) is touched.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.plugins.server import sdk_version

_REPOSITORY = Path(__file__).resolve().parent.parent
_ENGINE_MODULE = Path(__file__).parent / "tools" / "pulumi" / "go.mod"
_RUNNER = "pulumi-language-python-exec"
_MARK = "stand-in of the sandbox"


@dataclass(frozen=True)
class _Plugin:
    """A plugin as the engine's plugin cache files it, and the module of this checkout that can stand in for it."""

    kind: str
    name: str
    module: str
    arguments: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        return sdk_version(self.name) if self.kind == "resource" else engine_version()

    @property
    def program(self) -> str:
        return f"pulumi-{self.kind}-{self.name}"

    def folder(self, cache: Path) -> Path:
        return cache / f"{self.kind}-{self.name}-v{self.version}"


_LANGUAGE_HOSTS = (
    _Plugin("language", "python", "sandbox.plugins.language_python"),
    _Plugin("language", "nodejs", "sandbox.plugins.sdk_generator", ("nodejs",)),
    _Plugin("language", "go", "sandbox.plugins.sdk_generator", ("go",)),
)
_PROVIDERS = (
    _Plugin("resource", "kubernetes", "sandbox.plugins.kubernetes"),
    _Plugin("resource", "random", "sandbox.plugins.random"),
    _Plugin("resource", "tls", "sandbox.plugins.tls"),
    _Plugin("resource", "aws", "sandbox.plugins.aws"),
    _Plugin("resource", "gcp", "sandbox.plugins.gcp"),
)


class MissingPartError(SandboxError):
    """A part of the Pulumi engine is not where it should be. The message says the way out."""


def environment(state: Path, tools: Path) -> dict[str, str]:
    """The variables for running `pulumi` against the sandbox.

    `state`: a folder for the sandbox's own Pulumi home, backend and passphrase; `tools`: the built Go programs, of
    which `pulumi` is used unless an official CLI is on PATH. Safe to call again and again. Raises MissingPartError.
    """
    home = _folder(state / "home")
    picked = chosen(tools)
    for plugin in _PROVIDERS:
        _provide(plugin, home / "plugins", _official_plugin(plugin))
    if picked["pulumi"] == "stand-in":
        for host in _LANGUAGE_HOSTS:
            _provide(host, home / "plugins", None)
    variables = {
        "PATH": _path([], tools),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{_folder(state / 'backend')}",
        "PULUMI_CONFIG_PASSPHRASE": _passphrase(state / "passphrase"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_PYTHON_CMD": sys.executable,
    }
    if picked["pulumi"] == "stand-in":
        programs = _folder(state / "bin")
        _link(programs / "pulumi", tools / "pulumi")
        variables["PATH"] = _path([programs], tools)
        variables["PULUMI_PYTHON_EXEC"] = str(_runner(tools, programs))
        variables["PULUMI_PYTHON_CODEGEN"] = str(tools / "pulumi-python-codegen")
    return variables


def _path(first: list[Path], last: Path) -> str:
    """PATH with the sandbox's programs around it: `tools` comes last, so that the user's own kubectl wins."""
    ends = [str(folder) for folder in [*first, last]]
    middle = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder not in ends]
    return os.pathsep.join([*map(str, first), *middle, str(last)])


def chosen(tools: Path) -> dict[str, str]:
    """Which parts are "official" and which "stand-in": the CLI with its Python language host, and each provider.

    The CLI that the sandbox builds is the official source; as "stand-in" it stands for the released program.
    """
    picked = {"pulumi": "official" if official_cli(tools) else "stand-in"}
    return picked | {p.name: "official" if _official_plugin(p) else "stand-in" for p in _PROVIDERS}


def official_cli(tools: Path) -> Path | None:
    """The official CLI on PATH, which has its language host beside it; None when there is none."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        cli = Path(folder, "pulumi")
        if not os.access(cli, os.X_OK):
            continue
        beside = cli.resolve().parent
        if beside != tools.resolve() and os.access(beside / "pulumi-language-python", os.X_OK):
            return cli
    return None


def _official_plugin(plugin: _Plugin) -> Path | None:
    """The official provider of exactly the SDK's version in the user's own plugin cache."""
    folder = plugin.folder(_user_home() / "plugins")
    program = folder / plugin.program
    return folder if os.access(program, os.X_OK) and not _is_wrapper(program) else None


def _user_home() -> Path:
    """The user's own Pulumi home, though the sandbox's may be set already."""
    given = os.environ.get("PULUMI_HOME")
    sandboxed = given and (Path(given).parent / "passphrase").exists()
    return Path(given) if given and not sandboxed else Path.home() / ".pulumi"


def _provide(plugin: _Plugin, cache: Path, official: Path | None) -> None:
    """Put the official plugin, or else a wrapper around the stand-in, where the engine looks."""
    folder = plugin.folder(cache)
    if official:
        if not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
        _link(folder, official)
        return
    if folder.is_symlink():
        folder.unlink()
    _folder(folder)
    _write(folder / plugin.program, _wrapper(plugin), 0o755)


def _wrapper(plugin: _Plugin) -> str:
    """A program that runs a module of this checkout with this Python, wherever it is called from.

    `-P` and no PYTHONPATH: neither the caller's folder nor this checkout may leak into programs that it starts.
    """
    run = f"runpy.run_module({plugin.module!r}, None, '__main__', True)"
    code = shlex.quote(f"import sys, runpy; sys.path.insert(0, {str(_REPOSITORY)!r}); {run}")
    command = " ".join([shlex.quote(sys.executable), "-P", "-c", code, *plugin.arguments])
    return f'#!/bin/sh\n# {_MARK}\nexec {command} "$@"\n'


def _is_wrapper(program: Path) -> bool:
    with program.open("rb") as file:
        return _MARK.encode() in file.read(200)


def engine_version() -> str:
    """The version of the engine that the sandbox builds."""
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", _ENGINE_MODULE.read_text())
    if found is None:
        raise MissingPartError(f"{_ENGINE_MODULE} names no version of the Pulumi engine")
    return found[1]


def _runner(tools: Path, programs: Path) -> Path:
    """The official script that runs a Python program. It comes with the engine's source; a copy outlives that."""
    kept = programs / _RUNNER
    if (tools / _RUNNER).exists():
        return tools / _RUNNER
    if not kept.exists():
        source = _module_cache() / f"github.com/pulumi/pulumi/sdk/v3@v{engine_version()}/python/cmd/{_RUNNER}"
        if not source.exists():
            raise MissingPartError(
                f"{_RUNNER} is neither in {tools} nor in Go's module cache. Run `python -m sandbox build`."
            )
        _write(kept, source.read_text(), 0o755)
    return kept


def _module_cache() -> Path:
    if given := os.environ.get("GOMODCACHE"):
        return Path(given)
    if go := shutil.which("go"):
        answer = subprocess.run([go, "env", "GOMODCACHE"], capture_output=True, text=True, check=False).stdout.strip()
        if answer:
            return Path(answer)
    return Path(os.environ.get("GOPATH") or Path.home() / "go") / "pkg" / "mod"


def _passphrase(file: Path) -> str:
    """The passphrase of the sandbox's stacks: made once, readable by its owner only."""
    if not file.exists():
        _write(file, secrets.token_urlsafe(32), 0o600)
    return file.read_text().strip()


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _write(file: Path, text: str, mode: int) -> None:
    """Write at once or not at all, so that two callers never see half a file."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.touch(mode=mode)
    partial.chmod(mode)
    partial.write_text(text)
    partial.replace(file)


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    partial.symlink_to(target)
    partial.replace(place)
