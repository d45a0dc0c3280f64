"""A TCP link on the host's address that pods can reach, and that a test can cut or freeze."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Literal

from sandbox.network import HOST

Mode = Literal["open", "refused", "hanging"]
_CHUNK = 65536


class Link:
    """Forwards connections to `target` (host, port).

    `open`: bytes flow. `refused`: nobody listens and what was connected is reset. `hanging`: connections are accepted
    and nothing ever comes back, as behind a firewall that drops packets.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.host, self.port, self.target = HOST, 0, target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()

    def __enter__(self) -> Link:
        self._thread.start()
        self.set("open")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.set("refused")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def set(self, mode: Mode) -> None:
        """Change how connections, old and new, are treated from now on."""
        done: Future[None] = asyncio.run_coroutine_threadsafe(self._set(mode), self._loop)
        done.result(timeout=10)

    async def _set(self, mode: Mode) -> None:
        if mode == "open":
            self._flowing.set()
        else:
            self._flowing.clear()
        if mode == "refused":
            await self._close()
        elif self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port, reuse_address=True)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._connections):
            writer.transport.abort()
        self._connections.clear()
        await asyncio.sleep(0.05)  # lets the handlers of the aborted connections end

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        there: asyncio.StreamWriter | None = None
        with contextlib.suppress(OSError):
            await self._flowing.wait()
            back, there = await asyncio.open_connection(*self.target)
            self._connections.add(there)
            await asyncio.gather(self._pump(reader, there), self._pump(back, writer))
        for end in (writer, there):
            if end is not None:
                self._connections.discard(end)
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()
