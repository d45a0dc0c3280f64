"""What a cluster talks to: key services, a certificate authority, a Kubernetes token reviewer, an identity provider."""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import requests

from sandbox import packages
from sandbox.settings import Places
from tests.server.binaries import crane, moto_path
from tests.server.lab import Lab, Process, eventually

ROOT = Path(__file__).parents[2]


class Moto:
    """AWS KMS as moto plays it. It checks neither signatures nor key policies."""

    def __init__(self, lab: Lab) -> None:
        address = lab.address()
        self.endpoint = f"http://{address}:5000"
        command = [sys.executable, "-m", "moto.server", "-H", address, "-p", "5000"]
        self.process = lab.start(command, lab.folder / "moto" / "moto.log", {"PYTHONPATH": str(moto_path())})
        self.key_id = eventually(self._create_key, f"moto answers\n{self.process.tail()}")

    def _create_key(self) -> str:
        scope = "anyone/20260101/eu-central-1/kms/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "TrentService.CreateKey",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        answer = requests.post(self.endpoint, data="{}", headers=headers, timeout=5)
        key_id: str = answer.json()["KeyMetadata"]["KeyId"]
        return key_id


class Registry:
    """An OCI registry with one image that holds one program.

    It speaks no TLS, which clients accept of localhost only, so it takes any free port there.
    """

    def __init__(self, lab: Lab, program: Path, repository: str, tag: str) -> None:
        folder = lab.folder / "registry"
        self.process = lab.start([crane(), "registry", "serve", "--address", "127.0.0.1:0"], folder / "crane.log")
        self.image = f"localhost:{eventually(self._port, 'the registry serves')}/{repository}"
        layer = folder / "layer.tar"
        with tarfile.open(layer, "w") as archive:
            archive.add(program, arcname=repository)
        append = [crane(), "append", "--oci-empty-base", "--new_layer", layer, "--new_tag", f"{self.image}:{tag}"]
        subprocess.run([str(part) for part in append], check=True)

    def _port(self) -> str | None:
        found = re.search(r"serving on port (\d+)", self.log)
        return found[1] if found else None

    @property
    def log(self) -> str:
        """What was asked of it."""
        return self.process.log.read_text()


class Kmip:
    """PyKMIP's server with one active AES key, reachable by client certificate only."""

    def __init__(self, lab: Lab) -> None:
        address = lab.address()
        self.endpoint = f"{address}:5696"
        self.server_name = "kmip.test"
        folder = lab.folder / "kmip"
        folder.mkdir()
        server = lab.ca.issue("kmip", dns=[self.server_name], ips=[address])
        client = lab.ca.issue("openbao")
        self.client_secret = {"tls.crt": client.cert, "tls.key": client.key, "ca.crt": lab.ca.pem}
        files = {"server.crt": server.cert, "server.key": server.key, "client.crt": client.cert}
        for name, content in (files | {"client.key": client.key, "ca.crt": lab.ca.pem}).items():
            (folder / name).write_bytes(content)
        program: list[str | Path] = [sys.executable, ROOT / "tests/server/kmip_server.py"]
        self.process = lab.start([*program, "serve", address, folder], folder / "kmip.log")
        eventually(lambda: _accepts(address, 5696), f"PyKMIP listens\n{self.process.tail()}")
        created = subprocess.run(
            [str(part) for part in (*program, "create-key", address, folder)],
            check=True,
            capture_output=True,
            text=True,
        )
        self.key_id = created.stdout.strip()


