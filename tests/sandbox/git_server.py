"""This repository's last commit, served as a Git host serves it: smart HTTP over TLS on loopback.

Pulumi takes packages from Git by https only, so a path or a plain server would not do. Needs root, for the port.
"""

from __future__ import annotations

import http.server
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# An address of its own, because the port has to be 443: Pulumi names the package's folder after the URL, and Python
# makes no virtual environment below a folder with a colon in its name.
_HOST = "127.71.105.116"


@dataclass(frozen=True)
class GitServer:
    """url: of the repository, without a path in it. trust: the system's CAs and the server's own, as one PEM file."""

    url: str
    trust: Path


@contextmanager
def serve(repository: Path, tag: str, folder: Path) -> Iterator[GitServer]:
    """Serve a bare clone of `repository` whose HEAD bears `tag`; `folder` is the server's own."""
    bare = folder / "example" / "openbao.git"
    _git("clone", "--quiet", "--bare", "--no-hardlinks", str(repository), str(bare))
    _git("-C", str(bare), "tag", tag)
    key, certificate = _certificate(folder)
    with http.server.ThreadingHTTPServer((_HOST, 443), _handler(folder)) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield GitServer(f"https://{_HOST}/example/openbao.git", _trust(folder, certificate))
        server.shutdown()
        thread.join()


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "safe.directory=*", *arguments], check=True, capture_output=True)


def _handler(root: Path) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        """Hands every request to Git's own CGI program."""

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = subprocess.run(
                ["git", "-c", "safe.directory=*", "http-backend"],
                input=body,
                capture_output=True,
                check=False,
                env={
                    **os.environ,
                    "GIT_PROJECT_ROOT": str(root),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "REQUEST_METHOD": self.command,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                },
            ).stdout
            head, _, content = answer.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """The test's output is not the place."""

    return Handler


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "git server of a test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(_HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "tls.key", folder / "tls.crt"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*form))
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file


def _trust(folder: Path, certificate: Path) -> Path:
    """Beside ours the system's CAs: what installs from a package index in the same process must still work."""
    known = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    bundle = folder / "trust.pem"
    bundle.write_text((Path(known).read_text() if known else "") + certificate.read_text())
    return bundle
