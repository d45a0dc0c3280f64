"""Who cert-manager is while it answers DNS-01 challenges for an issuer that is made here."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Callable, Iterator

from profiles.rules.identity import (
    AWS_REGION,
    AWS_ROLE,
    ROLE,
    Spelled,
    incomplete_at_aws,
    misspelled,
    spelled_at_aws,
    spelled_at_google,
)
from profiles.rules.rule import Breach, Case, rule
from profiles.rules.tls import acme_issuer, external
from profiles.specification.tls import AcmeIssuer, CloudDnsIdentity, CloudDnsSolver, Route53Solver

_ACME = "tls.issuer.acme"
_ROUTE53 = f"{_ACME}.route53"
_CLOUD_DNS = f"{_ACME}.cloudDns"
_ACCOUNT = f"{_ACME}.certManagerServiceAccount"
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def _acme(case: Case) -> AcmeIssuer | None:
    tls = external(case)
    return acme_issuer(tls) if tls is not None else None


def _with(test: Callable[[AcmeIssuer], object]) -> Callable[[Case], bool]:
    def applies(case: Case) -> bool:
        acme = _acme(case)
        return acme is not None and bool(test(acme))

    return applies


@rule(
    "openbao.tls.dns-identity",
    "A DNS solver has one identity that says who it is",
    since="ours",
    fields=(f"{_ROUTE53}.identity", f"{_ROUTE53}.roleArn", f"{_CLOUD_DNS}.identity"),
    reason="From what is given nobody can tell who cert-manager is at the cloud.",
    way_out="Name it, or what it is to be made from.",
    when=_with(
        lambda acme: (
            (acme.route53 is not None and acme.route53.identity is not None)
            or (acme.cloud_dns is not None and acme.cloud_dns.identity is not None)
        )
    ),
)
def one_identity(case: Case) -> Iterator[Breach]:
    acme = _acme(case)
    if acme is not None and acme.route53 is not None:
        yield from _at_aws(acme.route53)
    if acme is not None and acme.cloud_dns is not None and acme.cloud_dns.identity is not None:
        yield from _at_google(acme.cloud_dns, acme.cloud_dns.identity)


def _at_aws(solver: Route53Solver) -> Iterator[Breach]:
    identity, at = solver.identity, f"{_ROUTE53}.identity"
    if identity is None:
        return
    yield from incomplete_at_aws(identity, at)
    if identity.pod_identity is not None and identity.irsa is not None:
        reason = "cert-manager acts by Pod Identity or by IRSA, not by both."
        yield Breach(f"{at}.podIdentity", reason, "Keep irsa: then no other issuer can use the role.")
    if solver.role_arn is not None:
        reason = "An issuer names one role, and identity already says which."
        way_out = f"Remove roleArn; to use that role, name it in {at}.irsa.roleArn or {at}.podIdentity.roleArn."
        yield Breach(f"{_ROUTE53}.roleArn", reason, way_out)


def _at_google(solver: CloudDnsSolver, identity: CloudDnsIdentity) -> Iterator[Breach]:
    at = f"{_CLOUD_DNS}.identity"
    if (identity.project_number is None) == (identity.service_account_email is None):
        way_out = "Set exactly one of projectNumber (`gcloud projects describe <project>`) and serviceAccountEmail."
        yield Breach(at, way_out=way_out)
    if solver.service_account_secret_ref is not None:
        reason = "With a key in a Secret cert-manager does not use its own identity."
        yield Breach(f"{_CLOUD_DNS}.serviceAccountSecretRef", reason, "Remove it: an identity needs no key.")
    if solver.hosted_zone_name is None:
        reason = "The grant is made on one zone; without its name cert-manager searches all zones of the project."
        way_out = "Set it to the zone's name at Google (`gcloud dns managed-zones list`), which is not its DNS name."
        yield Breach(f"{_CLOUD_DNS}.hostedZoneName", reason, way_out)


@rule(
    "openbao.tls.dns-names",
    "What a DNS solver names can exist",
    since="ours",
    fields=(_ROUTE53, _CLOUD_DNS, _ACCOUNT),
    reason="The cloud or Kubernetes spells this otherwise, and the certificate would never be issued.",
    way_out="Write it as the cloud does.",
    when=_with(lambda acme: acme.route53 is not None or acme.cloud_dns is not None),
)
def dns_names(case: Case) -> Iterator[Breach]:
    acme = _acme(case)
    if acme is None:
        return
    account = acme.cert_manager_service_account
    values = [
        Spelled(f"{_ACCOUNT}.namespace", account.namespace, _LABEL, "cert-manager"),
        Spelled(f"{_ACCOUNT}.name", account.name, rf"{_LABEL}(\.{_LABEL})*", "cert-manager"),
    ]
    if acme.route53 is not None:
        values += _named_at_aws(acme.route53)
    if acme.cloud_dns is not None:
        values += _named_at_google(acme.cloud_dns)
    yield from misspelled(values, "Write it like")


def _named_at_aws(solver: Route53Solver) -> list[Spelled]:
    identity = solver.identity
    return [
        Spelled(f"{_ROUTE53}.region", solver.region, AWS_REGION, "eu-central-1"),
        Spelled(f"{_ROUTE53}.hostedZoneId", solver.hosted_zone_id, r"[A-Z0-9]{1,32}", "Z0123456789ABCDEFGHIJ"),
        Spelled(f"{_ROUTE53}.roleArn", solver.role_arn, AWS_ROLE, ROLE),
        *(spelled_at_aws(identity, f"{_ROUTE53}.identity") if identity is not None else []),
    ]


def _named_at_google(solver: CloudDnsSolver) -> list[Spelled]:
    identity, at = solver.identity, f"{_CLOUD_DNS}.identity"
    zone = Spelled(
        f"{_CLOUD_DNS}.hostedZoneName", solver.hosted_zone_name, r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", "example-com"
    )
    if identity is None:
        return [zone]
    return [
        zone,
        *spelled_at_google(at, identity.project_number, identity.workload_pool, identity.service_account_email),
        Spelled(
            f"{at}.role", identity.role, r"((projects|organizations)/[^/*\s]+/)?roles/[\w.]+", "projects/p/roles/dns01"
        ),
    ]


@rule(
    "openbao.tls.dns-ambient",
    "A DNS solver does not need cert-manager's own identity",
    since="ours",
    fields=(_ROUTE53, _CLOUD_DNS),
    reason="cert-manager lets an issuer of one namespace act as cert-manager itself only when it is told to; where it "
    "does, every such issuer may. Otherwise `up` waits for the certificate in vain.",
    way_out="Use an identity of the issuer's own, or start cert-manager's controller with "
    "--issuer-ambient-credentials=true.",
    advice=True,
    when=_with(lambda acme: acme.route53 is not None or acme.cloud_dns is not None),
)
def own_identity(case: Case) -> Iterator[Breach]:
    acme = _acme(case)
    if acme is None:
        return
    route53, cloud_dns = acme.route53, acme.cloud_dns
    if route53 is not None and (route53.identity is None or route53.identity.irsa is None):
        way_out = (
            "Use identity.irsa, which makes a ServiceAccount for this issuer alone; or start cert-manager's controller "
            "with --issuer-ambient-credentials=true; or name a ClusterIssuer in tls.issuerRef."
        )
        yield Breach(_ROUTE53, way_out=way_out)
    if cloud_dns is not None and cloud_dns.service_account_secret_ref is None:
        way_out = (
            "Name a ClusterIssuer in tls.issuerRef, or start cert-manager's controller with "
            "--issuer-ambient-credentials=true; the only other way at Google is a key (serviceAccountSecretRef)."
        )
        yield Breach(_CLOUD_DNS, way_out=way_out)
