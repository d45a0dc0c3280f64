"""What a pod's listener shows to those who connect, and what has become of the pod meanwhile."""

from __future__ import annotations

import ssl
import uuid

from cryptography import x509

from tests.sandbox.client import API_PORT, Client, until


def served(client: Client, pod: str) -> x509.Certificate:
    """The certificate that the pod's listener shows in a new handshake, whoever signed it."""
    address = client.pods()[pod]["status"]["podIP"]
    return x509.load_pem_x509_certificate(ssl.get_server_certificate((address, API_PORT), timeout=5).encode())


def wanted(client: Client, secret: str) -> x509.Certificate:
    """The certificate that lies in the Secret."""
    return x509.load_pem_x509_certificate(client.secret(secret)["tls.crt"].encode())


def until_served(client: Client, secret: str, seconds: float = 180) -> float:
    """Wait until every pod serves what lies in the Secret; returns the seconds it took."""
    renewed = wanted(client, secret)
    return until(
        lambda: all(served(client, pod) == renewed for pod in client.pods()), "the renewed certificate", seconds
    )


def hasten(client: Client) -> None:
    """Make kubelet look after the pods' volumes now; by itself it does so once in about a minute."""
    client.kubectl("annotate", "pods", "--all", "--overwrite", f"test/touched={uuid.uuid4()}")


def lives(client: Client) -> dict[str, tuple[str, int]]:
    """Uid and restart count by pod: unchanged where nothing was restarted."""
    return {
        name: (pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"])
        for name, pod in client.pods().items()
    }
