"""Examples: the server's settings, certificates, audit."""

from __future__ import annotations

from typing import Any

from tests.contract.examples.example import accepted, refused
from tests.contract.specifications import ABSENT, ACME, DEVELOPMENT, ISSUER, PUBLIC_ACME

L = "configuration.listener"
GATEWAY = {"hostname": "bao.example.com", "gatewayRefName": "edge", "tlsPassthrough": True}
INGRESS = {"host": "bao.example.com"}
POD_NAMES = [f"openbao-{ordinal}.openbao.openbao.svc.cluster.local" for ordinal in range(3)]

ACCOUNT = {"eabKeyId": "id", "eabSecretRef": "eab"}
PRIVATE_ISSUER = {
    "mode": "External",
    "serverName": "bao.example.com",
    "issuer": {"acme": {"server": "https://acme.corp.example.com/directory", "route53": {"region": "eu-central-1"}}},
}


def _pki(**login: Any) -> dict[str, Any]:
    vault = {"server": "https://pki.example.com:8200", "path": "pki/sign/openbao", **login}
    return {"mode": "External", "issuer": {"vault": vault}}


def _audit(**device: Any) -> dict[str, Any]:
    return {"audit": [device]}


HTTP_01 = {
    **ISSUER,
    "issuer": {
        "acme": {"server": "https://acme-v02.api.letsencrypt.org/directory", "http01": {"ingressClassName": "x"}}
    },
}
SCRAPED = {"telemetry.serviceMonitor.enabled": True}
ALERTS = {"telemetry.prometheusRule.enabled": True}
PROMETHEUS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
AUTH = {"kubernetes": {"role": "openbao"}}

