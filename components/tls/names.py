"""Which names a server certificate carries, and by which of them it must be found."""

from __future__ import annotations

import ipaddress

from profiles.layout import Names
from profiles.rendering import edge_hosts, shared_server_name, signed_by_public_ca
from profiles.specification import Specification
from profiles.specification.tls import ExternalTls, OperatorManagedTls

_LOOPBACK = ("127.0.0.1", "::1")


_LONGEST_COMMON_NAME = 64  # RFC 5280, ub-common-name: OpenSSL refuses more


def ca_common_name(specification: Specification) -> str:
    """What the cluster's own CA is called; clients know it by its key."""
    return f"{specification.name} {specification.namespace_name} CA"[:_LONGEST_COMMON_NAME]


def subject_names(specification: Specification) -> tuple[list[str], list[str]]:
    """All DNS names and all IP addresses that a certificate is asked for.

    A CA for public names is asked for those only: one name inside the cluster, and it refuses the whole order.
    """
    tls = specification.tls
    public = isinstance(tls, ExternalTls) and signed_by_public_ca(tls)
    wanted = [] if public else [*Names.of(specification).certificate_names(), *_LOOPBACK]
    if isinstance(tls, ExternalTls) and tls.server_name is not None:
        wanted.append(tls.server_name)
    wanted += edge_hosts(specification).values()
    if isinstance(tls, ExternalTls | OperatorManagedTls):
        wanted += tls.extra_sans
    unique = list(dict.fromkeys(wanted))
    return [name for name in unique if not _is_address(name)], [name for name in unique if _is_address(name)]


def required_names(specification: Specification) -> list[str]:
    """The DNS names without which peers, the proof or clients are refused by their own verification."""
    names, shared = Names.of(specification), shared_server_name(specification)
    services = [names.service_dns(names.active_service), names.service_dns(names.public_service)]
    inside = [shared] if shared else [*(names.pod_dns(pod) for pod in names.pods), *services]
    return [*inside, *edge_hosts(specification).values()]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
