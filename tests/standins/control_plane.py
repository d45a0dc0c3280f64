"""A real Kubernetes API without nodes: etcd, kube-apiserver and kube-controller-manager as plain loopback processes.

Enough to see what the API server and the controllers make of an object. Pods are never scheduled; a test that needs a
pod's status writes it.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kubernetes.client import ApiClient
from kubernetes.config import new_client_from_config

_START_SECONDS = 90


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@dataclass
class ControlPlane:
    """The running processes and the way in."""

    folder: Path
    tools: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    client: ApiClient | None = None

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request as the administrator, past the provider: {} for what is not there."""
        assert self.client is not None
        request = self.client.param_serialize(
            method,
            path,
            header_params={"Content-Type": content_type, "Accept": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        response = self.client.call_api(*request, _request_timeout=10)
        text = response.read()
        if response.status == 404:
            return {}
        assert response.status < 300, text
        return json.loads(text)

    def patch(self, path: str, change: Any) -> Any:
        """A merge patch, as a person with kubectl would do it."""
        return self.call("PATCH", path, change, "application/merge-patch+json")

    @contextlib.contextmanager
    def pods_report(self, namespace: str, status: dict[str, Any]) -> Iterator[None]:
        """Be the kubelet: every pod that appears in the namespace gets this status."""
        over, told = threading.Event(), set()

        def tell() -> None:
            while not over.wait(0.1):
                for pod in self.call("GET", f"/api/v1/namespaces/{namespace}/pods").get("items", []):
                    name = pod["metadata"]["name"]
                    if pod["metadata"]["uid"] not in told:
                        told.add(pod["metadata"]["uid"])
                        self.patch(f"/api/v1/namespaces/{namespace}/pods/{name}/status", {"status": status})

        kubelet = threading.Thread(target=tell, daemon=True)
        kubelet.start()
        try:
            yield
        finally:
            over.set()
            kubelet.join()

    def start(self) -> None:
        etcd, peer, api = _free_ports(3)
        self._write_credentials(api)
        self._run("etcd", *_etcd_flags(self.folder, etcd, peer))
        self._run("kube-apiserver", *_apiserver_flags(self.folder, etcd, api))
        while not (self.folder / "pki" / "apiserver.crt").exists():
            time.sleep(0.1)
        self.client = new_client_from_config(str(self.kubeconfig))
        self._wait_for("/readyz/etcd", "/api/v1/namespaces/default")
        key = self.folder / "service-accounts.key"
        self._run(
            "kube-controller-manager",
            *("--kubeconfig", self.kubeconfig, "--secure-port", "0", "--leader-elect=false"),
            *("--service-account-private-key-file", key, "--use-service-account-credentials"),
        )
        self._wait_for("/api/v1/namespaces/default/serviceaccounts/default")

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGKILL)  # nobody will read what they leave
        for process in self.processes:
            process.wait(20)

    def _run(self, name: str, *flags: object) -> None:
        log = (self.folder / f"{name}.log").open("wb")
        with log:
            command = [str(self.tools / name), *map(str, flags)]
            self.processes.append(
                subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
            )

    def _write_credentials(self, port: int) -> None:
        key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        (self.folder / "service-accounts.key").write_bytes(key)
        token = secrets.token_hex(16)
        (self.folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
        authority = str(self.folder / "pki" / "apiserver.crt")  # made by the API server, and its own authority
        server = {"server": f"https://127.0.0.1:{port}", "certificate-authority": authority}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": server}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        }
        self.kubeconfig.write_text(json.dumps(document))

    def _wait_for(self, *paths: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not all(self._answers(path) for path in paths):
            dead = [process.args for process in self.processes if process.poll() is not None]
            assert not dead, f"{dead} ended; see the logs in {self.folder}"
            assert time.monotonic() < deadline, f"no control plane after {_START_SECONDS} s; see {self.folder}"
            time.sleep(0.2)

    def _answers(self, path: str) -> bool:
        assert self.client is not None
        try:
            request = self.client.param_serialize("GET", path, auth_settings=["BearerToken"])
            response = self.client.call_api(*request, _request_timeout=5)
            response.read()
        except Exception:  # refused, reset, not ready: all of it means "not yet"
            return False
        return bool(response.status == 200)


def _etcd_flags(folder: Path, client: int, peer: int) -> list[object]:
    here, there = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        *("--data-dir", folder / "etcd", "--unsafe-no-fsync", "--log-level", "warn"),
        *("--listen-client-urls", here, "--advertise-client-urls", here),
        *("--listen-peer-urls", there, "--initial-advertise-peer-urls", there, "--initial-cluster", f"default={there}"),
    ]


def _apiserver_flags(folder: Path, etcd: int, port: int) -> list[object]:
    key = folder / "service-accounts.key"
    return [
        *("--etcd-servers", f"http://127.0.0.1:{etcd}", "--bind-address", "127.0.0.1", "--secure-port", port),
        *("--external-hostname", "127.0.0.1"),
        *("--cert-dir", folder / "pki", "--token-auth-file", folder / "tokens.csv", "--authorization-mode", "RBAC"),
        *("--service-cluster-ip-range", "10.96.0.0/16", "--service-account-issuer", "https://kubernetes.default.svc"),
        *("--service-account-key-file", key, "--service-account-signing-key-file", key),
    ]


@contextlib.contextmanager
def control_plane(folder: Path, tools: Path) -> Iterator[ControlPlane]:
    """Up on entry, gone on exit."""
    plane = ControlPlane(folder, tools)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
