"""Certificates from elsewhere: which combinations of issuer and names can work at all."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Callable, Iterator

from profiles.addresses import is_address, is_dns_name, is_elsewhere, is_internal_name, is_public_acme
from profiles.pem import is_certificate
from profiles.rendering.listener import edge_hosts
from profiles.rules.rule import Breach, Case, each, rule
from profiles.rules.server import seconds
from profiles.specification import Specification
from profiles.specification.tls import MANAGED_HOURS, AcmeIssuer, ExternalTls, OperatorManagedTls, PrivateCaIssuer

_PUBLIC = "A public CA signs no name inside a cluster, so the certificate would never be issued."


def external(case: Case) -> ExternalTls | None:
    """The specification's TLS block if its mode is External."""
    return case.spec.tls if isinstance(case.spec.tls, ExternalTls) else None


def _external_with(test: Callable[[ExternalTls], object]) -> Callable[[Case], bool]:
    def applies(case: Case) -> bool:
        tls = external(case)
        return tls is not None and bool(test(tls))

    return applies


def acme_issuer(tls: ExternalTls) -> AcmeIssuer | None:
    """The ACME issuer that is made, if one is."""
    return tls.issuer.acme if tls.issuer is not None else None


@rule(
    "openbao.tls.external-source",
    "An external certificate has one source",
    since="ours",
    fields=("tls.secretName", "tls.issuerRef", "tls.issuer"),
    reason="A certificate comes from exactly one place.",
    way_out="Set exactly one of tls.secretName (existing Secret), tls.issuerRef (existing issuer) and tls.issuer (a "
    "new one).",
    when=lambda case: external(case) is not None,
)
def external_source(case: Case) -> Iterator[Breach]:
    tls = external(case)
    if tls is None:
        return
    given = [name for name in ("secret_name", "issuer_ref", "issuer") if getattr(tls, name) is not None]
    if len(given) != 1:
        paths = {"secret_name": "tls.secretName", "issuer_ref": "tls.issuerRef", "issuer": "tls.issuer"}
        yield Breach(paths[given[1]] if len(given) > 1 else "tls")


@rule(
    "openbao.tls.one-issuer",
    "A new issuer is of one kind",
    since="ours",
    fields=("tls.issuer",),
    reason="An issuer is of exactly one kind.",
    way_out="Set exactly one of tls.issuer.acme, ca, vault and privateCa.",
    when=_external_with(lambda tls: tls.issuer is not None),
)
def one_issuer(case: Case) -> Iterator[Breach]:
    tls = external(case)
    issuer = tls.issuer if tls else None
    if issuer is None:
        return
    if sum(kind is not None for kind in (issuer.acme, issuer.ca, issuer.vault, issuer.private_ca)) != 1:
        yield Breach("tls.issuer")
    private = issuer.private_ca
    if private is not None and private.kind == "AWSPCAIssuer" and (private.arn is None or private.region is None):
        yield Breach("tls.issuer.privateCa", "AWS Private CA is found by ARN and region.", "Set arn and region.")
    if private is not None and private.kind == "GoogleCASIssuer" and not _is_pool(private):
        reason = "Google CAS is found by project, location and pool."
        yield Breach("tls.issuer.privateCa", reason, "Set project, location and caPoolId.")


def _is_pool(private: PrivateCaIssuer) -> bool:
    return private.project is not None and private.location is not None and private.ca_pool_id is not None


@rule(
    "openbao.tls.acme-solver",
    "An ACME issuer solves one kind of challenge",
    since="ours",
    fields=("tls.issuer.acme",),
    reason="The CA asks for a proof that the name is yours, and exactly one solver must give it.",
    way_out="Set exactly one of http01, route53 and cloudDns in tls.issuer.acme.",
    when=_external_with(acme_issuer),
)
def acme_solver(case: Case) -> Iterator[Breach]:
    tls = external(case)
    acme = acme_issuer(tls) if tls else None
    if tls is None or acme is None:
        return
    if sum(solver is not None for solver in (acme.http01, acme.route53, acme.cloud_dns)) != 1:
        yield Breach("tls.issuer.acme")
    if not str(acme.server).startswith("https://"):
        yield Breach("tls.issuer.acme.server", "An ACME directory is an https URL.", "Write it with `https://`.")
    if acme.http01 is None:
        return
    reason, way_out = "HTTP-01 cannot prove a wildcard.", "Use route53 or cloudDns, or list the names one by one."
    if any(str(name).startswith("*.") for name in tls.extra_sans):
        yield Breach("tls.extraSans", reason, way_out)
    for path, host in edge_hosts(case.spec).items():
        if str(host).startswith("*."):
            yield Breach(path, reason, way_out)


