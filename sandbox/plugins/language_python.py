"""Stand-in for the official language host `pulumi-language-python`: it runs Python programs for the engine.

Not the official plugin. Programs run through the official `pulumi-language-python-exec` script, which comes with the
engine's own source; this process only starts and watches. It runs component packages too (RunPlugin).
Protocol: proto/pulumi/language.proto of github.com/pulumi/pulumi, as the engine 3.259 speaks it.
"""
# ruff: noqa: N802, ARG002, D102 - the methods' names, arguments and meaning are the protocol's

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, plugin_pb2

from sandbox.plugins import python_environment
from sandbox.plugins.children import Children
from sandbox.plugins.process import serve_language_host
from sandbox.plugins.python_environment import NoEnvironmentError
from sandbox.plugins.sdk_generator import SdkGenerator
from sandbox.plugins.values import from_struct

_PROGRAM_RUNNER = "PULUMI_PYTHON_EXEC"
_SHOWN_ALREADY = 32  # how the runner says that the user has seen the program's error


def _python(info: Any) -> Path:
    return python_environment.interpreter(from_struct(info.options), Path(info.root_directory))


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: LanguageHost, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except NoEnvironmentError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    return run


class LanguageHost(SdkGenerator):
    """The LanguageRuntime service for `runtime: python`."""

    def __init__(self, engine: str) -> None:
        super().__init__("python")
        self.engine = engine
        self.children = Children()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def Template(self, request: Any, context: Any) -> Any:
        return language_pb2.TemplateResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        self.children.stop()
        return empty_pb2.Empty()

    @_guarded
    def About(self, request: Any, context: Any) -> Any:
        python = _python(request.info) if request.HasField("info") else Path(sys.executable)
        version = python_environment.ask(python, "import json, platform; print(json.dumps(platform.python_version()))")
        return language_pb2.AboutResponse(executable=str(python), version=version)

    @_guarded
    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """The providers of the installed SDKs, as far as they can be had here.

        The official host names all of them, and the engine then downloads each; what can't be downloaded would fail a
        program that never uses it. A missing provider is reported when a resource asks for it.
        """
        named = python_environment.named_packages(Path(request.info.root_directory))
        packages = [
            plugin_pb2.PackageDependency(
                name=plugin["name"], kind="resource", version=plugin.get("version", ""), server=plugin.get("server", "")
            )
            for plugin in python_environment.provider_plugins(_python(request.info))
            if plugin["name"] in named or _can_be_had(plugin["name"])
        ]
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    @_guarded
    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        found = python_environment.distributions(_python(request.info))
        dependencies = [language_pb2.DependencyInfo(name=name, version=found[name]) for name in sorted(found)]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Make the virtual environment that the options name, and install requirements.txt into it."""
        options, folder = from_struct(request.info.options), Path(request.directory)
        reply = language_pb2.InstallDependenciesResponse
        try:
            home = python_environment.environment_folder(options, folder)
            if home is not None and not (home / "bin" / "python").exists():
                yield from self._run_or_abort([sys.executable, "-m", "venv", str(home)], folder, reply, context)
            if (folder / "requirements.txt").exists():
                python = python_environment.interpreter(options, folder)
                command = [str(python), "-m", "pip", "install", "-r", "requirements.txt"]
                yield from self._run_or_abort(command, folder, reply, context)
        except NoEnvironmentError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    def _run_or_abort(self, command: list[str], folder: Path, reply: Any, context: Any) -> Iterator[Any]:
        status = yield from self.children.stream(command, reply, context, cwd=folder)
        if status:
            context.abort(grpc.StatusCode.UNKNOWN, f"`{' '.join(command)}` exited with status {status}")

    @_guarded
    def Run(self, request: Any, context: Any) -> Any:
        """Run a program to its end; its output goes to this process's output, which the engine shows."""
        info = request.info
        program = Path(info.program_directory, info.entry_point if info.entry_point != "." else "")
        arguments = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "project": request.project,
            "root_directory": info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": str(request.dryRun).lower(),
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        flags = [part for name, value in arguments.items() for part in (f"--{name}", value)]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        command = [str(_python(info)), "-u", _required(_PROGRAM_RUNNER), *flags, str(program), *request.args]
        status = self.children.run(command, env=environment)
        if status == _SHOWN_ALREADY:
            return language_pb2.RunResponse(bail=True)
        error = f"Program exited with non-zero exit code: {status}" if status else ""
        return language_pb2.RunResponse(error=error)

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a component package: its `__main__.py`, else the components of its buildable pyproject.toml."""
        folder = Path(request.info.program_directory or request.program)
        try:
            python = python_environment.interpreter(from_struct(request.info.options), folder)
        except NoEnvironmentError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        main = [str(folder)] if (folder / "__main__.py").exists() else ["-m", "pulumi.run.plugin", str(folder)]
        environment = {**os.environ, **dict(entry.split("=", 1) for entry in request.env)}
        command = [str(python), "-u", *main, *request.args]
        reply = language_pb2.RunPluginResponse
        status = yield from self.children.stream(command, reply, context, cwd=request.pwd, env=environment)
        yield reply(exitcode=status)

    @_guarded
    def Link(self, request: Any, context: Any) -> Any:
        """Make generated SDKs usable by the program: into requirements.txt, and installed."""
        root, python = Path(request.info.root_directory), _python(request.info)
        names = []
        for link in request.packages:
            _require(root / "requirements.txt", f"./{os.path.relpath(root / link.path, root)}")
            command = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(root / link.path)]
            done = subprocess.run(command, text=True, capture_output=True, check=False)
            if done.returncode:
                context.abort(grpc.StatusCode.UNKNOWN, f"installing {link.path} failed: {done.stderr.strip()[-800:]}")
            parameterization = link.package.parameterization
            names.append((parameterization.name or link.package.name).replace("-", "_"))
        lines = "\n".join(f"  import pulumi_{name} as {name}" for name in names)
        instructions = f"You can import the SDK in your Python code with:\n\n{lines}\n"
        return language_pb2.LinkResponse(import_instructions=instructions)


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise NoEnvironmentError(f"{variable} is not set. Take the environment from `python -m sandbox env`.")
    return value


def _can_be_had(name: str) -> bool:
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    return any(home.glob(f"plugins/resource-{name}-v*")) or shutil.which(f"pulumi-resource-{name}") is not None


def _require(requirements: Path, line: str) -> None:
    known = requirements.read_text().splitlines() if requirements.exists() else []
    if line not in known:
        requirements.write_text("\n".join([*known, line]) + "\n")


if __name__ == "__main__":
    host = LanguageHost(engine=sys.argv[-1])
    serve_language_host(host, before_leaving=host.children.stop)
