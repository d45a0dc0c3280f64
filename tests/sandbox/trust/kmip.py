"""A KMIP server on this machine that pods reach: the cheapest trust root that a Hardened cluster can have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.sandbox.trust.link import Link
from tests.sandbox.trust.production import CREDENTIALS
from tests.server.lab import Lab
from tests.server.services import Kmip


@dataclass(frozen=True)
class KmipRoot:
    """What a cluster needs of it: the `unseal` block, the Secret's content, and the port on the host's address."""

    unseal: dict[str, Any]
    credentials: dict[str, str]
    port: int


@contextmanager
def kmip_root(lab: Lab) -> Iterator[KmipRoot]:
    """PyKMIP's server with one key, reached through a link."""
    service = Kmip(lab)
    host, _, port = service.endpoint.partition(":")
    with Link((host, int(port))) as link:
        unseal = {
            "type": "kmip",
            "endpoint": f"{link.host}:{link.port}",
            "kmsKeyId": service.key_id,
            "serverName": service.server_name,
            "timeout": 20,
            "credentialsSecretRef": CREDENTIALS,
        }
        credentials = {key: value.decode() for key, value in service.client_secret.items()}
        yield KmipRoot(unseal, credentials, link.port)
