"""Examples: networks, edges, egress and backups."""

from __future__ import annotations

from typing import Any

from tests.contract.examples.example import accepted, refused
from tests.contract.specifications import ABSENT, ACME, AWS, DEVELOPMENT, ISSUER, KMIP, OPEN_TO_TEN, PLUGIN

GATEWAY = {"hostname": "bao.example.com", "gatewayRefName": "edge", "tlsPassthrough": True}
ENDS_TLS = {**GATEWAY, "tlsPassthrough": False}
INGRESS = {"host": "bao.example.com"}
BACKUP = {
    "schedule": "0 3 * * *",
    "jwtAuthRole": "backup",
    "target": {"bucket": "b", "endpoint": "https://s3.example.com", "credentialsSecretRef": "s3"},
}
EVERYBODY = {"ipBlock": {"cidr": "0.0.0.0/0"}}


def _backup(**target: Any) -> dict[str, Any]:
    merged = {**BACKUP["target"], **target}  # type: ignore[dict-item]
    return {"backup": {**BACKUP, "target": {key: value for key, value in merged.items() if value is not ABSENT}}}


def _peer(peer: dict[str, Any]) -> dict[str, Any]:
    return {"network.trustedIngressPeers": [peer]}


def _egress(rule: dict[str, Any]) -> dict[str, Any]:
    return {"network.egressRules": [OPEN_TO_TEN, rule]}


def _audit(**device: Any) -> dict[str, Any]:
    return {"audit": [device]}


PEERS_THAT_ARE_ANYBODY: list[dict[str, Any]] = [
    {"namespaceSelector": {}},
    {"podSelector": {}},
    EVERYBODY,
    {"ipBlock": {"cidr": "::/0"}},
    {"ipBlock": {"cidr": "127.0.0.1/32"}},
    {"ipBlock": {"cidr": "169.254.169.254/32"}},
    {"ipBlock": {"cidr": "128.0.0.0/1"}},
    {"ipBlock": {"cidr": "fe80::/64"}},
    {"ipBlock": {"cidr": "nonsense"}},
]

