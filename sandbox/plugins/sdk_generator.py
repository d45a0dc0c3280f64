"""Stand-in for the official language hosts where only SDKs are generated: `pulumi package gen-sdk --language …`.

Not an official plugin. It writes a package's SDK through a small Go tool over the engine's public code generators
(sandbox/tools/pulumi), so that programs in other languages can use the components. It does not run such programs.
"""
# ruff: noqa: N802, ARG002, D102 - the methods' names, arguments and meaning are the protocol's

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.plugins.process import serve_language_host

ENGINE_VERSION = "3.259.0"
_GENERATOR = "PULUMI_PYTHON_CODEGEN"
_NOT_HERE = (
    "the sandbox generates SDKs for {0} and does not run {0} programs. Install the official Pulumi CLI to run this one."
)


class SdkGenerator(language_pb2_grpc.LanguageRuntimeServicer):
    """The part of the LanguageRuntime service that writes SDKs, for one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=f"{ENGINE_VERSION}+stand-in")

    def GeneratePackage(self, request: Any, context: Any) -> Any:
        """Write the SDK of a package into a folder."""
        generator = os.environ.get(_GENERATOR)
        if not generator:
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"{_GENERATOR} is not set. Take the environment from `python -m sandbox env`.",
            )
        command = [str(generator), self.language, request.directory]
        done = subprocess.run(command, input=request.schema, text=True, capture_output=True, check=False)
        if done.returncode:
            context.abort(grpc.StatusCode.UNKNOWN, f"generating the {self.language} SDK failed: {done.stderr.strip()}")
        return language_pb2.GeneratePackageResponse()

    def _refuse(self, context: Any) -> NoReturn:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, _NOT_HERE.format(self.language))
        raise AssertionError("abort always raises")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        self._refuse(context)

    def InstallDependencies(self, request: Any, context: Any) -> Any:
        self._refuse(context)

    def Run(self, request: Any, context: Any) -> Any:
        self._refuse(context)

    def RunPlugin(self, request: Any, context: Any) -> Any:
        self._refuse(context)


if __name__ == "__main__":
    serve_language_host(SdkGenerator(sys.argv[1]))
