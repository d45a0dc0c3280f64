"""The ResourceProvider service of the Pulumi engine, around a `Provider`: everything of the wire stays here.

Structs, secrets, error details for half-made resources.
Protocol: proto/pulumi/provider.proto of github.com/pulumi/pulumi, in the form the engine 3.259 speaks.
"""
# ruff: noqa: N802, ARG002, D102 - the methods' names, arguments and meaning are the protocol's

from __future__ import annotations

import importlib.util
import json
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.plugins.base import Difference, Failure, NotReadyError, Operation, Provider, ProviderError, Resource
from sandbox.plugins.engine_log import EngineLog
from sandbox.plugins.process import live_with_the_engine
from sandbox.plugins.values import changes, from_struct, to_struct, within


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a provider raises into the error the engine understands; no traceback reaches the user."""

    def run(self: Servicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except NotReadyError as error:
            _abort_half_made(context, error)
        except ProviderError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:  # a defect of the stand-in itself: short for the user, whole in the debug log
            self.log.debug(traceback.format_exc())
            context.abort(
                grpc.StatusCode.UNKNOWN,
                f"the sandbox's stand-in for the {self.provider.name} provider failed: {type(error).__name__}: {error}",
            )

    return run


def _abort_half_made(context: grpc.ServicerContext, error: NotReadyError) -> NoReturn:
    details = any_pb2.Any()
    details.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.id, properties=to_struct(error.outputs), inputs=to_struct(error.inputs), reasons=error.reasons
        )
    )
    code, message = grpc.StatusCode.UNKNOWN, error.reasons[0]
    status = status_pb2.Status(code=code.value[0], message=message, details=[details])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, message)


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The gRPC face of a `Provider`."""

    def __init__(self, provider: Provider, engine: str | None) -> None:
        self.provider = provider
        self.cancelled = threading.Event()
        self.log = EngineLog(engine)

    def _operation(self, request: Any, preview: bool = False) -> Operation:
        return Operation(
            type=request.type,
            name=request.name,
            urn=request.urn,
            preview=preview,
            timeout=getattr(request, "timeout", 0) or None,
            cancelled=self.cancelled,
            log=self.log,
            ignore_changes=tuple(getattr(request, "ignoreChanges", ())),
        )

    def Handshake(self, request: Any, context: Any) -> Any:
        self.log = EngineLog(request.engine_address or None)
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: Any) -> Any:
        self.log = EngineLog(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=f"{sdk_version(self.provider.name)}+stand-in")

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self.provider.name}))

    def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    def Cancel(self, request: Any, context: Any) -> Any:
        self.cancelled.set()
        return empty_pb2.Empty()

    @_guarded
    def CheckConfig(self, request: Any, context: Any) -> Any:
        failures = self.provider.check_config(from_struct(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    @_guarded
    def DiffConfig(self, request: Any, context: Any) -> Any:
        olds, news = from_struct(request.old_inputs or request.olds), from_struct(request.news)
        return _diff_response(Difference(dict(changes(olds, news)), self.provider.config_replaces(olds, news)))

    @_guarded
    def Configure(self, request: Any, context: Any) -> Any:
        self.log.debug(f"the {self.provider.name} provider is a stand-in of the sandbox, not the official plugin")
        self.provider.configure(from_struct(request.args))
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    @_guarded
    def Check(self, request: Any, context: Any) -> Any:
        olds, news = from_struct(request.olds), from_struct(request.news)
        inputs, failures = self.provider.check(self._operation(request), olds, news)
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=_failures(failures))

    @_guarded
    def Diff(self, request: Any, context: Any) -> Any:
        old = Resource(request.id, from_struct(request.old_inputs), from_struct(request.olds))
        difference = self.provider.diff(self._operation(request), old, from_struct(request.news))
        for path in [p for p in difference.paths if any(within(p, ignored) for ignored in request.ignoreChanges)]:
            del difference.paths[path]
            difference.replaces.discard(path)
        return _diff_response(difference)

    @_guarded
    def Create(self, request: Any, context: Any) -> Any:
        operation = self._operation(request, request.preview)
        id, outputs = self.provider.create(operation, from_struct(request.properties))
        return provider_pb2.CreateResponse(id="" if request.preview else id, properties=to_struct(outputs))

    @_guarded
    def Read(self, request: Any, context: Any) -> Any:
        recorded = Resource(request.id, from_struct(request.inputs), from_struct(request.properties))
        found = self.provider.read(self._operation(request), recorded)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id, inputs=to_struct(found.inputs), properties=to_struct(found.outputs)
        )

    @_guarded
    def Update(self, request: Any, context: Any) -> Any:
        old = Resource(request.id, from_struct(request.old_inputs), from_struct(request.olds))
        outputs = self.provider.update(self._operation(request, request.preview), old, from_struct(request.news))
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    @_guarded
    def Delete(self, request: Any, context: Any) -> Any:
        old = Resource(request.id, from_struct(request.old_inputs), from_struct(request.properties))
        self.provider.delete(self._operation(request), old)
        return empty_pb2.Empty()

    @_guarded
    def Invoke(self, request: Any, context: Any) -> Any:
        answer = self.provider.invoke(request.tok, from_struct(request.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(answer))
        return response


def _failures(failures: list[Failure]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in failures]


def _diff_response(difference: Difference) -> Any:
    changed = bool(difference.paths or difference.replaces)
    response = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        hasDetailedDiff=True,
        diffs=sorted(difference.paths),
        replaces=sorted(difference.replaces),
        deleteBeforeReplace=bool(difference.replaces) and difference.delete_first,
    )
    for path in difference.paths.keys() | difference.replaces:
        kind = difference.paths.get(path, "update").upper() + ("_REPLACE" if path in difference.replaces else "")
        response.detailedDiff[path].kind = getattr(provider_pb2.PropertyDiff, kind)
        response.detailedDiff[path].inputDiff = True
    return response


def sdk_version(name: str) -> str:
    """The version of the installed Python SDK of a provider: the engine asks plugins for exactly that one."""
    package = importlib.util.find_spec(f"pulumi_{name.replace('-', '_')}")
    for folder in (package.submodule_search_locations or []) if package else []:
        plugin = Path(folder, "pulumi-plugin.json")
        if plugin.exists():
            return str(json.loads(plugin.read_text())["version"])
    return "0.0.0"


def serve(provider: Provider) -> NoReturn:
    """Be the plugin process of a provider."""
    servicer = Servicer(provider, sys.argv[-1] if len(sys.argv) > 1 else None)
    live_with_the_engine(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server))