EXAMPLES = [
    # --- network
    refused("network.no_raw_ingress", "network.ingressRules", {"network.ingressRules": [{"from": [], "ports": []}]}),
    accepted("network.no_raw_ingress"),
    *(
        refused("network.explicit_clients", "network.trustedIngressPeers[0]", _peer(peer))
        for peer in PEERS_THAT_ARE_ANYBODY
    ),
    refused("network.explicit_scrapers", "network.metricsPeers[0]", {"network.metricsPeers": [EVERYBODY]}),
    accepted("network.explicit_scrapers", {"network.metricsPeers": [{"podSelector": {"matchLabels": {"a": "b"}}}]}),
    accepted("network.explicit_clients", _peer({"podSelector": {}, "namespaceSelector": {"matchLabels": {"a": "b"}}})),
    accepted("network.explicit_clients", _peer({"podSelector": {"matchLabels": {"a": "b"}}})),
    refused("network.explicit_destinations", "network.egressRules[1].to", _egress({"ports": [{"port": 443}]})),
    refused(
        "network.explicit_destinations",
        "network.egressRules[1].ports",
        _egress({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}),
    ),
    refused(
        "network.explicit_destinations",
        "network.egressRules[1].ports[0]",
        _egress({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{}]}),
    ),
    refused(
        "network.explicit_destinations",
        "network.egressRules[1].to[0]",
        _egress({"to": [EVERYBODY], "ports": [{"port": 443}]}),
    ),
    accepted("network.explicit_destinations"),
    refused("network.peer_shape", "network.trustedIngressPeers[0]", _peer({})),
    refused("network.peer_shape", "network.metricsPeers[0]", {"network.metricsPeers": [{}]}),
    refused(
        "network.peer_shape",
        "network.egressRules[1].to[0]",
        _egress({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}], "ports": [{"port": 1}]}),
    ),
    refused(
        "network.peer_shape",
        "network.ingressRules[0].from[0].ipBlock.cidr",
        {"network.ingressRules": [{"from": [{"ipBlock": {"cidr": "x"}}]}]},
        base=DEVELOPMENT,
    ),
    *(
        refused("network.peer_shape", "network.trustedIngressPeers[0].ipBlock.cidr", _peer({"ipBlock": {"cidr": cidr}}))
        for cidr in ("10.0.0.5", "10.0.0.0/255.0.0.0", "10.0.0.0/33")
    ),
    *(
        refused(
            "network.peer_shape",
            "network.trustedIngressPeers[0].ipBlock.except[0]",
            _peer({"ipBlock": {"cidr": "10.0.0.0/8", "except": [without]}}),
        )
        for without in ("nonsense", "192.168.0.0/16", "10.0.0.0/8", "fd00::/16")
    ),
    accepted("network.peer_shape", _peer({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}})),
    accepted("network.peer_shape", _peer({"namespaceSelector": {"matchLabels": {"clients": ""}}})),
    refused("network.cluster_addresses", "network.apiServerCidr", {"network.apiServerCidr": "api.example.com"}),
    refused("network.cluster_addresses", "network.dnsEndpointIps[0]", {"network.dnsEndpointIps": ["10.0.0.0/8"]}),
    refused(
        "network.cluster_addresses",
        "service.loadBalancerSourceRanges[0]",
        {"service.loadBalancerSourceRanges": ["10.0.0.1"]},
    ),
    refused("network.cluster_addresses", "network.apiServerCidr", {"network.apiServerCidr": "10.96.0.1"}),
    refused("network.cluster_addresses", "network.dnsEndpointIps[0]", {"network.dnsEndpointIps": ["[fd00::10]"]}),
    accepted("network.cluster_addresses", {"network.apiServerCidr": "10.96.0.1/32"}),
    refused("network.clients", "network.trustedIngressPeers", {"network.trustedIngressPeers": []}),
    accepted("network.clients"),
    refused("network.source_ranges", "service.loadBalancerSourceRanges", {"service.type": "LoadBalancer"}),
    accepted(
        "network.source_ranges", {"service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]}}
    ),
    refused(
        "network.gateway_backend_tls",
        "gateway.backendTls.enabled",
        {"gateway": {**GATEWAY, "tlsPassthrough": False, "backendTls": {"enabled": False}}},
    ),
    accepted("network.gateway_backend_tls", {"gateway": {**GATEWAY, "backendTls": {"enabled": False}}}),
    refused("network.gateway_reference", "gateway.hostname", {"gateway": {"gatewayRefName": "edge"}}),
    refused("network.gateway_reference", "gateway.gatewayRefName", {"gateway": {"hostname": "h"}}),
    *(
        refused("network.gateway_reference", "gateway.hostname", {"gateway": {**GATEWAY, "hostname": host}})
        for host in ("https://bao.example.com", "bao.example.com:443", "Bao.example.com", "10.0.0.1")
    ),
    accepted("network.gateway_reference", {"gateway": GATEWAY}),
    accepted("network.gateway_reference", {"gateway": {**GATEWAY, "hostname": "*.example.com"}}),
    refused(
        "network.gateway_peers",
        "network.trustedIngressPeers",
        {"gateway": GATEWAY, "network.trustedIngressPeers": []},
    ),
    accepted("network.gateway_peers", {"gateway": GATEWAY}),
    refused("network.gateway_backend_ca", "gateway.backendTls.caConfigMap", {"gateway": ENDS_TLS}),
    refused(
        "network.gateway_backend_ca",
        "gateway.backendTls.caConfigMap",
        {"gateway": ENDS_TLS, "tls": {"mode": "OperatorManaged", "certManager": True}},
        base=DEVELOPMENT,
    ),
    accepted("network.gateway_backend_ca", {"gateway": GATEWAY}),
    accepted("network.gateway_backend_ca", {"gateway": {**ENDS_TLS, "backendTls": {"caConfigMap": "corporate-ca"}}}),
    accepted("network.gateway_backend_ca", {"gateway": ENDS_TLS, "tls": ISSUER}),
    accepted("network.gateway_backend_ca", {"gateway": ENDS_TLS}, base=DEVELOPMENT),
    refused(
        "network.ingress_peers",
        "network.trustedIngressPeers",
        {"ingress": INGRESS, "network.trustedIngressPeers": []},
    ),
    accepted("network.ingress_peers", {"ingress": INGRESS}),
    refused("network.ingress_host", "ingress.host", {"ingress": {}}),
    refused("network.ingress_host", "ingress.host", {"ingress": {"host": "https://bao.example.com"}}),
    accepted("network.ingress_host", {"ingress": INGRESS}),
    # --- egress
    refused("egress.seal_reachable", "unseal.address", {"network.egressRules": []}),
    refused("egress.seal_reachable", "unseal.endpoint", {"unseal": {**KMIP, "endpoint": "11.0.0.1:8200"}}),
    refused("egress.seal_reachable", "unseal.region", {"unseal": AWS, "network.apiServerCidr": "10.96.0.1/32"}),
    *(
        refused("egress.seal_reachable", "unseal.endpoint", {"unseal": KMIP, "network.egressRules": [egress]})
        for egress in (
            {**OPEN_TO_TEN, "ports": [{"port": 8200, "protocol": "UDP"}]},
            {**OPEN_TO_TEN, "to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/24"]}}]},
        )
    ),
    accepted("egress.seal_reachable", {"unseal": KMIP}),
    accepted("egress.seal_reachable", {"unseal": AWS, "network.egressRules": []}),
    refused(
        "egress.registry_reachable",
        "unseal.plugin.image",
        {"unseal": {**AWS, "plugin": {**PLUGIN, "delivery": "download"}}, "network.apiServerCidr": "10.96.0.1/32"},
    ),
    accepted("egress.registry_reachable", {"unseal": {**AWS, "plugin": {**PLUGIN, "delivery": "download"}}}),
    refused(
        "egress.acme_reachable", "tls.directoryUrl", {"tls": ACME, "tls.directoryUrl": "https://acme.example.com:14000"}
    ),
    accepted("egress.acme_reachable", {"tls": ACME}),
    refused("egress.audit_reachable", "audit[0].options.uri", _audit(type="http", options={"uri": "https://log:9000"})),
    refused(
        "egress.audit_reachable", "audit[0].options.address", _audit(type="socket", options={"address": "log:9000"})
    ),
    accepted("egress.audit_reachable", _audit(type="http", options={"uri": "https://log.example.com"})),
    accepted("egress.audit_reachable", _audit(type="socket", options={"address": "/tmp/s", "socket_type": "unix"})),
    refused(
        "egress.identity_provider_reachable",
        "selfInit.oidc.issuer",
        {
            "selfInit.oidc": {
                "issuer": "https://id.example.com:8443",
                "clientId": "c",
                "clientSecretRef": "s",
                "defaultRole": "r",
                "roles": [{"name": "r", "policies": ["admin"], "allowedRedirectUris": ["https://bao/cb"]}],
            }
        },
    ),
    accepted(
        "egress.identity_provider_reachable",
        {"selfInit.jwt": {"jwksUrl": "https://id.example.com", "roles": [{"name": "r", "policies": ["admin"]}]}},
    ),
    # --- backup
    refused("backup.backup_egress", "network.egressRules", {"backup": BACKUP, "network.egressRules": []}),
    accepted("backup.backup_egress", {"backup": BACKUP}),
    refused("backup.backup_scheme", "backup.target.endpoint", _backup(endpoint="http://s3.example.com")),
    accepted("backup.backup_scheme", _backup(endpoint="s3://bucket")),
    refused("backup.backup_verification", "backup.target.insecureSkipVerify", _backup(insecureSkipVerify=True)),
    accepted("backup.backup_verification", _backup()),
    refused("backup.backup_identity", "backup.target", _backup(credentialsSecretRef=ABSENT)),
    refused(
        "backup.backup_identity", "backup.target", _backup(credentialsSecretRef=ABSENT, provider="gcs", roleArn="a")
    ),
    accepted("backup.backup_identity", _backup(credentialsSecretRef=ABSENT, roleArn="a")),
    refused("backup.backup_schedule", "backup.schedule", {"backup": {**BACKUP, "schedule": "@daily"}}),
    accepted("backup.backup_schedule", {"backup": BACKUP}),
    refused("backup.backup_authentication", "backup", {"backup": BACKUP, "backup.jwtAuthRole": ABSENT}),
    accepted("backup.backup_authentication", {"backup": BACKUP}),
    *(
        refused("backup.backup_address", "backup.target.endpoint", _backup(endpoint=endpoint))
        for endpoint in ("https://localhost:9000", "https://127.0.0.1", "https://169.254.169.254", "https://2130706433")
    ),
    refused("backup.backup_address", "backup.target.endpoint", _backup(endpoint="https://me:canary@s3.example.com")),
    accepted("backup.backup_address", _backup()),
    refused(
        "backup.reserved_secrets", "backup.tokenSecretRef", {"backup": {**BACKUP, "tokenSecretRef": "x-root-token"}}
    ),
    refused(
        "backup.reserved_secrets",
        "selfInit.userpass.users[0].passwordSecretRef",
        {"selfInit.userpass.users[0].passwordSecretRef": "openbao-unseal-key"},
    ),
    accepted("backup.reserved_secrets", {"backup": BACKUP}),
]