class Pebble:
    """Let's Encrypt's test CA (Debian package `pebble`): it validates TLS-ALPN-01 for real and demands account keys.

    resolver: `address:port` of the name server that leads it to what it validates; `tls_port`: where it dials there.
    reached_at: addresses in its own certificate, for those who reach it through something in between. lifetime: seconds
    that its certificates are good for; None: its own default of five years.
    """

    key_id = "kid-1"
    mac_key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    PORT = 14000

    def __init__(
        self, lab: Lab, resolver: str, *, tls_port: int, reached_at: Sequence[str] = (), lifetime: int | None = None
    ) -> None:
        _need("pebble")
        self.address = lab.address()
        folder = lab.folder / "pebble"
        folder.mkdir()
        own = lab.ca.issue("pebble", ips=[self.address, *reached_at])
        for name, content in {"crt": own.cert, "key": own.key, "ca": lab.ca.pem}.items():
            (folder / name).write_bytes(content)
        configuration = {
            "listenAddress": f"{self.address}:{self.PORT}",
            "managementListenAddress": f"{self.address}:15000",
            "certificate": str(folder / "crt"),
            "privateKey": str(folder / "key"),
            "httpPort": 5002,
            "tlsPort": tls_port,
            "externalAccountBindingRequired": True,
            "externalAccountMACKeys": {self.key_id: self.mac_key},
            **({"certificateValidityPeriod": lifetime} if lifetime is not None else {}),
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
        command: list[str | Path] = ["pebble", "-config", folder / "pebble.json", "-dnsserver", resolver, "-strict"]
        quick = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        self.process = lab.start(command, folder / "pebble.log", quick)
        root = f"https://{self.address}:15000/roots/0"
        self.root = eventually(
            lambda: requests.get(root, verify=str(folder / "ca"), timeout=3).content, f"pebble\n{self.process.tail()}"
        )

    def directory(self, host: str | None = None, port: int = PORT) -> str:
        """URL of the directory, for those who reach it at another host and port, too."""
        return f"https://{host or self.address}:{port}/dir"


def name_server(lab: Lab, names: Mapping[str, str]) -> str:
    """`address:port` of a name server (Debian package `pebble`) that knows these names and their addresses."""
    _need("pebble-challtestsrv")
    address = lab.address()
    unused = ["http01", "https01", "tlsalpn01", "defaultIPv4", "defaultIPv6"]
    used = ["-management", f"{address}:8055", "-dns01", f"{address}:8053"]
    command = ["pebble-challtestsrv", *used, *(part for flag in unused for part in (f"-{flag}", ""))]
    process = lab.start(command, lab.folder / "name-server" / "dns.log")
    for name, target in names.items():
        record = {"host": name, "addresses": [target]}
        _add_name(f"http://{address}:8055/add-a", record, process)
    return f"{address}:8053"


def _add_name(url: str, record: Mapping[str, Any], process: Process) -> None:
    eventually(lambda: requests.post(url, json=record, timeout=3).ok, f"the name server answers\n{process.tail()}")


def _need(command: str) -> None:
    """Debian's pebble has it."""
    packages.install(Places.from_environment(), packages.commands_of("pebble", command))


def _accepts(address: str, port: int) -> bool:
    with socket.create_connection((address, port), timeout=1):
        return True


class _Handler(BaseHTTPRequestHandler):
    """JSON over HTTPS; `respond` of the server decides."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = json.dumps(self.server.respond(self, body)).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _answer  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def _https(lab: Lab, respond: Any) -> Iterator[str]:
    address = lab.address()
    own = lab.ca.issue("https", ips=[address])
    pair = lab.folder / f"https-{address}.pem"
    pair.write_bytes(own.cert + own.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    server = ThreadingHTTPServer((address, 8443), _Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.respond = respond  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"https://{address}:8443"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def token_reviewer(lab: Lab, namespace: str, service_account: str) -> Iterator[str]:
    """A Kubernetes API that answers every token review with this ServiceAccount."""

    def respond(request: BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
        review: dict[str, Any] = json.loads(body)
        assert request.path == "/apis/authentication.k8s.io/v1/tokenreviews"
        user = {"username": f"system:serviceaccount:{namespace}:{service_account}", "uid": "u1", "groups": []}
        audiences = review["spec"].get("audiences", [])
        return review | {"status": {"authenticated": True, "user": user, "audiences": audiences}}

    with _https(lab, respond) as url:
        yield url


class IdentityProvider:
    """An OpenID provider whose one user logs in at once; the client must know its secret."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._client = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._client_id = client_id
        self._secret = "id-token-key-" + "x" * 32
        self._key = _rsa_key()
        self.url = ""
        self.nonce = ""

    @contextmanager
    def serve(self, lab: Lab) -> Iterator[IdentityProvider]:
        """Answer until the context ends."""
        with _https(lab, self._respond) as url:
            self.url = url
            yield self

    def _respond(self, request: BaseHTTPRequestHandler, _body: bytes) -> dict[str, Any]:
        path = urllib.parse.urlsplit(request.path).path
        if path == "/.well-known/openid-configuration":
            return self._discovery()
        if path == "/keys":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
            return {"keys": [key | {"kid": "k", "alg": "RS256", "use": "sig"}]}
        assert path == "/token"
        assert request.headers["authorization"] == f"Basic {self._client}", "wrong client secret"
        now = int(time.time())
        claims = {"iss": self.url, "sub": "alice", "aud": self._client_id, "iat": now, "exp": now + 300}
        token = jwt.encode(claims | {"nonce": self.nonce}, self._key, algorithm="RS256", headers={"kid": "k"})
        return {"access_token": "unused", "token_type": "Bearer", "id_token": token}

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }


def _rsa_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


__all__ = ["IdentityProvider", "Kmip", "Moto", "Pebble", "Process", "name_server", "token_reviewer"]
