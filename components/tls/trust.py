"""Whom our own Jobs trust: the CA that signed the servers' certificates, never their key."""

from __future__ import annotations

from typing import Any

from profiles.layout import TLS_DIR, Names
from profiles.rendering import peer_ca_file
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls, ExternalTls, OperatorManagedTls

_VOLUME = "tls"
_CA = "ca.crt"


def client_ca_mounts(specification: Specification) -> dict[str, str]:
    """Volume → folder that holds `ca.crt` (`layout.TLS_CA`); empty where the system's roots are trusted."""
    return {} if peer_ca_file(specification) is None else {_VOLUME: TLS_DIR}


def client_ca_volumes(specification: Specification) -> list[dict[str, Any]]:
    """The volume of `client_ca_mounts`: a ConfigMap if the CA is ours, else one key of the Secret that has it."""
    if _is_our_own(specification):
        config_map = Names.of(specification).child("tls-ca")
        return [{"name": _VOLUME, "configMap": {"name": config_map, "defaultMode": 0o444}}]
    source = client_ca_source(specification)
    if source is None:
        return []
    secret, key = source
    items = [{"key": key, "path": _CA}]
    return [{"name": _VOLUME, "secret": {"secretName": secret, "defaultMode": 0o444, "items": items}}]


def server_secret(specification: Specification) -> str:
    """Name of the Secret with tls.crt, tls.key and ca.crt: the user's, or the one that is made."""
    tls = specification.tls
    if isinstance(tls, ExternalTls) and tls.secret_name is not None:
        return tls.secret_name
    return Names.of(specification).child("tls-server")


def left_by_cert_manager(specification: Specification) -> list[str]:
    """Names of the Secrets that cert-manager fills and does not remove with its Certificates and Issuers."""
    tls, names = specification.tls, Names.of(specification)
    if isinstance(tls, OperatorManagedTls):
        return [names.child("tls-server"), names.child("tls-ca")] if tls.cert_manager else []
    if not isinstance(tls, ExternalTls) or tls.secret_name is not None:
        return []
    account = tls.issuer is not None and tls.issuer.acme is not None
    return [names.child("tls-server"), *([names.child("tls-account")] if account else [])]


def _is_our_own(specification: Specification) -> bool:
    tls = specification.tls
    return isinstance(tls, OperatorManagedTls) and not tls.cert_manager


def client_ca_source(specification: Specification) -> tuple[str, str] | None:
    """Secret and key that hold the CA of mode External, ACME or cert-manager; None for the system's roots."""
    tls = specification.tls
    if peer_ca_file(specification) is None:
        return None
    if isinstance(tls, AcmeTls) and tls.ca_root_secret_ref is not None:
        return tls.ca_root_secret_ref, "issuer.crt"
    return server_secret(specification), _CA