@rule(
    "openbao.tls.public-names",
    "A public CA is asked for public names only",
    since="ours",
    fields=("tls.issuer.acme.server", "tls.serverName", "tls.extraSans", "gateway.hostname", "ingress.host"),
    reason=_PUBLIC,
    way_out="Set tls.serverName to a public DNS name of yours: joins and probes use it instead of the pods' names.",
    when=_external_with(lambda tls: (acme := acme_issuer(tls)) is not None and is_public_acme(str(acme.server))),
)
def public_names(case: Case) -> Iterator[Breach]:
    tls = external(case)
    if tls is None:
        return
    if tls.server_name is None or is_internal_name(str(tls.server_name)):
        yield Breach("tls.serverName")
    for path, host in edge_hosts(case.spec).items():
        if is_internal_name(str(host)):
            yield Breach(path, way_out="Use a public name, let the edge end TLS, or use a private CA.")

    def look(index: int, name: str) -> Iterator[Breach]:
        if is_internal_name(str(name)):
            way_out = "Remove this name, or use a private CA."
            yield Breach(f"tls.extraSans[{index}]", way_out=way_out)

    yield from each(tls.extra_sans, look)


@rule(
    "openbao.tls.acme-name",
    "A private ACME CA is asked for a name it can prove",
    since="ours",
    fields=("tls.serverName", "tls.issuer.acme.server", "clusterDomain"),
    reason="No ACME challenge can prove a name inside a Kubernetes cluster, so the certificate would have no name that "
    "this CA can sign.",
    way_out="Set tls.serverName to a DNS name of yours outside the cluster: joins and probes use it instead of the "
    "pods' names.",
    when=_external_with(lambda tls: (acme := acme_issuer(tls)) is not None and not is_public_acme(str(acme.server))),
)
def acme_name(case: Case) -> Iterator[Breach]:
    tls = external(case)
    if tls is not None and (tls.server_name is None or _is_in_cluster(str(tls.server_name), case.spec)):
        yield Breach("tls.serverName")


def _is_in_cluster(name: str, spec: Specification) -> bool:
    """Whether only the cluster's own DNS knows this name. A private zone such as `.internal` is no part of that."""
    bare = name.rstrip(".").lower()
    return is_address(bare) or "." not in bare or bare.endswith((".svc", f".{spec.cluster_domain}".lower()))


@rule(
    "openbao.tls.vault-auth",
    "cert-manager can log in to its PKI",
    since="ours",
    fields=("tls.issuer.vault",),
    reason="Without a way to log in, cert-manager cannot ask that server for a certificate.",
    way_out="Set tls.issuer.vault.auth as cert-manager's Vault issuer reads it, for example `kubernetes` with a role, "
    "a mountPath and a serviceAccountRef.",
    when=_external_with(lambda tls: tls.issuer is not None and tls.issuer.vault is not None),
)
def vault_auth(case: Case) -> Iterator[Breach]:
    tls = external(case)
    vault = tls.issuer.vault if tls is not None and tls.issuer is not None else None
    if vault is None:
        return
    if not vault.auth:
        yield Breach("tls.issuer.vault.auth")
    if not is_elsewhere(str(vault.server)):
        reason = "In clear text anybody on the path takes cert-manager's login and signs certificates in your name."
        yield Breach("tls.issuer.vault.server", reason, "Write it like `https://bao.example.com:8200`.")
    if vault.ca_bundle is not None and not is_certificate(str(vault.ca_bundle)):
        reason = "This is no PEM certificate, so cert-manager could not verify that server."
        yield Breach("tls.issuer.vault.caBundle", reason, "Write the whole PEM block of the CA, with its lines.")


