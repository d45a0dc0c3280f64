"""The baseline alive: the chart's manifest applied, and the script that a chart's user writes around it.

The script does without a pause what a person does by hand: make a certificate, apply, initialise pod 0 (five shares,
three of them needed: the server's defaults), unseal every pod as soon as it can be. So the baseline is at its best.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.cluster import Cluster
from tests.benchmarks import chart_baseline
from tests.sandbox.client import Client, until


class ChartClient(Client):
    """The same client as for our clusters, with the chart's names."""

    keys: tuple[str, ...] = ()

    def pods(self) -> dict[str, dict[str, Any]]:
        labels = ",".join(f"{key}={value}" for key, value in chart_baseline.selector(self.name).items())
        listing = json.loads(self.kubectl("get", "pods", f"--selector={labels}", "--output=json"))
        return {pod["metadata"]["name"]: pod for pod in listing["items"]}

    def service_pool(self, timeout: float = 3.0) -> urllib3.HTTPSConnectionPool:
        return self.service_pool_at(self.address(self.name), timeout)

    def service_pool_at(self, address: str, timeout: float) -> urllib3.HTTPSConnectionPool:
        return self.pool(address, f"{self.name}.{self.name}.svc", timeout)

    def pod_pool(self, pod: str, timeout: float = 3.0) -> urllib3.HTTPSConnectionPool:
        host_name = f"{pod}.{self.name}-internal"
        return self.pool(self.pods()[pod]["status"]["podIP"], host_name, timeout)

    def initialise(self) -> None:
        """`bao operator init` on pod 0; keeps the root token and enough key shares.

        The answer takes an election of the first leader, and comes once: who hangs up earlier has lost the keys.
        """
        pool = self.pod_pool(f"{self.name}-0", timeout=120)
        status, answer = self.call("PUT", "sys/init", {"secret_shares": 5, "secret_threshold": 3}, pool=pool)
        assert status == 200, f"init: {status}"
        self.token, self.keys = answer["root_token"], tuple(answer["keys"][:3])

    def unseal_all(self) -> None:
        """`bao operator unseal` on every pod that is sealed and can be unsealed now."""
        for pod, found in self.pods().items():
            if not found["status"].get("podIP"):
                continue
            try:
                self._unseal(pod)
            except urllib3.exceptions.HTTPError:
                continue  # not listening yet, or its node is off

    def _unseal(self, pod: str) -> None:
        pool = self.pod_pool(pod)
        _, answer = self.call("GET", "sys/seal-status", pool=pool)
        if answer["sealed"] and answer["initialized"]:
            for key in self.keys:
                self.call("PUT", "sys/unseal", {"key": key}, pool=pool)


def up(cluster: Cluster, name: str) -> ChartClient:
    """From nothing to three voters; the caller's clock runs meanwhile."""
    authority, secret = _certificate(name)
    cluster.kubectl("create", "namespace", name)
    objects = [secret, *chart_baseline.manifests(name)]
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    cluster.kubectl("apply", "--filename=-", stdin=listing)
    client = ChartClient(cluster, name, authority)
    until(lambda: _try(client.initialise), "pod 0 can be initialised", seconds=240)

    def three_voters() -> bool:
        client.unseal_all()
        return client.peers() == {f"{name}-{ordinal}": True for ordinal in range(3)}

    until(three_voters, "three voters", seconds=240)
    return client


def down(cluster: Cluster, name: str) -> None:
    """Remove all of it, with its volumes."""
    cluster.kubectl("delete", "clusterrolebinding", f"{name}-server-binding", "--ignore-not-found")
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=120s")


def _try(action: Any) -> bool:
    action()
    return True


def _certificate(name: str) -> tuple[str, dict[str, Any]]:
    """A CA (PEM), and the Secret with a certificate for the pods and Services, as the chart's TLS guide asks for."""
    key, authority_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA of {name}")])
    authority = (
        _builder(issuer, issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    hosts = [f"*.{name}-internal", f"{name}.{name}.svc", "localhost"]
    certificate = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), issuer, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca = authority.public_bytes(pem).decode()
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files = {
        "ca.crt": ca,
        "tls.crt": certificate.public_bytes(pem).decode(),
        "tls.key": key.private_bytes(pem, *plain).decode(),
    }
    metadata = {"name": f"{name}-tls", "namespace": name}
    return ca, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": files}


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=7))
    )
