"""The server's own settings: what must never be switched on, and what OpenBao would not start with."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.addresses import is_network
from profiles.rules.rule import Breach, Case, each, rule

POST_QUANTUM = frozenset({"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"})
CURVES = frozenset({"X25519", "CurveP256", "CurveP384", "CurveP521"})
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(duration: str) -> float:
    """A duration as Go writes it, in seconds."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(ms|s|m|h)", str(duration)))


@rule(
    "hardened.listener-tls",
    "The listener speaks TLS",
    since="N",
    fields=("configuration.listener.tlsDisable",),
    reason="Without TLS every token and secret crosses the network in clear text; neither profile allows it.",
    way_out="Remove configuration.listener.tlsDisable.",
)
def listener_tls(case: Case) -> Iterator[Breach]:
    if case.spec.configuration.listener.tls_disable:
        yield Breach("configuration.listener.tlsDisable")


@rule(
    "openbao.listener.tls-decision",
    "TLS is decided, never left to the server",
    since="ours",
    fields=("tls",),
    reason="A listener without certificate settings asks a public ACME CA by itself, for any name a client sends.",
    way_out="Set tls.mode.",
    when=lambda case: case.spec.profile == "Development",
)
def tls_decided(case: Case) -> Iterator[Breach]:
    if case.spec.tls is None:
        yield Breach("tls")


@rule(
    "hardened.configuration.dangerous-runtime-flags",
    "No debugging doors",
    since="N",
    scope="Hardened",
    fields=(
        "configuration.detectDeadlocks",
        "configuration.rawStorageEndpoint",
        "configuration.introspectionEndpoint",
        "configuration.unsafeAllowAPIAuditCreation",
    ),
    reason="This opens the server's inside: raw storage, introspection, audit devices by API, or lock debugging.",
    way_out="Remove it; use a Development cluster to debug.",
)
def dangerous_flags(case: Case) -> Iterator[Breach]:
    configuration = case.spec.configuration
    flags: list[tuple[str, object]] = [
        ("detectDeadlocks", configuration.detect_deadlocks),
        ("rawStorageEndpoint", configuration.raw_storage_endpoint),
        ("introspectionEndpoint", configuration.introspection_endpoint),
        ("unsafeAllowAPIAuditCreation", configuration.unsafe_allow_api_audit_creation),
    ]

    def look(_: int, flag: tuple[str, object]) -> Iterator[Breach]:
        name, value = flag
        if value:
            yield Breach(f"configuration.{name}")

    yield from each(flags, look)


@rule(
    "contract.listener.tls-versions",
    "TLS versions are in order",
    since="N",
    fields=("configuration.listener.tlsMinVersion", "configuration.listener.tlsMaxVersion"),
    reason="The highest TLS version is below the lowest, so no client could connect.",
    way_out="Remove tlsMaxVersion, or lower tlsMinVersion to it.",
)
def tls_versions(case: Case) -> Iterator[Breach]:
    listener = case.spec.configuration.listener
    if listener.tls_max_version is not None and listener.tls_max_version < listener.tls_min_version:
        yield Breach("configuration.listener.tlsMaxVersion")


@rule(
    "contract.listener.key-exchange",
    "Key exchange that clients can follow",
    since="N",
    fields=("configuration.listener.tlsKeyExchangePreferences", "configuration.listener.tlsMinVersion"),
    reason="Post-quantum groups exist in TLS 1.3 only; alone they lock TLS 1.2 clients out.",
    way_out="Add X25519, or leave tlsMinVersion at tls13.",
    when=lambda case: bool(case.spec.configuration.listener.tls_key_exchange_preferences),
)
def key_exchange(case: Case) -> Iterator[Breach]:
    listener = case.spec.configuration.listener
    groups = [str(group) for group in listener.tls_key_exchange_preferences]
    for index, group in enumerate(groups):
        if group not in POST_QUANTUM | CURVES:
            path = f"configuration.listener.tlsKeyExchangePreferences[{index}]"
            yield Breach(path, "This group is not known.", f"Choose one of {', '.join(sorted(POST_QUANTUM | CURVES))}.")
    tls12 = "tls12" in (listener.tls_min_version, listener.tls_max_version)
    if tls12 and groups and all(group in POST_QUANTUM for group in groups):
        yield Breach("configuration.listener.tlsKeyExchangePreferences")


