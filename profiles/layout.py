"""Where things are: names of the Kubernetes objects, DNS names, ports and paths inside a pod.

Names and paths are the operator's (its "Constants" table), so that a person who knows one knows the other. They are
derived from the cluster's name and never change: renaming an object means replacing it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from profiles.specification import Specification

API_PORT = 8200
CLUSTER_PORT = 8201
METRICS_PORT = 8202
ACME_PORT = 443

CONFIG_DIR = "/etc/bao/config"
CONFIG_FILE = "server.json"
SECRET_CONFIG_FILE = "server-secret.json"  # noqa: S105 - a file's name
BOOTSTRAP_DIR = "/etc/bao/bootstrap"
BOOTSTRAP_FILE = "initialize.json"
BOOTSTRAP_SECRETS_DIR = "/etc/bao/bootstrap-secrets"
TLS_DIR = "/etc/bao/tls"
TLS_CERT = f"{TLS_DIR}/tls.crt"
TLS_KEY = f"{TLS_DIR}/tls.key"
TLS_CA = f"{TLS_DIR}/ca.crt"
UNSEAL_DIR = "/etc/bao/unseal"
UNSEAL_KEY = f"{UNSEAL_DIR}/key"
PREVIOUS_UNSEAL_DIR = "/etc/bao/unseal-previous"
PREVIOUS_UNSEAL_KEY = f"{PREVIOUS_UNSEAL_DIR}/key"
SEAL_CREDENTIALS_DIR = "/etc/bao/seal-creds"
SEAL_CA_DIR = "/etc/bao/seal-ca"
ACME_CA_DIR = "/etc/bao/acme-ca"
DATA_DIR = "/bao/data"
ACME_CACHE_DIR = "/bao/data/acme"
SHARED_ACME_CACHE_DIR = "/bao/acme-cache"
PLUGIN_DIR = "/openbao/plugins"
TMP_DIR = "/tmp"  # noqa: S108 - the container's own emptyDir


def bootstrap_secret_file(method: str, subject: str, field: str) -> str:
    """Name of the file under `BOOTSTRAP_SECRETS_DIR` that holds one secret of one access method.

    Subjects (login names) may be anything; a file name is legal in a volume's `items` and different for each subject.
    """
    return f"{method}-{legal_label(subject)}-{field}"


def legal_label(text: str, length: int = 40) -> str:
    """`text` as part of a Kubernetes name: itself where that is legal, else a cleaned form with a hash of it."""
    if len(text) <= length and re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", text):
        return text
    cleaned = re.sub(r"[^a-z0-9]+", "-", text.lower())[: length - 9].strip("-")
    return f"{cleaned or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def created_key(name: str) -> str:
    """Default name of a key (and key ring) that is created for the cluster `name` at a cloud."""
    return f"openbao-{name}"


@dataclass(frozen=True)
class Names:
    """Every name that is derived from the cluster's name and namespace."""

    name: str
    namespace: str
    cluster_domain: str
    replicas: int
    service_registration: bool = True

    @classmethod
    def of(cls, specification: Specification) -> Names:
        """The names of a specification's cluster. The cluster domain must be known."""
        return cls(
            specification.name,
            specification.namespace_name,
            specification.cluster_domain,
            specification.replicas,
            specification.configuration.service_registration,
        )

    @property
    def stateful_set(self) -> str:
        """The StatefulSet, and the prefix of every pod."""
        return self.name

    @property
    def headless_service(self) -> str:
        """The Service that gives each pod its DNS name."""
        return self.name

    @property
    def public_service(self) -> str:
        """The Service for clients: every ready pod."""
        return f"{self.name}-public"

    @property
    def active_service(self) -> str:
        """The Service that only leads to the active pod; the one for clients if nobody tells Kubernetes which it is."""
        return f"{self.name}-active" if self.service_registration else self.public_service

    @property
    def service_account(self) -> str:
        """The server pods' identity."""
        return f"{self.name}-serviceaccount"

    def child(self, suffix: str) -> str:
        """`<name>-<suffix>`: unseal-key, root-token, tls-ca, tls-server, config, pdb, network-policy, proof …"""
        return f"{self.name}-{suffix}"

    def login_secret(self, username: str) -> str:
        """The Secret with the generated password of a userpass user, key `password`."""
        return self.child(f"login-{legal_label(username)}")

    @property
    def pods(self) -> list[str]:
        """Pod names by ordinal."""
        return [f"{self.name}-{ordinal}" for ordinal in range(self.replicas)]

    def service_dns(self, service: str) -> str:
        """Fully qualified name of a Service."""
        return f"{service}.{self.namespace}.svc.{self.cluster_domain}"

    def pod_dns(self, pod: str) -> str:
        """Fully qualified name of one pod behind the headless Service; `$(POD_NAME)` is a valid pod here."""
        return f"{pod}.{self.service_dns(self.headless_service)}"

    def certificate_names(self) -> list[str]:
        """Every DNS name that a server certificate needs: pods by wildcard, all Services, loopback."""
        services = list(dict.fromkeys([self.headless_service, self.public_service, self.active_service]))
        short = [f"{service}.{self.namespace}.svc" for service in services]
        long = [self.service_dns(service) for service in services]
        plain = [f"{service}.{self.namespace}" for service in services]
        pods = [f"*.{self.headless_service}.{self.namespace}.svc", f"*.{self.service_dns(self.headless_service)}"]
        return ["localhost", *services, *plain, *short, *long, *pods]
