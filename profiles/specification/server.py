"""Settings of the server itself: what of OpenBao's configuration a user may choose.

Everything else (listener address and TLS, storage, seal, addresses, node ids) is the component's.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from profiles.specification.base import Part
from profiles.values import Count, Duration, Flag, LabelValue, Text


class Listener(Part):
    tls_disable: Flag = False
    tls_min_version: Literal["tls12", "tls13"] = "tls13"
    tls_max_version: Literal["tls12", "tls13"] | None = None
    tls_key_exchange_preferences: list[Text] = Field(default_factory=list)
    proxy_protocol_behavior: Literal["use_always", "allow_authorized", "deny_unauthorized"] | None = None
    proxy_protocol_authorized_addrs: list[Text] = Field(default_factory=list)
    x_forwarded_for_authorized_addrs: list[Text] = Field(default_factory=list)
    max_request_duration: Duration = "90s"
    max_request_size: Count | None = None


class Autopilot(Part):
    """Raft autopilot, set once by self-initialisation; later changes are made through the API."""

    cleanup_dead_servers: Flag | None = Field(default=None, description="Default: on from three replicas.")
    dead_server_last_contact_threshold: Duration = "24h"
    server_stabilization_time: Duration = "10s"


class Configuration(Part):
    ui: Flag = True
    log_level: Literal["trace", "debug", "info", "warn", "error"] = "info"
    log_format: Literal["standard", "json"] = "json"
    default_lease_ttl: Duration = "768h"
    max_lease_ttl: Duration = "768h"
    cache_size: Count | None = Field(default=None, description="Entries, not bytes.")
    disable_standby_reads: Flag = False
    listener: Listener = Field(default_factory=Listener.defaults)
    autopilot: Autopilot = Field(default_factory=Autopilot.defaults)
    service_registration: bool = Field(
        default=True,
        description="Keeps the Service `<name>-active` on the leader. Off: a new leader needs no Kubernetes API.",
    )
    detect_deadlocks: list[Literal["statelock", "quotas", "expiration"]] = Field(default_factory=list)
    raw_storage_endpoint: Flag = False
    introspection_endpoint: Flag = False
    unsafe_allow_api_audit_creation: Flag = Field(default=False, alias="unsafeAllowAPIAuditCreation")
    plugin_download_behavior: Literal["fail", "continue"] = "fail"


class AuditDevice(Part):
    """A declarative audit device; its mount path is made from its options, which may never change under a path."""

    type: Literal["file", "syslog", "socket", "http"] = "file"
    name: Text = "stdout"
    description: Text | None = None
    options: dict[str, Text] = Field(default_factory=lambda: {"file_path": "stdout"})


class ServiceMonitor(Part):
    """Has Prometheus Operator scrape every pod, sealed ones too, from port `metrics` of Service `<name>`."""

    enabled: bool = False
    interval: Duration = "30s"
    insecure_skip_verify: Flag = False
    labels: dict[str, LabelValue] = Field(
        default_factory=dict, description="What your Prometheus selects ServiceMonitors by."
    )


class PrometheusRule(Part):
    """Alerts about what the ServiceMonitor scrapes, and about the server certificate's end."""

    enabled: bool = False
    labels: dict[str, LabelValue] = Field(
        default_factory=dict, description="What your Prometheus selects PrometheusRules by."
    )


class Telemetry(Part):
    enabled: bool = True
    prometheus_retention_time: Duration = "30s"
    metrics_listener: bool = Field(default=True, description="A metrics-only listener on 8202, without token.")
    service_monitor: ServiceMonitor = Field(default_factory=ServiceMonitor.defaults)
    prometheus_rule: PrometheusRule = Field(default_factory=PrometheusRule.defaults)
