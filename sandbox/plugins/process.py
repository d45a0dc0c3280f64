"""The life of a plugin process: print the port, serve, and go when the engine goes."""

from __future__ import annotations

import atexit
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any, NoReturn

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from pulumi.runtime.proto import language_pb2_grpc

_THREADS = 64  # a wait blocks a thread; the engine has at most about this many calls under way


def start(register: Callable[[grpc.Server], None]) -> tuple[grpc.Server, int]:
    """Serve on a free loopback port of this process: (server, port)."""
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS), options=[("grpc.max_receive_message_length", -1)])
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def live_with_the_engine(
    register: Callable[[grpc.Server], None], before_leaving: Callable[[], None] = lambda: None
) -> NoReturn:
    """Be a plugin: serve until the engine closes our input, or sends SIGINT, its way to say stop."""

    def leave(*_: object) -> NoReturn:
        """Go at once, whatever threads still wait for, but let libraries remove their temporary (key) files."""
        before_leaving()
        atexit._run_exitfuncs()
        os._exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    _server, port = start(register)
    print(port, flush=True)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        sys.stdin.read()  # the engine holds this pipe
    else:
        threading.Event().wait()
    leave()


def serve_language_host(host: Any, before_leaving: Callable[[], None] = lambda: None) -> NoReturn:
    """Be a language host."""
    live_with_the_engine(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server), before_leaving
    )
