"""The transit server: another OpenBao in the same Kubernetes, made by the Development component."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cluster import Cluster
from tests.sandbox.client import API_PORT, Client
from tests.sandbox.stack import Stack
from tests.sandbox.trust.link import Link

NAME = "transit"
_SPECIFICATION = {"profile": "Development", "replicas": 1, "storage": {"size": "1Gi"}}


@dataclass(frozen=True)
class Key:
    """A key of the transit server, and the one token that may use it."""

    name: str
    token: str
    ca: str


class Transit:
    """The server as its administrator sees it, and the link by which pods reach it."""

    def __init__(self, client: Client, link: Link) -> None:
        self._client, self.link = client, link

    def key(self, name: str) -> Key:
        """Make a key, a policy that allows its use and nothing else, and an orphan, periodic token with that policy."""
        use = "\n".join(
            f'path "transit/{verb}/{name}" {{ capabilities = ["update"] }}' for verb in ("encrypt", "decrypt")
        )
        self._post(f"transit/keys/{name}")
        self._post(f"sys/policies/acl/{name}", {"policy": use})
        return Key(name, self.token(name), self._client.ca)

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
            "tlsServerName": f"{NAME}-public.{NAME}.svc",
            "credentialsSecretRef": credentials,
        }

    def _post(self, path: str, body: object = None) -> Any:
        status, answer = self._client.call("POST", path, body)
        assert status in {200, 204}, f"{path}: {status} {answer}"
        return answer


@contextmanager
def transit_server(cluster: Cluster, folder: Path) -> Iterator[Transit]:
    """A transit server of the Development profile; removed at the end."""
    stack = Stack(cluster, folder, NAME, _SPECIFICATION)
    stack.up()
    try:
        client = Client(cluster, NAME, stack.outputs()["ca_certificate"])
        client.log_in()
        status, answer = client.call("POST", "sys/mounts/transit", {"type": "transit"})
        assert status == 204, answer
        with Link((client.address(f"{NAME}-public"), API_PORT)) as link:
            yield Transit(client, link)
    finally:
        stack.destroy()
