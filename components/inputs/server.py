"""Arguments of the components, from profiles/specification (server) by tools/component_inputs.py."""

from typing import NotRequired, TypedDict

import pulumi


class AuditDevice(TypedDict):
    """A declarative audit device; its mount path is made from its options, which may never change under a path."""

    type: NotRequired[str]
    """One of `file`, `syslog`, `socket`, `http`. Default: `file`."""
    name: NotRequired[pulumi.Input[str]]
    """Default: `stdout`."""
    description: NotRequired[pulumi.Input[str]]
    options: NotRequired[dict[str, pulumi.Input[str]]]


class Listener(TypedDict):
    """The block `configuration.listener`."""

    tls_disable: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""
    tls_min_version: NotRequired[str]
    """One of `tls12`, `tls13`. Default: `tls13`."""
    tls_max_version: NotRequired[str]
    """One of `tls12`, `tls13`."""
    tls_key_exchange_preferences: NotRequired[list[pulumi.Input[str]]]
    proxy_protocol_behavior: NotRequired[str]
    """One of `use_always`, `allow_authorized`, `deny_unauthorized`."""
    proxy_protocol_authorized_addrs: NotRequired[list[pulumi.Input[str]]]
    x_forwarded_for_authorized_addrs: NotRequired[list[pulumi.Input[str]]]
    max_request_duration: NotRequired[pulumi.Input[str]]
    """Default: `90s`."""
    max_request_size: NotRequired[pulumi.Input[int]]


class Autopilot(TypedDict):
    """Raft autopilot, set once by self-initialisation; later changes are made through the API."""

    cleanup_dead_servers: NotRequired[pulumi.Input[bool]]
    """Default: on from three replicas."""
    dead_server_last_contact_threshold: NotRequired[pulumi.Input[str]]
    """Default: `24h`."""
    server_stabilization_time: NotRequired[pulumi.Input[str]]
    """Default: `10s`."""


class Configuration(TypedDict):
    """The block `configuration`."""

    ui: NotRequired[pulumi.Input[bool]]
    """Default: `true`."""
    log_level: NotRequired[str]
    """One of `trace`, `debug`, `info`, `warn`, `error`. Default: `info`."""
    log_format: NotRequired[str]
    """One of `standard`, `json`. Default: `json`."""
    default_lease_ttl: NotRequired[pulumi.Input[str]]
    """Default: `768h`."""
    max_lease_ttl: NotRequired[pulumi.Input[str]]
    """Default: `768h`."""
    cache_size: NotRequired[pulumi.Input[int]]
    """Entries, not bytes."""
    disable_standby_reads: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""
    listener: NotRequired[Listener]
    autopilot: NotRequired[Autopilot]
    service_registration: NotRequired[bool]
    """Keeps the Service `<name>-active` on the leader. Off: a new leader needs no Kubernetes API. Default: `true`."""
    detect_deadlocks: NotRequired[list[str]]
    """One of `statelock`, `quotas`, `expiration`."""
    raw_storage_endpoint: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""
    introspection_endpoint: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""
    unsafe_allow_api_audit_creation: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""
    plugin_download_behavior: NotRequired[str]
    """One of `fail`, `continue`. Default: `fail`."""


class ServiceMonitor(TypedDict):
    """Has Prometheus Operator scrape every pod, sealed ones too, from port `metrics` of Service `<name>`."""

    enabled: NotRequired[bool]
    """Default: `false`."""
    interval: NotRequired[pulumi.Input[str]]
    """Default: `30s`."""
    insecure_skip_verify: NotRequired[pulumi.Input[bool]]
    """Default: `false`."""
    labels: NotRequired[dict[str, pulumi.Input[str]]]
    """What your Prometheus selects ServiceMonitors by."""


class PrometheusRule(TypedDict):
    """Alerts about what the ServiceMonitor scrapes, and about the server certificate's end."""

    enabled: NotRequired[bool]
    """Default: `false`."""
    labels: NotRequired[dict[str, pulumi.Input[str]]]
    """What your Prometheus selects PrometheusRules by."""


class Telemetry(TypedDict):
    """The block `telemetry`."""

    enabled: NotRequired[bool]
    """Default: `true`."""
    prometheus_retention_time: NotRequired[pulumi.Input[str]]
    """Default: `30s`."""
    metrics_listener: NotRequired[bool]
    """A metrics-only listener on 8202, without token. Default: `true`."""
    service_monitor: NotRequired[ServiceMonitor]
    prometheus_rule: NotRequired[PrometheusRule]
