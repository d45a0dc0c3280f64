"""An ACME CA on this machine that pods reach and that reaches them, and clusters whose listeners ask it.

It resolves names by the cluster's own DNS and dials port 443, as a company's CA would. Its link can be cut: that is the
CA being away, while it keeps what it issued.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import urllib3
from cryptography import x509

from sandbox.cluster import Cluster
from sandbox.network import DNS, HOST
from tests.sandbox.client import API_PORT, Client
from tests.sandbox.trust.hardened import Hardened, hardened_cluster
from tests.sandbox.trust.kmip import KmipRoot
from tests.sandbox.trust.link import Link
from tests.sandbox.trust.production import Place, egress_to_host
from tests.server.lab import Lab
from tests.server.services import Pebble

ROOTS: Final = "acme-roots"
ACCOUNT: Final = "acme-account"
_HTTPS_PORT: Final = 443


@dataclass(frozen=True)
class AcmeAuthority:
    """The CA: `link` is how pods reach it, `directory_ca` signed its own certificate, `root` what it issues."""

    link: Link
    directory_ca: str
    root: str
    directory: str

    def tls(self, **fields: Any) -> dict[str, Any]:
        """A `tls` block that asks it, with `fields` over it (None takes one out); needs `prepare`."""
        usual = {
            "mode": "ACME",
            "directoryUrl": self.directory,
            "email": "ops@acme.test",
            "caRootSecretRef": ROOTS,
            "eabKeyId": Pebble.key_id,
            "eabSecretRef": ACCOUNT,
        }
        return {key: value for key, value in {**usual, **fields}.items() if value is not None}

    def prepare(self, place: Place) -> None:
        """The Secrets that the `tls` block names."""
        place.secret(ROOTS, {"ca.crt": self.directory_ca, "issuer.crt": self.root})
        place.secret(ACCOUNT, {"macKey": Pebble.mac_key})


@contextmanager
def acme_authority(lab: Lab) -> Iterator[AcmeAuthority]:
    """Pebble behind a link."""
    pebble = Pebble(lab, f"{DNS}:53", tls_port=_HTTPS_PORT, reached_at=[HOST])
    with Link((pebble.address, Pebble.PORT)) as link:
        directory = pebble.directory(link.host, link.port)
        yield AcmeAuthority(link, lab.ca.pem.decode(), pebble.root.decode(), directory)


class AcmeClient(Client):
    """A client that asks pods by the names that their certificates have; by default pod 0.

    shared_name: the one name of all pods, if they share one: then any pod, through the Service.
    """

    def __init__(self, cluster: Cluster, name: str, ca: str, shared_name: str | None = None) -> None:
        super().__init__(cluster, name, ca)
        self.shared_name = shared_name

    def server_name(self, pod: str) -> str:
        return self.shared_name or f"{pod}.{self.name}.{self.name}.svc.cluster.local"

    def service_pool_at(self, address: str, timeout: float) -> urllib3.HTTPSConnectionPool:
        return self.pool(address, self.server_name(f"{self.name}-0"), timeout)

    def service_pool(self, timeout: float = 3.0) -> urllib3.HTTPSConnectionPool:
        return super().service_pool(timeout) if self.shared_name else self.pod_pool(f"{self.name}-0")

    def pod_pool(self, pod: str) -> urllib3.HTTPSConnectionPool:
        return self.pool(self.pod_address(pod), self.server_name(pod))

    def pod_address(self, pod: str) -> str:
        return str(self.pods()[pod]["status"]["podIP"])

    def certificate(self, pod: str) -> x509.Certificate:
        """What the pod's listener serves to who asks by the right name and trusts the CA."""
        return self._handshake(pod, ssl.create_default_context(cadata=self.ca), self.server_name(pod))

    def certificate_without_name(self, pod: str) -> x509.Certificate:
        """The same for who asks by address and believes anybody."""
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        return self._handshake(pod, anybody, None)

    def _handshake(self, pod: str, context: ssl.SSLContext, name: str | None) -> x509.Certificate:
        with (
            socket.create_connection((self.pod_address(pod), API_PORT), timeout=3) as connection,
            context.wrap_socket(connection, server_hostname=name) as encrypted,
        ):
            return x509.load_der_x509_certificate(encrypted.getpeercert(binary_form=True) or b"")


def acme_cluster(
    cluster: Cluster, folder: Path, name: str, root: KmipRoot, authority: AcmeAuthority, **tls: Any
) -> Hardened:
    """A stack, not yet brought up, of a Hardened cluster that asks the CA; `tls` over the usual block."""
    network = {
        "egressRules": [egress_to_host(root.port), egress_to_host(authority.link.port)],
        "trustedIngressPeers": [{"ipBlock": {"cidr": f"{HOST}/32"}}],
    }
    wanted, seal = authority.tls(**tls), (root.unseal, root.credentials, root.port)
    made = hardened_cluster(cluster, folder, name, *seal, tls=wanted, network=network)
    authority.prepare(made.place)
    made.client = AcmeClient(cluster, name, authority.root, next(iter(tls.get("domains", [])), None))
    return made
