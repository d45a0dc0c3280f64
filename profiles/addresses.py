"""Addresses that a specification may name: which hosts are never a server, which ranges are no trust boundary.

The host checks are the operator's against server-side request forgery: loopback, link-local (the clouds' metadata
service) and numbers that resolvers read as addresses.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_NUMERIC_HOST = re.compile(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+))*")
_LOCAL_RANGES = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"))
_INTERNAL_ENDINGS = (".svc", ".local", ".internal", ".localhost", ".lan", ".home.arpa", ".test", ".invalid", ".example")
_DNS_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([-A-Za-z0-9_]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*"
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
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        return None  # urlsplit would drop line breaks and keep blanks
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
    return _DNS_NAME.fullmatch(name) is not None and not is_address(name)


def is_host_name(name: str) -> bool:
    """Whether Kubernetes takes a text as the host of a route: lower case, a wildcard only as the whole first part."""
    return name == name.lower() and "_" not in name and is_dns_name(name.removeprefix("*."))


def is_local_host(host: str) -> bool:
    """Whether a host is this machine, its link, or a number in disguise."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return _NUMERIC_HOST.fullmatch(name) is not None
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


def is_elsewhere(url: str) -> bool:
    """Whether a text is an https URL of another machine, without user, query or fragment."""
    parts = split_url(url)
    if parts is None or parts.scheme != "https" or any(mark in url for mark in "@?#"):
        return False
    return not is_local_host(parts.hostname or "")


def why_not_explicit(cidr: str) -> str | None:
    """Why an address range is no explicit peer (the operator's definition); None when it is one."""
    if not is_network(cidr):
        return "this is not an address range"
    network = ipaddress.ip_network(cidr, strict=False)
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


def is_cidr(text: str) -> bool:
    """Whether Kubernetes takes a text as an address range: with a prefix length, which Python may leave out."""
    return re.fullmatch(r"[^/]+/[0-9]{1,3}", text) is not None and is_network(text)


def is_within(inner: str, outer: str) -> bool:
    """Whether a range is a part of another, and not all of it."""
    one, other = ipaddress.ip_network(inner, strict=False), ipaddress.ip_network(outer, strict=False)
    return one.version == other.version and one != other and one.subnet_of(other)  # type: ignore[arg-type]


def network_contains(cidr: str, host: str) -> bool:
    """Whether an address lies in a range; False for names, which only a resolver knows."""
    try:
        return ipaddress.ip_address(host.strip("[]")) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
