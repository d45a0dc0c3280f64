"""Addresses that a specification may name: which hosts are never a server, which ranges are no trust boundary.

The host checks are the operator's against server-side request forgery: loopback, link-local (the clouds' metadata
service) and numbers that resolvers read as addresses.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_NUMERIC_HOST = re.compile(r"^(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+))*$")
_LOCAL_RANGES = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"))
_INTERNAL_ENDINGS = (".svc", ".local", ".internal", ".localhost", ".lan", ".home.arpa", ".test", ".invalid", ".example")
_DNS_NAME = re.compile(
    r"^(?=.{1,253}$)[A-Za-z0-9_]([-A-Za-z0-9_]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$"
)

PUBLIC_ACME_HOSTS = (
    "letsencrypt.org",
    "zerossl.com",
    "buypass.com",
    "pki.goog",
    "ssl.com",
    "sectigo.com",
    "digicert.com",
)
"""Domains of ACME CAs that sign for the public web only, and so never a cluster-internal name."""


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL; None when it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.hostname else None


def is_address(host: str) -> bool:
    """Whether a host is an IP address, with or without brackets."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_dns_name(name: str) -> bool:
    """Whether a text is a DNS name (no wildcard, no scheme, no port)."""
    return bool(_DNS_NAME.match(name)) and not is_address(name)


def is_local_host(host: str) -> bool:
    """Whether a host is this machine, its link, or a number in disguise."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return bool(_NUMERIC_HOST.match(name))
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_unspecified or any(
        mapped in network for network in _LOCAL_RANGES if network.version == mapped.version
    )


def is_internal_name(name: str) -> bool:
    """Whether no public CA signs this name: an address, a name without a dot, or one of a private domain."""
    bare = name.removeprefix("*.").rstrip(".").lower()
    return is_address(bare) or "." not in bare or bare.endswith(_INTERNAL_ENDINGS)


def is_public_acme(url: str) -> bool:
    """Whether an ACME directory is one of the well-known public CAs."""
    parts = split_url(url)
    host = (parts.hostname or "") if parts else ""
    return any(host == known or host.endswith(f".{known}") for known in PUBLIC_ACME_HOSTS)


def why_not_explicit(cidr: str) -> str | None:
    """Why an address range is no explicit peer (the operator's definition); None when it is one."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return "this is not an address range"
    if network.prefixlen == 0:
        return "this range is everybody"
    if any(network.overlaps(local) for local in _LOCAL_RANGES if local.version == network.version):
        return "this range reaches loopback or link-local addresses (cloud metadata)"
    return None


def is_network(text: str) -> bool:
    """Whether a text is an address or an address range."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def network_contains(cidr: str, host: str) -> bool:
    """Whether an address lies in a range; False for names, which only a resolver knows."""
    try:
        return ipaddress.ip_address(host.strip("[]")) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
