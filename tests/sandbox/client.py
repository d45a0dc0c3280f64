"""A client of a cluster in the sandbox: talks to Services and pods by their addresses, verifies them by their names."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import urllib3

from sandbox.cluster import Cluster

API_PORT = 8200


class Client:
    """`bao` over HTTP for one cluster, as its generated admin."""

    def __init__(self, cluster: Cluster, name: str, ca: str) -> None:
        self.cluster, self.name, self.ca = cluster, name, ca
        self.token = ""

    def kubectl(self, *arguments: str) -> str:
        return self.cluster.kubectl(f"--namespace={self.name}", *arguments)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "--output=json"))
        return found

    def pods(self) -> dict[str, dict[str, Any]]:
        listing = self.kubectl("get", "pods", "--selector=app.kubernetes.io/component=server", "--output=json")
        return {pod["metadata"]["name"]: pod for pod in json.loads(listing)["items"]}

    def secret(self, name: str) -> dict[str, str]:
        data = self.get("secret", name).get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def address(self, service: str) -> str:
        return str(self.get("service", service)["spec"]["clusterIP"])

    def pool(
        self, address: str, host_name: str, timeout: float = 3.0, port: int = API_PORT
    ) -> urllib3.HTTPSConnectionPool:
        return urllib3.HTTPSConnectionPool(
            address,
            port,
            ca_cert_data=self.ca,
            assert_hostname=host_name,
            server_hostname=host_name,
            timeout=urllib3.Timeout(timeout),
            retries=False,
        )

    def service_pool(self, timeout: float = 3.0) -> urllib3.HTTPSConnectionPool:
        return self.service_pool_at(self.address(f"{self.name}-public"), timeout)

    def service_pool_at(self, address: str, timeout: float) -> urllib3.HTTPSConnectionPool:
        """The same without asking Kubernetes for the address, which may be what just failed."""
        return self.pool(address, f"{self.name}-public.{self.name}.svc", timeout)

    def pod_pool(self, pod: str) -> urllib3.HTTPSConnectionPool:
        return self.pool(self.pods()[pod]["status"]["podIP"], f"{pod}.{self.name}.{self.name}.svc")

    def call(
        self, method: str, path: str, body: object = None, *, pool: urllib3.HTTPSConnectionPool | None = None
    ) -> tuple[int, Any]:
        headers = {"X-Vault-Token": self.token} if self.token else {}
        answer = (pool or self.service_pool()).request(
            method, f"/v1/{path}", body=None if body is None else json.dumps(body), headers=headers
        )
        return answer.status, json.loads(answer.data) if answer.data else None

    def log_in(self, username: str = "admin") -> None:
        """Log in with the generated password; retried, since a leader may just be changing."""
        password = self.secret(f"{self.name}-login-{username}")["password"]

        def try_it() -> bool:
            status, answer = self.call("POST", f"auth/userpass/login/{username}", {"password": password})
            if status == 200:
                self.token = answer["auth"]["client_token"]
            return status == 200

        until(try_it, "login")

    def peers(self) -> dict[str, bool]:
        """Raft peers by node id: whether each is a voter."""
        status, answer = self.call("GET", "sys/storage/raft/configuration")
        assert status == 200, answer
        return {server["node_id"]: server["voter"] for server in answer["data"]["config"]["servers"]}

    def leader(self) -> str:
        """Name of the leader's pod; asked again while there is none."""
        found: list[str] = []

        def there_is_one() -> bool:
            servers = self.call("GET", "sys/storage/raft/configuration")[1]["data"]["config"]["servers"]
            found[:] = [str(server["node_id"]) for server in servers if server["leader"]]
            return bool(found)

        until(there_is_one, "a leader", seconds=30)
        return found[0]

    def cluster_id(self, pod: str) -> str:
        return str(self.call("GET", "sys/seal-status", pool=self.pod_pool(pod))[1].get("cluster_id", ""))


def until(check: Any, what: str, seconds: float = 120, pause: float = 0.2) -> float:
    """Wait until `check()` is true; an exception means not yet. Returns the seconds it took."""
    began, why = time.monotonic(), ""
    while time.monotonic() - began < seconds:
        try:
            if check():
                return time.monotonic() - began
        except Exception as error:  # a failing kubectl means not yet, too
            why = str(error)
        time.sleep(pause)
    raise AssertionError(f"{what}: not within {seconds} s; last: {why}")


@dataclass
class Writer:
    """Writes without a pause, remembers every acknowledged value, and can check them all afterwards."""

    client: Client
    mount: str = "journal"
    reconnects: bool = False
    """A new handshake for every write, so that the certificate of the moment decides."""
    acknowledged: dict[str, tuple[str, float]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _ended: float | None = None

    def __enter__(self) -> Writer:
        until(self._mount, f"mount {self.mount}", seconds=30)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()
        until(lambda: len(self.acknowledged) > 5, "first writes")
        return self

    def _mount(self) -> bool:
        """Whether it is there; a leader may just be changing."""
        status, answer = self.client.call("POST", f"sys/mounts/{self.mount}", {"type": "kv"})
        return status == 204 or "path is already in use" in str(answer)

    def __exit__(self, *_: object) -> None:
        self._ended = time.monotonic()
        self._stop.set()
        assert self._thread is not None
        self._thread.join(timeout=30)

    def _write(self) -> None:
        pool, number = self.client.service_pool(timeout=1.0), 0
        while not self._stop.is_set():
            number += 1
            value = f"{number}-{time.time_ns()}"
            try:
                status, _ = self.client.call("POST", f"{self.mount}/{number}", {"value": value}, pool=pool)
            except (urllib3.exceptions.HTTPError, ValueError):
                status = 0
            if status == 204:
                self.acknowledged[str(number)] = (value, time.monotonic())
            if status != 204 or self.reconnects:
                pool.close()  # a new connection may reach another pod
                pool = self.client.service_pool_at(pool.host, timeout=1.0)
            if status != 204:
                time.sleep(0.02)

    def longest_gap(self) -> float:
        """Seconds of the longest time without an acknowledged write, up to now or to the end."""
        acknowledged = [at for _, at in list(self.acknowledged.values())]  # a list at once: it may grow meanwhile
        times = sorted([*acknowledged, self._ended or time.monotonic()])
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)

    def until_acknowledged(self) -> None:
        """Wait for the next acknowledged write."""
        before = len(self.acknowledged)
        until(lambda: len(self.acknowledged) > before, "a write after the fault", 60)

    def lost(self) -> list[str]:
        """Keys whose acknowledged value cannot be read back; a read that fails on the way is tried again."""
        pool = self.client.service_pool()

        def holds(key: str, value: str) -> bool:
            status, answer = self.client.call("GET", f"{self.mount}/{key}", pool=pool)
            assert status in {200, 404}, answer
            return status == 200 and answer["data"]["value"] == value

        missing = []
        for key, (value, _) in self.acknowledged.items():
            try:
                until(lambda key=key, value=value: holds(key, value), f"key {key}", seconds=10)
            except AssertionError:
                missing.append(key)
        return missing
