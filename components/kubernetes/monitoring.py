"""For Prometheus Operator: how every pod is scraped, and when to wake somebody.

Shapes: https://prometheus-operator.dev/docs/api-reference/api/. Each pod answers for itself on the metrics listener,
also while it is sealed. Alerts ask only for metrics that tests/server/test_metrics.py saw.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pulumi

from components.kubernetes.metadata import selector
from components.kubernetes.objects import Manifest, Objects
from components.tls import Certificates
from components.tls.issued import lifetime
from components.tls.trust import client_ca_source, kept_by_cert_manager
from profiles.layout import Names
from profiles.rendering import server_name, shared_server_name
from profiles.rules.server import seconds
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls

_VERSION: Final = "monitoring.coreos.com/v1"
METRICS_PATH: Final = "/v1/sys/metrics"
METRICS_PARAMS: Final = {"format": ["prometheus"]}
_SAMPLES: Final = 4
"""How many scrapes a rate looks back on: one may fail, and two are needed."""
_MOMENTS: Final = ("renewal", "expiration")
Alert = dict[str, Any]


def monitors(objects: Objects, specification: Specification, certificates: Certificates) -> list[pulumi.Resource]:
    """What the specification asks for. Nothing waits for it: no cluster is late for want of its monitoring."""
    made: list[pulumi.Resource] = []
    if specification.telemetry.service_monitor.enabled:
        made.append(objects.custom(_VERSION, "ServiceMonitor", "metrics", service_monitor))
    if specification.telemetry.prometheus_rule.enabled:
        known = pulumi.Output.all(known=objects.resolved, ends=certificates.expires)
        rule = known.apply(lambda both: prometheus_rule(both["known"], both["ends"]))
        spec, own = rule.apply(lambda built: built["spec"]), rule.apply(lambda built: built.get("metadata"))
        made.append(objects.custom_from(_VERSION, "PrometheusRule", "alerts", spec, own=own))
    return made


def service_monitor(specification: Specification) -> Manifest:
    """Scrapes port `metrics`, which only the headless Service has; it lists pods that are not ready, too."""
    asked = _asked_by_name(specification)
    endpoints = [
        {
            "port": "metrics",
            "path": METRICS_PATH,
            "params": METRICS_PARAMS,
            "scheme": "https",
            "interval": _duration(seconds(specification.telemetry.service_monitor.interval)),
            "tlsConfig": _verified(specification, name),
            **({} if len(asked) == 1 else {"relabelings": [_only(pods)]}),
        }
        for name, pods in asked.items()
    ]
    return {
        "metadata": {"labels": dict(specification.telemetry.service_monitor.labels)},
        "spec": {"selector": {"matchLabels": selector(specification)}, "endpoints": endpoints},
    }


def _asked_by_name(specification: Specification) -> dict[str, list[str]]:
    """Name that a certificate is verified by → pods that have it. A listener with ACME refuses any other name."""
    names = Names.of(specification)
    if not isinstance(specification.tls, AcmeTls):
        return {shared_server_name(specification) or names.service_dns(names.public_service): names.pods}
    asked: dict[str, list[str]] = {}
    for pod in names.pods:
        asked.setdefault(server_name(specification, pod), []).append(pod)
    return asked


def _verified(specification: Specification, name: str) -> dict[str, Any]:
    if specification.telemetry.service_monitor.insecure_skip_verify:
        return {"serverName": name, "insecureSkipVerify": True}
    source = client_ca_source(specification)
    trusted = {"ca": {source.kind: {"name": source.name, "key": source.key}}} if source is not None else {}
    return {"serverName": name, **trusted}


def _only(pods: list[str]) -> dict[str, Any]:
    return {"sourceLabels": ["__meta_kubernetes_pod_name"], "regex": "|".join(pods), "action": "keep"}


def prometheus_rule(specification: Specification, ends: str | None = None) -> Manifest:
    """The alerts. ends: when the certificate ends (RFC 3339) if the stack saw it, else empty or None."""
    alerts = [*_availability(specification), *_audit(specification), *_certificate(specification, ends)]
    # What an aggregation drops, and what keeps alerts of two clusters apart.
    whose = {"namespace": specification.namespace_name, "service": Names.of(specification).headless_service}
    rules = [{**alert, "labels": {**whose, **alert["labels"]}} for alert in alerts]
    return {
        "metadata": {"labels": dict(specification.telemetry.prometheus_rule.labels)},
        "spec": {"groups": [{"name": Names.of(specification).child("openbao"), "rules": rules}]},
    }


def _availability(specification: Specification) -> list[Alert]:
    wanted = specification.replicas
    alerts = [
        _alert(
            "OpenBaoPodUnreachable",
            f"(sum({_series(specification, 'up')}) or vector(0)) < {wanted}",
            lasting="5m",
            severity="warning",
            summary=f"Not all {wanted} pods of OpenBao can be scraped.",
            description="A pod is gone or not running, its certificate is not believed, or Prometheus may not pass the "
            f"NetworkPolicy (network.metricsPeers). {_look(specification, 'get pods')}",
        ),
        _alert(
            "OpenBaoSealed",
            f"{_series(specification, 'vault_core_unsealed')} == 0",
            lasting="2m",
            severity="critical",
            summary="OpenBao is sealed on {{ $labels.pod }}.",
            description="It unseals by itself when it reaches its key: see its log for why it does not.",
        ),
        _alert(
            "OpenBaoNoLeader",
            f"(max({_series(specification, 'vault_core_active')}) or vector(0)) == 0",
            lasting="2m",
            severity="critical",
            summary="No pod of OpenBao is active: nobody can write.",
            description="A majority of voters is gone or sealed, or nothing can be scraped.",
        ),
    ]
    if wanted >= 3:
        alerts.append(
            _alert(
                "OpenBaoNoSpareVoter",
                f"min({_series(specification, 'vault_autopilot_failure_tolerance')}) < 1",
                lasting="10m",
                severity="warning",
                summary="OpenBao would not survive the loss of one more voter.",
                description="See `bao operator raft autopilot state`: a voter is missing or lags behind.",
            )
        )
    return alerts


def _audit(specification: Specification) -> list[Alert]:
    if not specification.audit:
        return []
    interval = seconds(specification.telemetry.service_monitor.interval)
    window = _duration(max(300, _SAMPLES * interval))
    kinds = ("vault_audit_log_request_failure", "vault_audit_log_response_failure")
    failing = " or ".join(f"increase({_series(specification, kind)}[{window}]) > 0" for kind in kinds)
    summary = "OpenBao on {{ $labels.pod }} cannot audit."
    text = "It refuses what no audit device takes. A full disk or a collector that is away is the usual cause."
    return [
        _alert("OpenBaoAuditFailing", failing, lasting="0s", severity="critical", summary=summary, description=text)
    ]


def _certificate(specification: Specification, ends: str | None) -> list[Alert]:
    """OpenBao has no metric of its certificates: cert-manager's own, else the end that the stack saw, else nothing."""
    name = Names.of(specification).child("tls-server")
    if kept_by_cert_manager(specification):
        # Without honorLabels Prometheus keeps `namespace` for cert-manager's own.
        places = ("exported_namespace", "namespace")
        late = " or ".join(_not_renewed(name, f'{place}="{specification.namespace_name}"') for place in places)
        why = f"cert-manager should have renewed it long ago. {_look(specification, f'describe certificate {name}')}"
    elif ends:
        before = seconds(lifetime(specification)["renewBefore"])
        late = f"vector(time()) > {datetime.fromisoformat(ends).timestamp() - before:.0f}"
        why = f"It ends at {ends}, as `pulumi up` saw it last. Renew it, and run `pulumi up`."
    else:
        return []
    summary = "OpenBao's certificate comes to its end."
    return [_alert("OpenBaoCertificateEnds", late, lasting="1h", severity="warning", summary=summary, description=why)]


def _not_renewed(name: str, place: str) -> str:
    """Half of the time is gone in which cert-manager should have renewed a Certificate, however long it lives."""
    due, end = (f'certmanager_certificate_{what}_timestamp_seconds{{name="{name}",{place}}}' for what in _MOMENTS)
    return f"time() - {due} > ({end} - {due}) / 2"


def _series(specification: Specification, metric: str) -> str:
    """A metric of this cluster's pods, by the labels that Prometheus Operator gives to what a ServiceMonitor finds."""
    service = Names.of(specification).headless_service
    return f'{metric}{{namespace="{specification.namespace_name}",service="{service}"}}'


def _alert(name: str, expression: str, *, lasting: str, severity: str, summary: str, description: str) -> Alert:
    return {
        "alert": name,
        "expr": expression,
        "for": lasting,
        "labels": {"severity": severity},
        "annotations": {"summary": summary, "description": description},
    }


def _look(specification: Specification, command: str) -> str:
    return f"See `kubectl --namespace {specification.namespace_name} {command}`."


def _duration(length: float) -> str:
    """Seconds as Prometheus writes them: whole numbers only."""
    return f"{length:.0f}s" if length == int(length) else f"{length * 1000:.0f}ms"