EXAMPLES = [
    refused("server.listener_tls", f"{L}.tlsDisable", {f"{L}.tlsDisable": True}),
    refused("server.listener_tls", f"{L}.tlsDisable", {f"{L}.tlsDisable": True}, base=DEVELOPMENT),
    accepted("server.listener_tls"),
    accepted("server.tls_decided", base=DEVELOPMENT),
    # --- telemetry
    refused(
        "telemetry.verified_metrics",
        "telemetry.serviceMonitor.insecureSkipVerify",
        {"telemetry.serviceMonitor.insecureSkipVerify": True},
    ),
    accepted("telemetry.verified_metrics"),
    *(
        refused("telemetry.metrics_to_scrape", f"telemetry.{field}", {**SCRAPED, f"telemetry.{field}": False})
        for field in ("enabled", "metricsListener")
    ),
    accepted("telemetry.metrics_to_scrape", SCRAPED),
    *(
        refused(
            "telemetry.scraped_in_time",
            "telemetry.serviceMonitor.interval",
            {**SCRAPED, "telemetry.serviceMonitor.interval": interval},
        )
        for interval in ("31s", "0s")
    ),
    refused(
        "telemetry.scraped_in_time",
        "telemetry.serviceMonitor.interval",
        {**SCRAPED, "telemetry.prometheusRetentionTime": "0s"},
    ),
    accepted("telemetry.scraped_in_time", SCRAPED),
    accepted(
        "telemetry.scraped_in_time",
        {**SCRAPED, "telemetry.serviceMonitor.interval": "1m", "telemetry.prometheusRetentionTime": "24h"},
    ),
    refused("telemetry.scraper_peers", "network.metricsPeers", {**SCRAPED, "network.trustedIngressPeers": []}),
    accepted(
        "telemetry.scraper_peers", {**SCRAPED, "network.trustedIngressPeers": [], "network.metricsPeers": [PROMETHEUS]}
    ),
    refused("telemetry.alerts_see", "telemetry.serviceMonitor.enabled", ALERTS),
    accepted("telemetry.alerts_see", {**SCRAPED, **ALERTS}),
    refused("telemetry.certificate_seen", "tls", {**SCRAPED, **ALERTS, "tls": ACME}),
    refused(
        "telemetry.certificate_seen",
        "tls",
        {**SCRAPED, **ALERTS, "tls": {"mode": "External", "secretName": "own"}, "namespace.create": True},
    ),
    accepted(
        "telemetry.certificate_seen",
        {**SCRAPED, **ALERTS, "tls": {"mode": "External", "secretName": "own"}, "namespace.create": False},
    ),
    accepted("telemetry.certificate_seen", {**SCRAPED, **ALERTS, "tls": ISSUER}),
    refused("server.dangerous_flags", "configuration.detectDeadlocks", {"configuration.detectDeadlocks": ["quotas"]}),
    *(
        refused("server.dangerous_flags", f"configuration.{flag}", {f"configuration.{flag}": True})
        for flag in ("rawStorageEndpoint", "introspectionEndpoint", "unsafeAllowAPIAuditCreation")
    ),
    accepted("server.dangerous_flags"),
    refused("server.tls_versions", f"{L}.tlsMaxVersion", {f"{L}.tlsMaxVersion": "tls12"}),
    accepted("server.tls_versions", {f"{L}.tlsMaxVersion": "tls12", f"{L}.tlsMinVersion": "tls12"}),
    refused(
        "server.key_exchange",
        f"{L}.tlsKeyExchangePreferences",
        {f"{L}.tlsKeyExchangePreferences": ["X25519MLKEM768"], f"{L}.tlsMinVersion": "tls12"},
    ),
    refused("server.key_exchange", f"{L}.tlsKeyExchangePreferences[0]", {f"{L}.tlsKeyExchangePreferences": ["RSA"]}),
    accepted("server.key_exchange", {f"{L}.tlsKeyExchangePreferences": ["X25519MLKEM768"]}),
    refused(
        "server.proxy_protocol",
        f"{L}.proxyProtocolAuthorizedAddrs",
        {f"{L}.proxyProtocolBehavior": "deny_unauthorized"},
    ),
    refused(
        "server.proxy_protocol", f"{L}.proxyProtocolBehavior", {f"{L}.proxyProtocolAuthorizedAddrs": ["10.0.0.0/8"]}
    ),
    accepted("server.proxy_protocol", {f"{L}.proxyProtocolBehavior": "use_always"}),
    refused("server.spoofed_source", f"{L}.proxyProtocolBehavior", {f"{L}.proxyProtocolBehavior": "use_always"}),
    accepted("server.spoofed_source"),
    refused(
        "server.listener_addresses",
        f"{L}.xForwardedForAuthorizedAddrs[0]",
        {f"{L}.xForwardedForAuthorizedAddrs": ["x"]},
    ),
    refused(
        "server.listener_addresses",
        f"{L}.proxyProtocolAuthorizedAddrs[0]",
        {f"{L}.proxyProtocolAuthorizedAddrs": ["x"]},
    ),
    accepted("server.listener_addresses", {f"{L}.xForwardedForAuthorizedAddrs": ["10.0.0.1", "fd00::/8"]}),
    refused("server.lease_ttl", "configuration.defaultLeaseTtl", {"configuration.defaultLeaseTtl": "769h"}),
    accepted("server.lease_ttl", {"configuration.defaultLeaseTtl": "1h30m"}),
    refused("server.no_trace", "configuration.logLevel", {"configuration.logLevel": "trace"}),
    accepted("server.no_trace", {"configuration.logLevel": "debug"}),
    refused(
        "server.autopilot_cleanup",
        "configuration.autopilot.cleanupDeadServers",
        {"replicas": 1, "configuration.autopilot.cleanupDeadServers": True},
        base=DEVELOPMENT,
    ),
    accepted("server.autopilot_cleanup", {"configuration.autopilot.cleanupDeadServers": True}),
    refused("server.positive_sizes", "configuration.cacheSize", {"configuration.cacheSize": 0}),
    refused("server.positive_sizes", f"{L}.maxRequestSize", {f"{L}.maxRequestSize": -1}),
    accepted("server.positive_sizes", {"configuration.cacheSize": 1}),
    # --- External
    refused("tls.external_source", "tls", {"tls": {"mode": "External"}}),
    refused("tls.external_source", "tls.issuerRef", {"tls.issuerRef": {"name": "ca"}}),
    accepted("tls.external_source"),
    refused("tls.one_issuer", "tls.issuer", {"tls": {"mode": "External", "issuer": {}}}),
    refused(
        "tls.one_issuer",
        "tls.issuer.privateCa",
        {"tls": {"mode": "External", "issuer": {"privateCa": {"kind": "AWSPCAIssuer", "arn": "a"}}}},
    ),
    refused(
        "tls.one_issuer",
        "tls.issuer.privateCa",
        {"tls": {"mode": "External", "issuer": {"privateCa": {"kind": "GoogleCASIssuer", "project": "p"}}}},
    ),
    accepted("tls.one_issuer", {"tls": {"mode": "External", "issuer": {"ca": {"secretName": "ca"}}}}),
    refused("tls.acme_solver", "tls.issuer.acme", {"tls": ISSUER, "tls.issuer.acme.route53": ABSENT}),
    refused("tls.acme_solver", "tls.issuer.acme.server", {"tls": ISSUER, "tls.issuer.acme.server": "http://acme"}),
    refused(
        "tls.acme_solver",
        "tls.extraSans",
        {
            "tls": ISSUER,
            "tls.issuer.acme.route53": ABSENT,
            "tls.issuer.acme.http01": {"ingressClassName": "nginx"},
            "tls.extraSans": ["*.example.com"],
        },
    ),
    refused(
        "tls.acme_solver",
        "gateway.hostname",
        {"tls": HTTP_01, "gateway": {**GATEWAY, "hostname": "*.example.com"}},
    ),
    accepted("tls.acme_solver", {"tls": HTTP_01, "gateway": GATEWAY}),
    accepted("tls.acme_solver", {"tls": ISSUER}),
    refused("tls.public_names", "tls.serverName", {"tls": ISSUER, "tls.serverName": ABSENT}),
    refused("tls.public_names", "tls.serverName", {"tls": ISSUER, "tls.serverName": "bao.vault.svc.cluster.local"}),
    refused("tls.public_names", "tls.extraSans[0]", {"tls": ISSUER, "tls.extraSans": ["10.0.0.1"]}),
    refused("tls.public_names", "ingress.host", {"tls": ISSUER, "ingress": {"host": "bao.corp.internal"}}),
    refused(
        "tls.public_names", "gateway.hostname", {"tls": ISSUER, "gateway": {**GATEWAY, "hostname": "bao.corp.internal"}}
    ),
    accepted("tls.public_names", {"tls": ISSUER, "ingress": {"host": "bao.corp.internal", "tlsSecretName": "edge"}}),
    accepted("tls.public_names", {"tls": ISSUER, "tls.extraSans": ["*.bao.example.com"]}),
    *(
        refused("tls.acme_name", "tls.serverName", {"tls": PRIVATE_ISSUER, "tls.serverName": name})
        for name in (ABSENT, "openbao-public.openbao.svc.cluster.local", "openbao.openbao.svc", "openbao", "10.0.0.1")
    ),
    refused(
        "tls.acme_name",
        "tls.serverName",
        {"tls": PRIVATE_ISSUER, "tls.serverName": "bao.k8s.corp.com", "clusterDomain": "k8s.corp.com"},
    ),
    accepted("tls.acme_name", {"tls": PRIVATE_ISSUER}),
    accepted("tls.acme_name", {"tls": PRIVATE_ISSUER, "tls.serverName": "bao.corp.internal"}),
    refused("tls.vault_auth", "tls.issuer.vault.auth", {"tls": _pki()}),
    refused("tls.vault_auth", "tls.issuer.vault.auth", {"tls": _pki(auth={})}),
    *(
        refused(
            "tls.vault_auth", f"tls.issuer.vault.{field}", {"tls": _pki(auth=AUTH), f"tls.issuer.vault.{field}": value}
        )
        for field, value in (("server", "http://pki.example.com"), ("caBundle", "ca.crt"))
    ),
    accepted("tls.vault_auth", {"tls": _pki(auth={"kubernetes": {"role": "openbao"}})}),
    refused("tls.certificate_names", "tls.extraSans[1]", {"tls.extraSans": ["a.b", "https://bao.example.com"]}),
    refused("tls.certificate_names", "tls.serverName", {"tls.serverName": "*.example.com"}),
    refused(
        "tls.certificate_names",
        "tls.extraSans[0]",
        {"tls": {"mode": "OperatorManaged", "extraSans": ["a b"]}},
        base=DEVELOPMENT,
    ),
    accepted("tls.certificate_names", {"tls.extraSans": ["10.0.0.10", "*.example.com"]}),
    refused("tls.renewal", "tls.renewBefore", {"tls": ISSUER, "tls.renewBefore": "2160h"}),
    refused("tls.renewal", "tls.duration", {"tls": ISSUER, "tls.duration": "30m"}),
    accepted("tls.renewal", {"tls": ISSUER}),
    *(
        refused(
            "tls.rotation",
            "tls.rotationPeriod",
            {"tls": {"mode": "OperatorManaged", "rotationPeriod": period}},
            base=DEVELOPMENT,
        )
        for period in ("0h", "8760h")
    ),
    accepted("tls.rotation", {"tls": {"mode": "OperatorManaged", "rotationPeriod": "8759h"}}, base=DEVELOPMENT),
    refused("tls.external_secret", "tls.secretName"),
    refused("tls.issuer_names", "tls.issuerRef", {"tls": {"mode": "External", "issuerRef": {"name": "ca"}}}),
    accepted(
        "tls.issuer_names",
        {"tls": {"mode": "External", "issuerRef": {"name": "ca"}, "serverName": "bao.example.com"}},
    ),
    # --- ACME
    refused("acme.directory", "tls.directoryUrl", {"tls": ACME, "tls.directoryUrl": "http://acme"}),
    refused("acme.directory", "tls.directoryUrl", {"tls": ACME, "tls.directoryUrl": "https://localhost/directory"}),
    refused(
        "acme.directory", "tls.directoryUrl", {"tls": ACME, "tls.directoryUrl": "https://user:canary@acme.example"}
    ),
    accepted("acme.directory", {"tls": ACME}),
    refused("acme.domains", "tls.domains[0]", {"tls": PUBLIC_ACME, "tls.domains": ["10.0.0.1"]}),
    refused("acme.domains", "tls.domains[0]", {"tls": PUBLIC_ACME, "tls.domains": ["*.example.com"]}),
    refused("acme.domains", "tls.domains[0]", {"tls": PUBLIC_ACME, "tls.domains": ["bao.example.com:8200"]}),
    accepted("acme.domains", {"tls": PUBLIC_ACME}),
    refused("acme.public_names", "tls.domains", {"tls": PUBLIC_ACME, "tls.domains": ABSENT}),
    refused("acme.public_names", "tls.domains[0]", {"tls": PUBLIC_ACME, "tls.domains": ["openbao.openbao.svc"]}),
    accepted("acme.public_names", {"tls": PUBLIC_ACME}),
    refused("acme.shared_cache", "tls.sharedCache", {"tls": PUBLIC_ACME, "tls.sharedCache": ABSENT}),
    accepted("acme.shared_cache", {"tls": ACME}),
    accepted("acme.shared_cache", {"tls": ACME, "tls.domains": POD_NAMES}),
    refused("acme.pod_names", "tls.domains", {"tls": ACME, "tls.domains": POD_NAMES[:2]}),
    refused("acme.pod_names", "tls.domains", {"tls": ACME, "tls.domains": POD_NAMES, "replicas": 5}),
    accepted("acme.pod_names", {"tls": ACME, "tls.domains": POD_NAMES}),
    accepted("acme.pod_names", {"tls": PUBLIC_ACME}),
    refused("acme.client_names", "gateway.hostname", {"tls": ACME, "gateway": GATEWAY}),
    refused("acme.client_names", "ingress.host", {"tls": PUBLIC_ACME, "ingress": {"host": "other.example.com"}}),
    accepted("acme.client_names", {"tls": PUBLIC_ACME, "gateway": GATEWAY, "ingress": INGRESS}),
    refused(
        "acme.passthrough",
        "gateway.tlsPassthrough",
        {"tls": PUBLIC_ACME, "gateway": {**GATEWAY, "tlsPassthrough": False}},
    ),
    accepted("acme.passthrough", {"tls": PUBLIC_ACME, "gateway": GATEWAY}),
    refused("acme.account", "tls.eabSecretRef", {"tls": ACME, "tls.eabKeyId": "id"}),
    refused("acme.account", "tls.eabKeyId", {"tls": ACME, "tls.eabSecretRef": "eab"}),
    accepted("acme.account", {"tls": ACME, "tls.eabKeyId": "id", "tls.eabSecretRef": "eab"}),
    refused("acme.account_secret", "tls.eabSecretRef", {"tls": {**ACME, **ACCOUNT}}),
    accepted("acme.account_secret", {"tls": {**ACME, **ACCOUNT}, "namespace.create": False}),
    refused("acme.service_names", "tls.domains", {"tls": ACME}),
    accepted("acme.service_names", {"tls": PUBLIC_ACME}),
    refused(
        "acme.ingress_passthrough",
        "ingress.tlsSecretName",
        {"tls": PUBLIC_ACME, "ingress": {**INGRESS, "tlsSecretName": "edge-certificate"}},
    ),
    accepted("acme.ingress_passthrough", {"tls": PUBLIC_ACME, "ingress": INGRESS}),
    refused("acme.public_reach", "network.trustedIngressPeers", {"tls": PUBLIC_ACME}),
    refused(
        "acme.public_reach",
        "service.loadBalancerSourceRanges",
        {"tls": PUBLIC_ACME, "service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["203.0.113.0/24"]}},
    ),
    accepted("acme.public_reach", {"tls": PUBLIC_ACME, "gateway": GATEWAY}),
    accepted(
        "acme.public_reach",
        {
            "tls": PUBLIC_ACME,
            "service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["0.0.0.0/0"]},
            "network.trustedIngressPeers": [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
        },
        base=DEVELOPMENT,
    ),
    refused("acme.inline_mac_key", "tls.eabMacKey", {"tls": ACME, "tls.eabKeyId": "id", "tls.eabMacKey": "canary"}),
    accepted("acme.inline_mac_key", {"tls": ACME}),
    refused("acme.private_root", "tls.caRootSecretRef", {"tls": ACME, "tls.caRootSecretRef": ABSENT}),
    accepted("acme.private_root", {"tls": ACME}),
    # --- audit
    refused("audit.audited", "audit", {"audit": []}),
    refused("audit.audited", "audit", _audit(type="file", options={"file_path": "discard"})),
    accepted("audit.audited"),
    refused("audit.audit_options", "audit[0].options", _audit(type="socket", options={"socket_type": "tcp"})),
    refused("audit.audit_options", "audit[0].options", _audit(type="http", options={"url": "https://log"})),
    refused("audit.audit_options", "audit[0].options.prefix", _audit(options={"file_path": "stdout", "prefix": "x"})),
    refused("audit.audit_options", "audit[0].options.mode", _audit(options={"file_path": "stdout", "mode": "rw"})),
    refused("audit.audit_options", "audit[0].type", _audit(type="syslog")),
    *(
        refused("audit.audit_options", f"audit[0].options.{name}", _audit(options={"file_path": "stdout", name: value}))
        for name, value in (("format", "xml"), ("log_raw", "no"), ("hmac_accessor", "on"))
    ),
    accepted("audit.audit_options", _audit(options={"file_path": "stdout", "mode": "0600", "format": "jsonx"})),
    refused("audit.audit_writable", "audit[0].options.file_path", _audit(options={"file_path": "/var/log/audit.log"})),
    refused("audit.audit_writable", "audit[0].options.file_path", _audit(options={"file_path": "/bao/data/../x"})),
    *(
        refused("audit.audit_writable", "audit[0].options.file_path", _audit(options={"file_path": path}))
        for path in ("/bao/data/", "/bao/data/raft/raft.db", "/tmp/audit.log")
    ),
    accepted("audit.audit_writable", _audit(options={"file_path": "/bao/data/audit.log"})),
    refused("audit.audit_names", "audit[1].name", {"audit": [{}, {}]}),
    refused("audit.audit_names", "audit[0].name", _audit(name="a b")),
    accepted("audit.audit_names", {"audit": [{}, {"name": "second"}]}),
    refused(
        "audit.audit_hashed", "audit[0].options.log_raw", _audit(options={"file_path": "stdout", "log_raw": "true"})
    ),
    accepted("audit.audit_hashed"),
    refused("audit.not_only_remote", "audit", _audit(type="socket", options={"address": "log:9000"})),
    accepted("audit.not_only_remote"),
]
