"""Examples: who cert-manager is while it answers DNS-01 challenges."""

from __future__ import annotations

from typing import Any

from tests.contract.examples.example import Example, accepted, refused
from tests.contract.specifications import ABSENT, ISSUER

ACME = "tls.issuer.acme"
ROUTE53 = f"{ACME}.route53"
CLOUD_DNS = f"{ACME}.cloudDns"
POD_IDENTITY = {"podIdentity": {"clusterName": "production"}}
IRSA = {"irsa": {"oidcProviderUrl": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"}}
DIRECT = {"projectNumber": "42"}
EXISTING = "arn:aws:iam::111122223333:role/dns"


def _route53(**solver: Any) -> dict[str, Any]:
    return {"tls": ISSUER, ROUTE53: {"region": "eu-central-1", **solver}}


def _cloud_dns(**solver: Any) -> dict[str, Any]:
    return {"tls": ISSUER, ROUTE53: ABSENT, CLOUD_DNS: {"project": "p", "hostedZoneName": "example-com", **solver}}


def _misspelt(at: str, solver: dict[str, Any]) -> Example:
    return refused("dns01.dns_names", at, solver)


EXAMPLES = [
    refused("dns01.one_identity", f"{ROUTE53}.identity", _route53(identity={})),
    refused("dns01.one_identity", f"{ROUTE53}.identity.irsa", _route53(identity={"irsa": {}})),
    refused("dns01.one_identity", f"{ROUTE53}.identity.podIdentity", _route53(identity={**POD_IDENTITY, **IRSA})),
    refused("dns01.one_identity", f"{ROUTE53}.roleArn", _route53(identity=IRSA, roleArn=EXISTING)),
    refused("dns01.one_identity", f"{ROUTE53}.roleArn", _route53(identity=POD_IDENTITY, roleArn=EXISTING)),
    accepted("dns01.one_identity", _route53(identity=POD_IDENTITY)),
    accepted("dns01.one_identity", _route53(identity=IRSA, hostedZoneId="Z1")),
    accepted("dns01.one_identity", _route53(identity={"irsa": {"roleArn": EXISTING}})),
    refused("dns01.one_identity", f"{CLOUD_DNS}.identity", _cloud_dns(identity={})),
    refused("dns01.one_identity", f"{CLOUD_DNS}.identity", _cloud_dns(identity={"role": "roles/dns.admin"})),
    refused(
        "dns01.one_identity",
        f"{CLOUD_DNS}.identity",
        _cloud_dns(identity={**DIRECT, "serviceAccountEmail": "dns@p.iam.gserviceaccount.com"}),
    ),
    refused(
        "dns01.one_identity",
        f"{CLOUD_DNS}.serviceAccountSecretRef",
        _cloud_dns(identity=DIRECT, serviceAccountSecretRef="dns"),
    ),
    refused(
        "dns01.one_identity",
        f"{CLOUD_DNS}.hostedZoneName",
        {**_cloud_dns(identity=DIRECT), f"{CLOUD_DNS}.hostedZoneName": ABSENT},
    ),
    accepted("dns01.one_identity", _cloud_dns(identity=DIRECT)),
    accepted("dns01.one_identity", _cloud_dns(identity={"serviceAccountEmail": "dns@p.iam.gserviceaccount.com"})),
    *(
        _misspelt(
            f"{ACME}.certManagerServiceAccount.{field}", {**_route53(), f"{ACME}.certManagerServiceAccount": given}
        )
        for field, given in (
            ("namespace", {"namespace": "cert-manager/other"}),
            ("namespace", {"namespace": "*"}),
            ("name", {"name": "Cert Manager"}),
        )
    ),
    *(
        _misspelt(f"{ROUTE53}.{field}", _route53(**given))
        for field, given in (
            ("region", {"region": "europe"}),
            ("hostedZoneId", {"hostedZoneId": "/hostedzone/Z1"}),
            ("hostedZoneId", {"hostedZoneId": "*"}),
            ("hostedZoneId", {"hostedZoneId": "example.com"}),
            ("roleArn", {"roleArn": "dns"}),
            ("identity.irsa.roleArn", {"identity": {"irsa": {"roleArn": "arn:aws:iam::1:role/dns"}}}),
            ("identity.podIdentity.roleArn", {"identity": {"podIdentity": {"clusterName": "c", "roleArn": "dns"}}}),
        )
    ),
    *(
        _misspelt(f"{CLOUD_DNS}.{field}", _cloud_dns(**given))
        for field, given in (
            ("hostedZoneName", {"hostedZoneName": "example.com"}),
            ("identity.projectNumber", {"identity": {"projectNumber": "my-project"}}),
            ("identity.workloadPool", {"identity": {**DIRECT, "workloadPool": "p"}}),
            ("identity.serviceAccountEmail", {"identity": {"serviceAccountEmail": "serviceAccount:dns@p"}}),
            ("identity.role", {"identity": {**DIRECT, "role": "dns.admin"}}),
        )
    ),
    accepted(
        "dns01.dns_names", _route53(region="us-gov-west-1", hostedZoneId="Z0123456789ABCDEFGHIJ", roleArn=EXISTING)
    ),
    accepted("dns01.dns_names", _route53(identity=IRSA, hostedZoneId="Z1")),
    accepted(
        "dns01.dns_names",
        {**_route53(), f"{ACME}.certManagerServiceAccount": {"namespace": "infra", "name": "acme.cert-manager"}},
    ),
    accepted("dns01.dns_names", _cloud_dns()),
    accepted("dns01.dns_names", _cloud_dns(identity={**DIRECT, "role": "projects/p/roles/dns_01"})),
    accepted("dns01.dns_names", _cloud_dns(identity={**DIRECT, "workloadPool": "other.svc.id.goog"})),
    refused("dns01.own_identity", ROUTE53, _route53()),
    refused("dns01.own_identity", ROUTE53, _route53(roleArn=EXISTING)),
    refused("dns01.own_identity", ROUTE53, _route53(identity=POD_IDENTITY)),
    refused("dns01.own_identity", CLOUD_DNS, _cloud_dns(identity=DIRECT)),
    accepted("dns01.own_identity", _route53(identity=IRSA)),
    accepted("dns01.own_identity", _cloud_dns(serviceAccountSecretRef="dns")),
]
