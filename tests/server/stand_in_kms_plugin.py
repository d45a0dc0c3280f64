#!/usr/bin/env python3
"""A stand-in for an external `kms` plugin of OpenBao ≥ 2.7, for tests only.

The upstream plugin binaries cannot be had from the registries that the tests use. The server loads this one as it loads
those (checksum, go-plugin handshake with mutual TLS, the Wrapper service over gRPC), so the `plugin` and `seal` stanzas
under test are real; only the code behind them is not. It turns the seal's options into calls of an AWS-KMS-like
endpoint. One file without imports from this repository, because it is copied into a plugin folder and run there.

It takes its credentials from AWS_ACCESS_KEY_ID, as the real plugin does, and refuses options that it does not know.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import os
import socket
import ssl
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MAGIC_COOKIE = "39704a18-7da7-4bda-9a2d-f7c488d70328"
OPTIONS = {"region", "kms_key_id", "endpoint", "disabled"}

# --- protobuf's wire format, as much as the Wrapper service needs ---
Message = dict[int, list[Any]]


def varint(number: int) -> bytes:
    """Seven bits a byte, lowest first."""
    encoded = b""
    while True:
        low, number = number & 0x7F, number >> 7
        encoded += bytes([low | (0x80 if number else 0)])
        if not number:
            return encoded


def field(tag: int, value: bytes) -> bytes:
    """A length-delimited field; empty ones are left out, as proto3 does."""
    return varint(tag << 3 | 2) + varint(len(value)) + value if value else b""


def integer(tag: int, value: int) -> bytes:
    """A varint field."""
    return varint(tag << 3) + varint(value)


def string_map(tag: int, content: dict[str, str]) -> bytes:
    """A `map<string, string>`."""
    return b"".join(field(tag, field(1, key.encode()) + field(2, value.encode())) for key, value in content.items())


def parse(encoded: bytes) -> Message:
    """Fields by tag, in order."""
    message: Message = {}
    position = 0
    while position < len(encoded):
        key, position = _number(encoded, position)
        value, position = _number(encoded, position)
        content: Any = value
        if key & 7 == 2:
            content, position = encoded[position : position + value], position + value
        elif key & 7 != 0:
            raise ValueError(f"wire type {key & 7} is not expected")
        message.setdefault(key >> 3, []).append(content)
    return message


def _number(encoded: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = encoded[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def first(message: Message, tag: int, default: bytes = b"") -> Any:
    """The first value of a field."""
    return message.get(tag, [default])[0]


# --- the key service ---
class AwsKms:
    """Envelope encryption with a key of an AWS-KMS-like service."""

    def __init__(self, options: dict[str, str]) -> None:
        unknown = set(options) - OPTIONS
        if unknown:
            raise ValueError(f"unknown options {sorted(unknown)}")
        self.endpoint, self.region = options["endpoint"], options["region"]
        self.access_key = os.environ.get("AWS_ACCESS_KEY_ID", "")
        if not self.access_key:
            raise ValueError("no credentials: AWS_ACCESS_KEY_ID is not set")
        self.key_id: str = self._call("DescribeKey", KeyId=options["kms_key_id"])["KeyMetadata"]["KeyId"]

    def encrypt(self, plaintext: bytes) -> bytes:
        """A wrapped blob: ciphertext, nonce, and the data key as the service wrapped it."""
        data_key, nonce = os.urandom(32), os.urandom(12)
        answer = self._call("Encrypt", KeyId=self.key_id, Plaintext=base64.b64encode(data_key).decode())
        wrapped = base64.b64decode(answer["CiphertextBlob"])
        key_info = integer(1, 1) + field(3, self.key_id.encode()) + field(5, wrapped)
        return field(1, AESGCM(data_key).encrypt(nonce, plaintext, None)) + field(2, nonce) + field(5, key_info)

    def decrypt(self, blob: Message) -> bytes:
        """What `encrypt` was given."""
        wrapped = first(parse(first(blob, 5)), 5)
        answer = self._call("Decrypt", CiphertextBlob=base64.b64encode(wrapped).decode())
        return AESGCM(base64.b64decode(answer["Plaintext"])).decrypt(first(blob, 2), first(blob, 1), None)

    def _call(self, operation: str, **content: str) -> dict[str, Any]:
        credential = f"{self.access_key}/20260101/{self.region}/kms/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"TrentService.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
        }
        request = urllib.request.Request(self.endpoint, json.dumps(content).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                decoded: dict[str, Any] = json.load(answer)
                return decoded
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{operation}: {error.code}") from error


# --- the Wrapper service ---
_instances: dict[str, AwsKms] = {}
Call = Callable[[bytes, grpc.ServicerContext], bytes]


def _set_config(request: bytes, _context: grpc.ServicerContext) -> bytes:
    wrapper_options = parse(first(parse(request), 20))
    entries = [parse(entry) for entry in wrapper_options.get(30, [])]
    instance = AwsKms({first(entry, 1).decode(): first(entry, 2).decode() for entry in entries})
    instance_id = str(uuid.uuid4())
    _instances[instance_id] = instance
    described = {"region": instance.region, "kms_key_id": instance.key_id, "endpoint": instance.endpoint}
    return field(1, instance_id.encode()) + field(10, string_map(10, described))


def _instance(request: bytes) -> AwsKms:
    return _instances[first(parse(request), 1).decode()]


def _encrypt(request: bytes, _context: grpc.ServicerContext) -> bytes:
    return field(10, _instance(request).encrypt(first(parse(request), 10)))


def _decrypt(request: bytes, _context: grpc.ServicerContext) -> bytes:
    return field(10, _instance(request).decrypt(parse(first(parse(request), 10))))


def _finalize(request: bytes, _context: grpc.ServicerContext) -> bytes:
    _instances.pop(first(parse(request), 1).decode(), None)
    return b""


def _shutdown(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    threading.Timer(0.1, os._exit, (0,)).start()
    return b""


SERVICES: dict[str, dict[str, Call]] = {
    "pb.Wrapper": {
        "Init": lambda _request, _context: b"",
        "SetConfig": _set_config,
        "Type": lambda _request, _context: field(10, b"awskms"),
        "KeyId": lambda request, _context: field(10, _instance(request).key_id.encode()),
        "Encrypt": _encrypt,
        "Decrypt": _decrypt,
        "Finalize": _finalize,
    },
    "metadata.Metadata": {"Get": lambda _request, _context: b""},
    "plugin.GRPCController": {"Shutdown": _shutdown},
    "grpc.health.v1.Health": {"Check": lambda _request, _context: integer(1, 1)},
}


def _said_aloud(call: Call) -> Call:
    """Errors as gRPC status with their message, so that the server's log says what went wrong."""

    def wrapped(request: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            return call(request, context)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
            raise

    return wrapped


# --- go-plugin's handshake ---
def _serve_grpc(path: str) -> grpc.Server:
    server = grpc.server(futures.ThreadPoolExecutor(8))
    for service, calls in SERVICES.items():
        handlers: dict[str, Any] = {
            name: grpc.unary_unary_rpc_method_handler(_said_aloud(call)) for name, call in calls.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(f"unix:{path}")
    server.start()
    return server


def _own_certificate() -> tuple[x509.Certificate, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate, certificate.public_bytes(serialization.Encoding.PEM) + private


def _tls(folder: Path, pair: bytes) -> ssl.SSLContext:
    """Mutual TLS: the server that started us sends its certificate by environment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    file = folder / "pair.pem"
    file.write_bytes(pair)
    context.load_cert_chain(file)
    file.unlink()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=os.environ["PLUGIN_CLIENT_CERT"])
    return context


def _accept(listener: socket.socket, context: ssl.SSLContext, behind: str) -> None:
    """TLS ends here, in front of the plain gRPC socket."""
    while True:
        connection, _ = listener.accept()
        try:
            secure = context.wrap_socket(connection, server_side=True)
        except OSError:
            continue
        inner = socket.socket(socket.AF_UNIX)
        inner.connect(behind)
        for source, sink in ((secure, inner), (inner, secure)):
            threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def main() -> None:
    """Serve until the server that started us is gone."""
    if os.environ.get("OPENBAO_KMS_PLUGIN") != MAGIC_COOKIE:
        sys.exit("this is a plugin: OpenBao starts it")
    parent = os.getppid()
    with tempfile.TemporaryDirectory(prefix="kms-", dir=os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or None) as folder:
        plain, secure = f"{folder}/grpc", f"{folder}/tls"
        server = _serve_grpc(plain)
        certificate, pair = _own_certificate()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(secure)
        listener.listen()
        context = _tls(Path(folder), pair)
        threading.Thread(target=_accept, args=(listener, context, plain), daemon=True).start()
        encoded = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")
        print(f"1|1|unix|{secure}|grpc|{encoded}", flush=True)
        while os.getppid() == parent:
            server.wait_for_termination(1)


if __name__ == "__main__":
    main()
