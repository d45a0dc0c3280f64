"""The transit server: another OpenBao, a process of this machine, so that it outlives any node of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profiles import layout
from profiles.rendering import server_name
from tests.sandbox.trust.link import Link
from tests.server.binaries import NEWEST, bao
from tests.server.cluster import Cluster, Node
from tests.server.lab import Lab
from tests.server.specifications import ADMIN_PASSWORD, SECRETS, cluster_specification


@dataclass(frozen=True)
class Key:
    """A key of the transit server, and the one token that may use it."""

    name: str
    token: str
    ca: str


class Transit:
    """The server as its administrator sees it, and the link by which pods reach it."""

    def __init__(self, node: Node, link: Link) -> None:
        self._node, self.link = node, link
        self._admin = node.login("userpass", "admin", password=ADMIN_PASSWORD.decode())

    def key(self, name: str) -> Key:
        """Make a key, a policy that allows its use and nothing else, and an orphan, periodic token with that policy."""
        use = "\n".join(
            f'path "transit/{verb}/{name}" {{ capabilities = ["update"] }}' for verb in ("encrypt", "decrypt")
        )
        self._post(f"transit/keys/{name}")
        self._post(f"sys/policies/acl/{name}", {"policy": use})
        return Key(name, self.token(name), self._node.cluster.lab.ca.pem.decode())

    def token(self, key: str) -> str:
        """A new token for a key."""
        wish = {"policies": [key], "period": "24h", "no_default_policy": False}
        made: str = self._post("auth/token/create-orphan", wish)["auth"]["client_token"]
        return made

    def revoke(self, token: str) -> None:
        """What a security team does when a token leaked."""
        self._post("auth/token/revoke", {"token": token})

    def unseal(self, key: Key, credentials: str) -> dict[str, Any]:
        """The `unseal` block for a cluster whose Secret `credentials` holds the key's token and CA."""
        return {
            "type": "transit",
            "address": f"https://{self.link.host}:{self.link.port}",
            "keyName": key.name,
            "tlsServerName": server_name(self._node.cluster.specification, self._node.name),
            "credentialsSecretRef": credentials,
        }

    def another_link(self) -> Link:
        """A second way to the server, under another address."""
        return Link(self.link.target)

    def _post(self, path: str, body: object = None) -> Any:
        answer = self._node.api("POST", path, self._admin, body)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def transit_server(folder: Path) -> Iterator[Transit]:
    """A transit server with its storage in `folder`; ends with the context. The sandbox must be up: pods reach the
    server through its host address."""
    engine = {"name": "engine", "path": "sys/mounts/transit", "data": {"type": "transit"}}
    specification = cluster_specification(replicas=1, selfInit={"requests": [engine]})
    folder.mkdir(parents=True, exist_ok=True)
    with Lab(folder) as lab:
        server = Cluster(lab, bao(NEWEST), specification, SECRETS)
        server.start()
        node = server.active()
        with Link((node.address, layout.API_PORT)) as link:
            yield Transit(node, link)