@rule(
    "openbao.listener.proxy-protocol",
    "The proxy protocol knows its proxies",
    since="ours",
    fields=("configuration.listener.proxyProtocolBehavior", "configuration.listener.proxyProtocolAuthorizedAddrs"),
    reason="This behaviour needs the addresses of the proxies; OpenBao does not start without them.",
    way_out="Set configuration.listener.proxyProtocolAuthorizedAddrs.",
)
def proxy_protocol(case: Case) -> Iterator[Breach]:
    listener = case.spec.configuration.listener
    behaviour = listener.proxy_protocol_behavior
    if behaviour in ("allow_authorized", "deny_unauthorized") and not listener.proxy_protocol_authorized_addrs:
        yield Breach("configuration.listener.proxyProtocolAuthorizedAddrs")
    if behaviour is None and listener.proxy_protocol_authorized_addrs:
        reason = "Addresses without a behaviour have no effect."
        yield Breach("configuration.listener.proxyProtocolBehavior", reason, "Set proxyProtocolBehavior.")


@rule(
    "openbao.listener.spoofed-source",
    "Clients cannot choose their address",
    since="ours",
    fields=("configuration.listener.proxyProtocolBehavior",),
    reason="With use_always every client may claim any source address, and audit and CIDR limits believe it.",
    way_out="Use deny_unauthorized with the proxies' addresses.",
    advice=True,
)
def spoofed_source(case: Case) -> Iterator[Breach]:
    if case.spec.configuration.listener.proxy_protocol_behavior == "use_always":
        yield Breach("configuration.listener.proxyProtocolBehavior")


@rule(
    "openbao.listener.addresses",
    "Authorised addresses are addresses",
    since="ours",
    fields=(
        "configuration.listener.proxyProtocolAuthorizedAddrs",
        "configuration.listener.xForwardedForAuthorizedAddrs",
    ),
    reason="This is no address or range, so OpenBao does not start.",
    way_out="Write it like `10.0.0.0/8`.",
)
def listener_addresses(case: Case) -> Iterator[Breach]:
    listener = case.spec.configuration.listener

    def look(field: str, addresses: list[str]) -> Iterator[Breach]:
        def one(index: int, address: str) -> Iterator[Breach]:
            if not is_network(str(address)):
                yield Breach(f"configuration.listener.{field}[{index}]")

        yield from each(addresses, one)

    yield from look("proxyProtocolAuthorizedAddrs", listener.proxy_protocol_authorized_addrs)
    yield from look("xForwardedForAuthorizedAddrs", listener.x_forwarded_for_authorized_addrs)


@rule(
    "openbao.lease-ttl",
    "Leases end within their limit",
    since="ours",
    fields=("configuration.defaultLeaseTtl", "configuration.maxLeaseTtl"),
    reason="OpenBao does not start with a default lease that is longer than the longest.",
    way_out="Lower configuration.defaultLeaseTtl or raise configuration.maxLeaseTtl.",
)
def lease_ttl(case: Case) -> Iterator[Breach]:
    if seconds(case.spec.configuration.default_lease_ttl) > seconds(case.spec.configuration.max_lease_ttl):
        yield Breach("configuration.defaultLeaseTtl")


@rule(
    "openbao.log-level",
    "Logs keep secrets to themselves",
    since="ours",
    scope="Hardened",
    fields=("configuration.logLevel",),
    reason="At trace level OpenBao logs whole requests, the secrets of self-initialisation among them.",
    way_out="Set configuration.logLevel to info, or to debug for a while.",
)
def no_trace(case: Case) -> Iterator[Breach]:
    if case.spec.configuration.log_level == "trace":
        yield Breach("configuration.logLevel")


@rule(
    "openbao.autopilot.cleanup",
    "Dead servers are only removed from a quorum",
    since="S",
    fields=("configuration.autopilot.cleanupDeadServers", "replicas"),
    reason="OpenBao refuses the clean-up of dead servers below three voters, and the bootstrap would be lost with it.",
    way_out="Remove configuration.autopilot.cleanupDeadServers, or set replicas to 3.",
)
def autopilot_cleanup(case: Case) -> Iterator[Breach]:
    if case.spec.replicas < 3 and case.spec.configuration.autopilot.cleanup_dead_servers:
        yield Breach("configuration.autopilot.cleanupDeadServers")


@rule(
    "openbao.configuration.sizes",
    "Sizes are sizes",
    since="ours",
    fields=("configuration.cacheSize", "configuration.listener.maxRequestSize"),
    reason="Zero and negative sizes mean no limit or no cache to OpenBao.",
    way_out="Write a positive number (cacheSize counts entries, maxRequestSize bytes), or remove the field.",
)
def positive_sizes(case: Case) -> Iterator[Breach]:
    sizes = [
        ("configuration.cacheSize", case.spec.configuration.cache_size),
        ("configuration.listener.maxRequestSize", case.spec.configuration.listener.max_request_size),
    ]

    def look(_: int, size: tuple[str, int | None]) -> Iterator[Breach]:
        if size[1] is not None and size[1] <= 0:
            yield Breach(size[0])

    yield from each(sizes, look)
