"""AWS KMS as pods see it, and the plugin by which OpenBao 2.7 reaches it."""

from __future__ import annotations

import hashlib
import json
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3

from sandbox import images, oci, pki
from sandbox.cluster import Cluster
from sandbox.network import HOST
from sandbox.plugins.aws_api import Aws
from sandbox.settings import architecture
from tests.server.binaries import kms_plugin

_BINARY = "openbao-plugin-kms-aws"
_VERSION = "v0.1.0"


class _Front(BaseHTTPRequestHandler):
    """Passes requests on to moto. What it answers with a disabled key becomes the refusal that AWS documents."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        server: Any = self.server
        answer = server.moto.request("POST", "/", body=body, headers=dict(self.headers))
        status, content = answer.status, answer.data
        key = json.loads(content).get("KeyId")  # only answers of operations that used a key have it
        if key and not server.aws.kms("DescribeKey", KeyId=key)["KeyMetadata"]["Enabled"]:
            status, content = (
                400,
                json.dumps({"__type": "DisabledException", "message": f"{key} is disabled."}).encode(),
            )
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def kms_for_pods(moto: str, aws: Aws) -> Iterator[int]:
    """The port on the host's address where pods reach the KMS of the moto server at this URL, by TLS as at AWS."""
    server: Any = ThreadingHTTPServer((HOST, 0), _Front)
    server.socket = _server_side().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.moto, server.aws = urllib3.connection_from_url(moto, maxsize=8), aws
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _server_side() -> ssl.SSLContext:
    """Serves a certificate of the CA that the sandbox's images trust like a public one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = pki.Authority.public().issue("kms", hosts=(HOST,))
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_bytes(made.certificate + made.key)
        context.load_cert_chain(file.name)
    return context


def plugin(cluster: Cluster) -> dict[str, Any]:
    """The `unseal.plugin` block of an image that brings the stand-in plugin, with the `cp` that it is copied by."""
    program = kms_plugin()
    content = (*images.base_system(), oci.File(f"/{_BINARY}", program, 0o755))
    image = oci.Image(f"sandbox.invalid/{_BINARY}", _VERSION, (f"/{_BINARY}",), content, labels=images.STAND_IN)
    return {
        "image": cluster.load(image).by_digest,
        "version": _VERSION,
        "sha256": {architecture(): hashlib.sha256(program.read_bytes()).hexdigest()},
        "delivery": "initContainer",
    }
