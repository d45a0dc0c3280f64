"""Messages from a plugin to the engine's display: lasting ones, and progress that vanishes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """The engine's Log service. Without an engine (a test that calls a provider directly) messages go nowhere."""

    def __init__(self, address: str | None) -> None:
        self._stub: Any = None
        self._shown: dict[str, str] = {}
        if address:
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def status(self, urn: str, message: str) -> None:
        """Progress of a resource, shown until the next one; saying the same again is not progress."""
        if self._shown.get(urn) == message:
            return
        self._shown[urn] = message
        self._send(engine_pb2.INFO, urn, message, ephemeral=True)

    def warn(self, urn: str, message: str) -> None:
        """A warning that stays."""
        self._send(engine_pb2.WARNING, urn, message)

    def debug(self, message: str) -> None:
        """For `pulumi --debug` only."""
        self._send(engine_pb2.DEBUG, "", message)

    def _send(self, severity: Any, urn: str, message: str, ephemeral: bool = False) -> None:
        if self._stub is None:
            return
        with suppress(grpc.RpcError):  # an undelivered message must not fail the resource it is about
            request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message, ephemeral=ephemeral)
            self._stub.Log(request, timeout=5)
