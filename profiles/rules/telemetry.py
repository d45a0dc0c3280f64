"""Metrics: who scrapes them, and what alerts can know."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Iterator

from profiles.rules.rule import Breach, Case, rule
from profiles.rules.server import seconds
from profiles.specification.tls import AcmeTls, ExternalTls


def _scraped(case: Case) -> bool:
    return case.spec.telemetry.service_monitor.enabled


def _alerts(case: Case) -> bool:
    return case.spec.telemetry.prometheus_rule.enabled


@rule(
    "hardened.service-monitor.tls-verification",
    "Metrics are scraped over verified TLS",
    since="N",
    scope="Hardened",
    fields=("telemetry.serviceMonitor.insecureSkipVerify",),
    reason="A scraper that verifies nothing can be fed anything.",
    way_out="Remove telemetry.serviceMonitor.insecureSkipVerify.",
)
def verified_metrics(case: Case) -> Iterator[Breach]:
    if case.spec.telemetry.service_monitor.insecure_skip_verify:
        yield Breach("telemetry.serviceMonitor.insecureSkipVerify")


@rule(
    "contract.service-monitor.listener",
    "There are metrics to scrape",
    since="ours",
    fields=("telemetry.serviceMonitor.enabled", "telemetry.enabled", "telemetry.metricsListener"),
    reason="Only the metrics listener answers for each pod by itself: on the API port a standby's answer is the "
    "leader's, and a sealed pod gives none.",
    way_out="Remove telemetry.enabled and telemetry.metricsListener, which are true by default.",
    when=_scraped,
)
def metrics_to_scrape(case: Case) -> Iterator[Breach]:
    if not case.spec.telemetry.enabled:
        yield Breach("telemetry.enabled")
    if not case.spec.telemetry.metrics_listener:
        yield Breach("telemetry.metricsListener")


@rule(
    "contract.service-monitor.interval",
    "Metrics live until they are scraped",
    since="ours",
    fields=("telemetry.serviceMonitor.interval", "telemetry.prometheusRetentionTime"),
    reason="OpenBao forgets a metric that did not change for prometheusRetentionTime, here before anybody scraped it.",
    way_out="Make telemetry.serviceMonitor.interval positive and no longer than telemetry.prometheusRetentionTime.",
    when=_scraped,
)
def scraped_in_time(case: Case) -> Iterator[Breach]:
    telemetry = case.spec.telemetry
    if not 0 < seconds(telemetry.service_monitor.interval) <= seconds(telemetry.prometheus_retention_time):
        yield Breach("telemetry.serviceMonitor.interval")


@rule(
    "contract.service-monitor.peers",
    "Prometheus may pass the NetworkPolicy",
    since="ours",
    scope="Hardened",
    fields=("telemetry.serviceMonitor.enabled", "network.metricsPeers", "network.trustedIngressPeers"),
    reason="The NetworkPolicy lets only named peers in, so Prometheus would reach nothing.",
    way_out="Name Prometheus' namespace in network.metricsPeers; it needs no way to the API port.",
    when=_scraped,
)
def scraper_peers(case: Case) -> Iterator[Breach]:
    if not case.spec.network.metrics_peers and not case.spec.network.trusted_ingress_peers:
        yield Breach("network.metricsPeers")


@rule(
    "contract.prometheus-rule.monitor",
    "Alerts have metrics to ask about",
    since="ours",
    fields=("telemetry.prometheusRule.enabled", "telemetry.serviceMonitor.enabled"),
    reason="The alerts find the cluster by the labels that its ServiceMonitor gives; without one they never see it.",
    way_out="Set telemetry.serviceMonitor.enabled to true.",
    when=_alerts,
)
def alerts_see(case: Case) -> Iterator[Breach]:
    if not _scraped(case):
        yield Breach("telemetry.serviceMonitor.enabled")


@rule(
    "contract.prometheus-rule.certificate",
    "Somebody sees the certificate's end",
    since="ours",
    fields=("telemetry.prometheusRule.enabled", "tls", "namespace.create"),
    reason="OpenBao has no metric of its certificates, and the end of this one cannot be known from here: no alert "
    "tells of it.",
    way_out="Check it from outside, as with blackbox exporter's probe_ssl_earliest_cert_expiry.",
    advice=True,
    when=_alerts,
)
def certificate_seen(case: Case) -> Iterator[Breach]:
    tls = case.spec.tls
    unread = isinstance(tls, ExternalTls) and tls.secret_name is not None and case.spec.namespace.create
    if unread or isinstance(tls, AcmeTls):
        yield Breach("tls")