@rule(
    "openbao.tls.names",
    "Certificate names are names",
    since="ours",
    fields=("tls.extraSans", "tls.serverName"),
    reason="This is neither a DNS name nor an address, so no CA signs it.",
    way_out="Write it like `bao.example.com`, `*.example.com` or `10.0.0.10`: no scheme, no port.",
    when=lambda case: isinstance(case.spec.tls, ExternalTls | OperatorManagedTls),
)
def certificate_names(case: Case) -> Iterator[Breach]:
    tls = case.spec.tls
    if not isinstance(tls, ExternalTls | OperatorManagedTls):
        return

    def look(index: int, name: str) -> Iterator[Breach]:
        if not is_address(str(name)) and not is_dns_name(str(name).removeprefix("*.")):
            yield Breach(f"tls.extraSans[{index}]")

    yield from each(tls.extra_sans, look)
    if isinstance(tls, ExternalTls) and tls.server_name is not None and not is_dns_name(str(tls.server_name)):
        yield Breach("tls.serverName", way_out="Write one DNS name, as in `bao.example.com`: no wildcard, no address.")


@rule(
    "openbao.tls.renewal",
    "Certificates are renewed before they end",
    since="ours",
    fields=("tls.duration", "tls.renewBefore"),
    reason="cert-manager needs at least an hour of validity and a renewal that begins before the end.",
    way_out="Keep tls.renewBefore below tls.duration, for example 720h and 2160h.",
    when=_external_with(lambda tls: tls.secret_name is None),
)
def renewal(case: Case) -> Iterator[Breach]:
    tls = external(case)
    if tls is None:
        return
    duration, before = seconds(tls.duration), seconds(tls.renew_before)
    if duration < 3600:
        yield Breach("tls.duration")
    if not 300 <= before < duration:
        yield Breach("tls.renewBefore")


@rule(
    "openbao.tls.rotation",
    "Managed certificates live before they are renewed",
    since="ours",
    fields=("tls.rotationPeriod",),
    reason="A managed certificate lives for a year. Due from its first day it is issued anew at every `up`; never due, "
    "it ends.",
    way_out=f"Set tls.rotationPeriod between 1h and {MANAGED_HOURS - 1}h, for example 720h.",
    when=lambda case: isinstance(case.spec.tls, OperatorManagedTls),
)
def rotation(case: Case) -> Iterator[Breach]:
    tls = case.spec.tls
    if isinstance(tls, OperatorManagedTls) and not 3600 <= seconds(tls.rotation_period) < MANAGED_HOURS * 3600:
        yield Breach("tls.rotationPeriod")


@rule(
    "openbao.tls.external-secret",
    "The existing certificate has every name",
    since="S",
    fields=("tls.secretName", "tls.serverName"),
    reason="A certificate without the pods' names lets no pod join, and one that ended lets nobody in.",
    way_out="Check it: `kubectl get secret <name> -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout "
    "-ext subjectAltName -enddate`.",
    advice=True,
    when=_external_with(lambda tls: tls.secret_name is not None),
)
def external_secret(case: Case) -> Iterator[Breach]:
    tls = external(case)
    if tls is None:
        return
    name = tls.server_name
    wanted = (
        str(name)
        if name is not None
        else f"*.{case.spec.name}.{case.spec.namespace_name}.svc.{case.spec.cluster_domain}"
    )
    yield Breach("tls.secretName", f"It cannot be read from here; it must name `{wanted}` or no pod can join.")


@rule(
    "openbao.tls.issuer-names",
    "The existing issuer signs the names",
    since="ours",
    fields=("tls.issuerRef", "tls.serverName"),
    reason="Whether this issuer signs names inside the cluster cannot be seen from here; a public CA does not.",
    way_out="Ask its owner; for a public CA set tls.serverName to a public DNS name.",
    advice=True,
    when=_external_with(lambda tls: tls.issuer_ref is not None),
)
def issuer_names(case: Case) -> Iterator[Breach]:
    tls = external(case)
    if tls is not None and tls.server_name is None:
        yield Breach("tls.issuerRef")
