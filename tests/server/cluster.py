"""Three-node clusters out of rendered configuration alone.

A node gets exactly what a pod gets: the configuration files, the Secrets of `seal_needs` and `bootstrap_secrets` as
files and environment, the TLS files, and its identity by BAO_* variables. `on_loopback` is the one place where a pod's
world becomes this machine's.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from profiles import layout
from profiles.layout import Names
from profiles.rendering import (
    PROOF_MOUNT,
    PROOF_USER,
    SecretMount,
    bootstrap_configuration,
    bootstrap_secrets,
    dump,
    seal_needs,
    secret_configuration,
    server_configuration,
    server_name,
)
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls
from tests.server.lab import Lab, Process, eventually

Secrets = Mapping[str, Mapping[str, bytes]]
"""Kubernetes Secrets: name → key → value."""

PROOF_PASSWORD = "proof-canary-7d1f"
POD_PATHS = ("/etc/bao/", "/bao/", "/openbao/")


def on_loopback(configuration: Mapping[str, Any], home: Path, own: str, peers: Mapping[str, str]) -> dict[str, Any]:
    """A pod's configuration on this machine. Changed are, and nothing else:

    the listeners' and cluster addresses (`[::]` and `127.0.0.1` → the node's own), paths (→ below the node's folder),
    the hosts of `retry_join` (pod names → addresses; the names they are verified by stay), and `service_registration`
    is left out, because there is no Kubernetes API.
    """

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(item) for key, item in value.items() if key != "service_registration"}
        if isinstance(value, list):
            return [change(item) for item in value]
        return _path_or_host(value, home, own, peers) if isinstance(value, str) else value

    changed: dict[str, Any] = change(configuration)
    return changed


def _path_or_host(text: str, home: Path, own: str, peers: Mapping[str, str]) -> str:
    for everywhere in ("[::]:", "127.0.0.1:"):
        if text.startswith(everywhere):
            return text.replace(everywhere, f"{own}:")
    for name, address in peers.items():
        if text.startswith(f"https://{name}:"):
            return text.replace(name, address)
    plain = text.removeprefix("file://")
    if plain.startswith(POD_PATHS):
        return text.removesuffix(plain) + f"{home}{plain}"
    return text


class Node:
    """One server process and its folder."""

    def __init__(self, cluster: Cluster, ordinal: int, address: str) -> None:
        self.cluster = cluster
        self.ordinal = ordinal
        self.name = cluster.names.pods[ordinal]
        self.address = address
        self.home = cluster.lab.folder / self.name
        self.log = self.home / "server.log"
        self.process: Process | None = None
        self.environment: dict[str, str] = {}
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", ByServerName(server_name(cluster.specification, self.name)))

    def path(self, in_pod: str) -> Path:
        """Where a path of the pod is on this machine."""
        return Path(f"{self.home}{in_pod}")

    def write(self, in_pod: str, content: bytes) -> None:
        """A file of the pod."""
        file = self.path(in_pod)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def start(self) -> None:
        """Start the server; on ordinal 0 with the bootstrap folder, if there is one."""
        self.path(layout.DATA_DIR).mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [self.cluster.binary, "server", f"-config={self.path(layout.CONFIG_DIR)}"]
        if self.path(layout.BOOTSTRAP_DIR).is_dir():
            command.append(f"-config={self.path(layout.BOOTSTRAP_DIR)}")
        identity = {
            "BAO_RAFT_NODE_ID": self.name,
            "BAO_API_ADDR": f"https://{self.address}:{layout.API_PORT}",
            "BAO_CLUSTER_ADDR": f"https://{self.address}:{layout.CLUSTER_PORT}",
        }
        self.process = self.cluster.lab.start(command, self.log, {**self.environment, **identity})

    def stop(self) -> None:
        """Stop as a kubelet does."""
        assert self.process is not None
        self.process.stop()

    def kill(self) -> None:
        """Lose it as a node's power loss does."""
        assert self.process is not None
        self.process.kill()

    def wait_until_ready(self) -> None:
        """Until a readiness probe succeeds."""
        eventually(lambda: self.health() == 200, f"{self.name} is ready\n{self.process and self.process.tail()}")

    def wipe(self) -> None:
        """Lose the data volume."""
        shutil.rmtree(self.path(layout.DATA_DIR))

    def forget_bootstrap(self) -> None:
        """What the latch does after the proof: no later start sees the stanza or its Secrets."""
        shutil.rmtree(self.path(layout.BOOTSTRAP_DIR))
        shutil.rmtree(self.path(layout.BOOTSTRAP_SECRETS_DIR), ignore_errors=True)

    def api(
        self, method: str, path: str, token: str | None = None, body: Any = None, port: int = layout.API_PORT
    ) -> requests.Response:
        """One call, verified by the cluster's CA and this node's name."""
        headers = {"X-Vault-Token": token} if token else {}
        url = f"https://{self.address}:{port}/v1/{path}"
        return self.session.request(method, url, headers=headers, json=body, timeout=10)

    def read(self, path: str, token: str) -> Any:
        """The `data` of a GET that must succeed."""
        answer = self.api("GET", path, token)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]

    def health(self) -> int:
        """Status code of sys/health as a readiness probe asks it; 0 for no answer."""
        try:
            return self.api("GET", "sys/health?standbyok=true").status_code
        except requests.RequestException:
            return 0

    def login(self, mount: str, name: str, **credentials: Any) -> str:
        """A token by `auth/<mount>/login[/<name>]`; asserts that the login succeeds."""
        answer = self.api("POST", f"auth/{mount}/login" + (f"/{name}" if name else ""), body=credentials)
        assert answer.ok, f"login by {mount}: {answer.status_code} {answer.text}"
        token: str = answer.json()["auth"]["client_token"]
        return token


