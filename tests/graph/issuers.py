"""Every kind of issuer that the component creates: what a user writes, the object's kind, and its `spec`."""

from __future__ import annotations

import base64
from typing import Any

from tests.contract.keys import CERTIFICATE

ACME_ACCOUNT = {"server": "https://acme.corp.internal/directory", "email": "ops@corp.internal"}
ISSUERS: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    (
        {
            "acme": {
                **ACME_ACCOUNT,
                "preferred_chain": "Root X",
                "external_account_binding": {"key_id": "k1", "mac_key_secret_ref": "eab"},
                "route53": {
                    "region": "eu-central-1",
                    "hosted_zone_id": "Z1",
                    "role_arn": "arn:aws:iam::111122223333:role/dns",
                },
            }
        },
        "cert-manager.io/v1:Issuer",
        {
            "acme": {
                **ACME_ACCOUNT,
                "preferredChain": "Root X",
                "privateKeySecretRef": {"name": "openbao-tls-account"},
                "externalAccountBinding": {"keyID": "k1", "keySecretRef": {"name": "eab", "key": "macKey"}},
                "solvers": [
                    {
                        "dns01": {
                            "route53": {
                                "region": "eu-central-1",
                                "hostedZoneID": "Z1",
                                "role": "arn:aws:iam::111122223333:role/dns",
                            }
                        }
                    }
                ],
            }
        },
    ),
    (
        {"acme": {**ACME_ACCOUNT, "cloud_dns": {"project": "p", "service_account_secret_ref": "dns"}}},
        "cert-manager.io/v1:Issuer",
        {
            "acme": {
                **ACME_ACCOUNT,
                "privateKeySecretRef": {"name": "openbao-tls-account"},
                "solvers": [
                    {
                        "dns01": {
                            "cloudDNS": {
                                "project": "p",
                                "serviceAccountSecretRef": {"name": "dns", "key": "key.json"},
                            }
                        }
                    }
                ],
            }
        },
    ),
    (
        {"acme": {**ACME_ACCOUNT, "http01": {"ingress_class_name": "nginx"}}},
        "cert-manager.io/v1:Issuer",
        {
            "acme": {
                **ACME_ACCOUNT,
                "privateKeySecretRef": {"name": "openbao-tls-account"},
                "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}],
            }
        },
    ),
    ({"ca": {"secret_name": "corporate-ca"}}, "cert-manager.io/v1:Issuer", {"ca": {"secretName": "corporate-ca"}}),
    (
        {
            "vault": {
                "server": "https://pki.corp.internal:8200",
                "path": "pki/sign/bao",
                "ca_bundle": CERTIFICATE,
                "auth": {"kubernetes": {"role": "bao", "serviceAccountRef": {"name": "issuer"}}},
            }
        },
        "cert-manager.io/v1:Issuer",
        {
            "vault": {
                "server": "https://pki.corp.internal:8200",
                "path": "pki/sign/bao",
                "caBundle": base64.b64encode(CERTIFICATE.encode()).decode(),
                "auth": {"kubernetes": {"role": "bao", "serviceAccountRef": {"name": "issuer"}}},
            }
        },
    ),
    (
        {"private_ca": {"kind": "AWSPCAIssuer", "arn": "arn:aws:acm-pca:x", "region": "eu-central-1"}},
        "awspca.cert-manager.io/v1beta1:AWSPCAIssuer",
        {"arn": "arn:aws:acm-pca:x", "region": "eu-central-1"},
    ),
    (
        {"private_ca": {"kind": "GoogleCASIssuer", "project": "p", "location": "l", "ca_pool_id": "pool"}},
        "cas-issuer.jetstack.io/v1beta1:GoogleCASIssuer",
        {"project": "p", "location": "l", "caPoolId": "pool"},
    ),
]
"""(`tls.issuer` in snake_case, apiVersion:kind, spec)"""
