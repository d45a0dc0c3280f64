"""Namespaces, Secrets and specifications of Hardened clusters, as the people around one would provide them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pysequoia import Tsk

from sandbox import images
from sandbox.cluster import Cluster
from sandbox.network import HOST
from tests.server.pki import Authority

ADMIN: Final = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }\n'
CREDENTIALS: Final = "seal-credentials"
CERTIFICATE: Final = "server-certificate"
AUDIENCE: Final = "openbao"
_RESTRICTED: Final = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


class Place:
    """A namespace with what must be there before the cluster: certificate and credentials of the seal."""

    def __init__(self, cluster: Cluster, name: str, authority: Authority, credentials: Mapping[str, str]) -> None:
        self.cluster, self.name, self.authority = cluster, name, authority
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": _RESTRICTED}}
        self._apply(namespace)
        self.secret(CREDENTIALS, credentials)
        self.certify()

    def certify(self, lives: timedelta = timedelta(hours=2)) -> None:
        """Put a certificate with every name into the Secret, in the place of the one before."""
        server = self.authority.issue(self.name, dns=_names(self.name), lives=lives)
        content = {"tls.crt": server.cert, "tls.key": server.key, "ca.crt": self.authority.pem}
        self.secret(CERTIFICATE, {key: value.decode() for key, value in content.items()})

    def secret(self, name: str, content: Mapping[str, str]) -> None:
        """Create a Secret, or change these keys of it."""
        data = {key: base64.b64encode(value.encode()).decode() for key, value in content.items()}
        place = {"name": name, "namespace": self.name}
        manager = "test-" + "-".join(sorted(content))  # each set of keys has an owner, so that others stay
        self._apply({"apiVersion": "v1", "kind": "Secret", "metadata": place, "data": data}, manager.lower())

    def remove(self) -> None:
        """Delete the namespace and everything in it, volumes too."""
        self.cluster.kubectl("delete", "namespace", self.name, "--ignore-not-found", "--timeout=180s")

    def _apply(self, thing: dict[str, Any], manager: str = "test") -> None:
        manner = ("--server-side", "--force-conflicts", f"--field-manager={manager}")
        self.cluster.kubectl("apply", *manner, "--filename=-", stdin=json.dumps(thing))


def _names(name: str) -> list[str]:
    domain = "svc.cluster.local"
    services = [name, f"{name}-active", f"{name}-public"]
    every = [f"{service}.{name}.{suffix}" for service in services for suffix in ("svc", domain)]
    return ["localhost", *every, f"*.{name}.{name}.svc", f"*.{name}.{name}.{domain}"]


def specification(name: str, unseal: Mapping[str, Any], port: int, version: str = "2.7.2") -> dict[str, Any]:
    """A Hardened stack file's specification; `port`: of the key service on the host's address."""
    return {
        "profile": "Hardened",
        "version": version,
        "image": {"digest": images.digest("openbao", version)},
        "namespace": {"create": False},
        "unseal": dict(unseal),
        "tls": {"mode": "External", "secretName": CERTIFICATE},
        "selfInit": {
            "policies": [{"name": "admin", "policy": ADMIN}],
            "userpass": {"users": [{"username": "admin", "policies": ["admin"]}]},
            "kubernetes": {"roles": [_role(name)]},
        },
        "network": {
            "egressRules": [egress_to_host(port)],
            "trustedIngressPeers": [{"namespaceSelector": {"matchLabels": {"team": "platform"}}}],
        },
        "storage": {"size": "1Gi"},
    }


def egress_to_host(port: int) -> dict[str, Any]:
    """Lets the pods out to one port of the host's address, where everything outside the cluster is reached."""
    return {"to": [{"ipBlock": {"cidr": f"{HOST}/32"}}], "ports": [{"port": port}]}


def _role(name: str) -> dict[str, Any]:
    return {
        "name": "app",
        "boundServiceAccountNames": ["default"],
        "boundServiceAccountNamespaces": [name],
        "policies": ["default"],
        "audience": AUDIENCE,
    }


def recovery_keys(people: Mapping[str, Tsk]) -> dict[str, Any]:
    """Break-glass shares, one for each person, all of them needed."""
    recipients = [
        {
            "name": name,
            "fingerprint": str(key.extract_certificate().fingerprint),
            "pgpPublicKey": base64.b64encode(bytes(key.extract_certificate())).decode(),
        }
        for name, key in people.items()
    ]
    return {"shares": len(people), "threshold": len(people), "recipients": recipients}