class Cluster:
    """All nodes of one specification."""

    def __init__(
        self,
        lab: Lab,
        binary: Path,
        specification: Specification,
        secrets: Secrets | None = None,
        addresses: Sequence[str] | None = None,
    ) -> None:
        self.lab = lab
        self.binary = binary
        self.specification = specification
        self.names = Names.of(specification)
        self.secrets: dict[str, Mapping[str, bytes]] = {
            self.names.child("proof-login"): {"password": PROOF_PASSWORD.encode()},
            **(secrets or {}),
        }
        self.initialize = bootstrap_configuration(specification)
        addresses = addresses or [lab.address() for _ in self.names.pods]
        self.nodes = [Node(self, ordinal, address) for ordinal, address in enumerate(addresses)]
        self.trust(lab.ca.pem)

    def trust(self, ca: bytes) -> None:
        """Verify servers by this CA."""
        file = self.lab.folder / "trusted-ca.crt"
        file.write_bytes(ca)
        for node in self.nodes:
            node.session.verify = str(file)

    def place(self) -> None:
        """Write what each pod would find mounted."""
        for node in self.nodes:
            self._place_configuration(node)
            self._place_tls(node)
            self._place_seal(node)
        if self.initialize is not None:
            self._place_bootstrap(self.nodes[0])

    def start(self) -> None:
        """Place all files and start all nodes at once."""
        self.place()
        for node in self.nodes:
            node.start()

    def peers(self) -> dict[str, str]:
        """Pod DNS name → address."""
        return {self.names.pod_dns(node.name): node.address for node in self.nodes}

    def active(self, seconds: float = 40) -> Node:
        """The first node that says it leads; fails early when every process ended."""

        def leader() -> Node | None:
            codes = [node.process.exit_code() for node in self.nodes if node.process is not None]
            assert None in codes, (
                f"every server exited {codes}:\n{self.nodes[0].process and self.nodes[0].process.tail()}"
            )
            answers = (node for node in self.nodes if node.health() == 200 and self._leads(node))
            return next(answers, None)

        return eventually(leader, f"a leader\n{self.nodes[0].process and self.nodes[0].process.tail()}", seconds)

    def proof_token(self, node: Node) -> str:
        """A login as the proof Job makes it."""
        return node.login(PROOF_MOUNT, PROOF_USER, password=PROOF_PASSWORD)

    def voters(self, node: Node, token: str) -> set[str]:
        """Names of all voting peers."""
        configuration = node.read("sys/storage/raft/configuration", token)["config"]
        return {server["node_id"] for server in configuration["servers"] if server["voter"]}

    def wait_for_voters(self, node: Node, token: str) -> None:
        """All nodes vote and all answer as ready."""
        everyone = {peer.name for peer in self.nodes}
        eventually(lambda: self.voters(node, token) == everyone, f"voters {everyone}")
        eventually(lambda: all(peer.health() == 200 for peer in self.nodes), "all nodes ready")

    @staticmethod
    def _leads(node: Node) -> bool:
        return bool(node.api("GET", "sys/leader").json()["is_self"])

    def _place_configuration(self, node: Node) -> None:
        files = {
            layout.CONFIG_FILE: server_configuration(self.specification),
            layout.SECRET_CONFIG_FILE: secret_configuration(self.specification),
        }
        for name, configuration in files.items():
            if configuration is not None:
                self.place_file(node, f"{layout.CONFIG_DIR}/{name}", configuration)

    def place_file(self, node: Node, in_pod: str, configuration: Mapping[str, Any]) -> None:
        """One configuration file, mapped to this machine."""
        mapped = on_loopback(configuration, node.home, node.address, self.peers())
        node.write(in_pod, dump(mapped).encode())

    def _place_tls(self, node: Node) -> None:
        if isinstance(self.specification.tls, AcmeTls):
            return
        certificate = self.lab.ca.issue(self.names.name, dns=self.names.certificate_names())
        node.write(layout.TLS_CERT, certificate.cert)
        node.write(layout.TLS_KEY, certificate.key)
        node.write(layout.TLS_CA, self.lab.ca.pem)

    def _place_seal(self, node: Node) -> None:
        needs = seal_needs(self.specification)
        for mount in needs.mounts:
            self._mount(node, mount)
        node.environment |= {key: _below(node.home, value) for key, value in needs.environment.items()}
        for variable, source in needs.environment_from_secret.items():
            value = self.secrets[source.secret_name].get(source.key)
            assert value is not None or source.optional, f"{source} is missing"
            if value is not None:
                node.environment[variable] = value.decode()

    def _mount(self, node: Node, mount: SecretMount) -> None:
        secret = self.secrets[mount.secret_name]
        files = mount.files or {key: key for key in secret}
        for file, key in files.items():
            node.write(f"{mount.directory}/{file}", secret[key])

    def _place_bootstrap(self, node: Node) -> None:
        assert self.initialize is not None
        self.place_file(node, f"{layout.BOOTSTRAP_DIR}/{layout.BOOTSTRAP_FILE}", json.loads(dump(self.initialize)))
        for wanted in bootstrap_secrets(self.specification):
            value = self.secrets[wanted.secret_name][wanted.key]
            node.write(f"{layout.BOOTSTRAP_SECRETS_DIR}/{wanted.file}", value)


def _below(home: Path, text: str) -> str:
    return f"{home}{text}" if text.startswith(POD_PATHS) else text


class ByServerName(HTTPAdapter):
    """Connects to an address and asks for, and verifies, a name."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, server_hostname=self._name, assert_hostname=self._name, **kwargs)
