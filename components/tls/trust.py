"""Whom our own Jobs trust: the CA that signed the servers' certificates, never their key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from profiles.layout import TLS_DIR, Names
from profiles.rendering import peer_ca_file
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls, ExternalTls, OperatorManagedTls

_VOLUME = "tls"
_CA = "ca.crt"


@dataclass(frozen=True)
class CaSource:
    """Where the CA's certificate lies in the cluster: a key of a ConfigMap (`configMap`) or of a Secret (`secret`)."""

    kind: Literal["configMap", "secret"]
    name: str
    key: str = _CA


def client_ca_mounts(specification: Specification) -> dict[str, str]:
    """Volume → folder that holds `ca.crt` (`layout.TLS_CA`); empty where the system's roots are trusted."""
    return {} if peer_ca_file(specification) is None else {_VOLUME: TLS_DIR}


def client_ca_volumes(specification: Specification) -> list[dict[str, Any]]:
    """The volume of `client_ca_mounts`: the ConfigMap, or one key of the Secret, and never the server's key."""
    source = client_ca_source(specification)
    match source:
        case None:
            return []
        case CaSource(kind="configMap"):
            return [{"name": _VOLUME, "configMap": {"name": source.name, "defaultMode": 0o444}}]
        case _:
            items = [{"key": source.key, "path": _CA}]
            return [{"name": _VOLUME, "secret": {"secretName": source.name, "defaultMode": 0o444, "items": items}}]


def server_secret(specification: Specification) -> str:
    """Name of the Secret with tls.crt, tls.key and ca.crt: the user's, or the one that is made."""
    tls = specification.tls
    if isinstance(tls, ExternalTls) and tls.secret_name is not None:
        return tls.secret_name
    return Names.of(specification).child("tls-server")


def left_by_cert_manager(specification: Specification) -> list[str]:
    """Names of the Secrets that cert-manager fills and does not remove with its Certificates and Issuers."""
    tls, names = specification.tls, Names.of(specification)
    if not kept_by_cert_manager(specification):
        return []
    if isinstance(tls, OperatorManagedTls):
        return [names.child("tls-server"), names.child("tls-ca")]
    account = isinstance(tls, ExternalTls) and tls.issuer is not None and tls.issuer.acme is not None
    return [names.child("tls-server"), *([names.child("tls-account")] if account else [])]


def kept_by_cert_manager(specification: Specification) -> bool:
    """Whether cert-manager issues and renews the server's certificate."""
    tls = specification.tls
    if isinstance(tls, OperatorManagedTls):
        return tls.cert_manager
    return isinstance(tls, ExternalTls) and tls.secret_name is None


def client_ca_source(specification: Specification) -> CaSource | None:
    """Where clients in the cluster find the CA; None for the system's roots."""
    tls = specification.tls
    if peer_ca_file(specification) is None:
        return None
    if isinstance(tls, OperatorManagedTls) and not tls.cert_manager:
        return CaSource("configMap", Names.of(specification).child("tls-ca"))
    if isinstance(tls, AcmeTls) and tls.ca_root_secret_ref is not None:
        return CaSource("secret", tls.ca_root_secret_ref, "issuer.crt")
    return CaSource("secret", server_secret(specification))
