"""How clients and peers know the server: the three TLS modes of the contract."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from profiles.specification.base import Part
from profiles.specification.identity import AwsIdentity
from profiles.values import Duration, Secret, SecretName, Text

MANAGED_HOURS: Final = 365 * 24
"""How long a managed server certificate is valid."""


class OperatorManagedTls(Part):
    """Certificates from a CA that the component makes and keeps. Development only."""

    mode: Literal["OperatorManaged"] = "OperatorManaged"
    cert_manager: bool = Field(default=False, description="Let cert-manager issue from a self-signed CA instead.")
    extra_sans: list[Text] = Field(
        default_factory=list, description="More DNS names or IP addresses in the certificate."
    )
    rotation_period: Annotated[str, Field(pattern=r"^[0-9]{1,6}h$")] = Field(
        default="720h", description="How long before its end the server certificate is renewed by the next `up`."
    )


class IssuerRef(Part):
    """An existing cert-manager issuer."""

    name: Text
    kind: Text = "Issuer"
    group: Text = "cert-manager.io"


class Route53Solver(Part):
    """DNS-01 by Route 53."""

    region: Text
    hosted_zone_id: Text | None = Field(
        default=None, description="The one zone that `identity` is for; omitted, cert-manager looks for it by name."
    )
    role_arn: Text | None = Field(
        default=None, description="An existing role that cert-manager's own identity may assume."
    )
    identity: AwsIdentity | None = Field(
        default=None,
        description="As `unseal.identity` of awskms. With `irsa` it is that of a ServiceAccount made for this issuer "
        "alone, with `podIdentity` that of cert-manager.",
    )


class CloudDnsIdentity(Part):
    """Who cert-manager is at Google; exactly one of projectNumber and serviceAccountEmail."""

    project_number: Text | None = Field(
        default=None, description="Direct principal of cert-manager's ServiceAccount: number of the pool's project."
    )
    workload_pool: Text | None = Field(default=None, description="Default `<project>.svc.id.goog`.")
    service_account_email: Text | None = Field(
        default=None, description="The Google service account that cert-manager acts as already."
    )
    role: Text | None = Field(
        default=None, description="Existing role to grant on the zone, `projects/…/roles/…`; omitted, one is created."
    )


class CloudDnsSolver(Part):
    """DNS-01 by Cloud DNS."""

    project: Text
    hosted_zone_name: Text | None = Field(
        default=None, description="The zone's name at Google; omitted, cert-manager looks for it in all of the project."
    )
    service_account_secret_ref: SecretName | None = None
    identity: CloudDnsIdentity | None = Field(
        default=None, description="What cert-manager acts as; it is granted the records of the zone."
    )


class CertManagerServiceAccount(Part):
    """The ServiceAccount of cert-manager's controller, which solves the challenges."""

    namespace: Text = "cert-manager"
    name: Text = "cert-manager"


class Http01Solver(Part):
    """HTTP-01 through an ingress class."""

    ingress_class_name: Text


class ExternalAccountBinding(Part):
    """An ACME account that the CA gave out beforehand."""

    key_id: Text
    mac_key_secret_ref: SecretName


class AcmeIssuer(Part):
    """cert-manager's ACME issuer."""

    server: Text
    email: Text | None = None
    preferred_chain: Text | None = None
    external_account_binding: ExternalAccountBinding | None = None
    http01: Http01Solver | None = None
    route53: Route53Solver | None = None
    cloud_dns: CloudDnsSolver | None = None
    cert_manager_service_account: CertManagerServiceAccount = Field(
        default_factory=CertManagerServiceAccount.defaults, description="Whom the identity of a DNS solver is for."
    )


class CaIssuer(Part):
    """cert-manager's CA issuer over an existing Secret (`tls.crt`, `tls.key`)."""

    secret_name: SecretName


class VaultIssuer(Part):
    """A PKI engine of another OpenBao or Vault."""

    server: Text
    path: Text
    ca_bundle: Text | None = None
    auth: dict[str, Any] = Field(default_factory=dict)


class PrivateCaIssuer(Part):
    """AWS Private CA or Google CAS by their external issuers."""

    kind: Literal["AWSPCAIssuer", "GoogleCASIssuer"]
    arn: Text | None = None
    region: Text | None = None
    project: Text | None = None
    location: Text | None = None
    ca_pool_id: Text | None = None


class CreateIssuer(Part):
    """An issuer that the component creates; exactly one."""

    acme: AcmeIssuer | None = None
    ca: CaIssuer | None = None
    vault: VaultIssuer | None = None
    private_ca: PrivateCaIssuer | None = None


class ExternalTls(Part):
    """A certificate that somebody else signs: an existing Secret, or cert-manager."""

    mode: Literal["External"]
    secret_name: SecretName | None = Field(default=None, description="Existing Secret: tls.crt, tls.key, ca.crt.")
    issuer_ref: IssuerRef | None = None
    issuer: CreateIssuer | None = None
    server_name: Text | None = Field(
        default=None, description="A name in every certificate, for joins and probes; default: the pods' own DNS names."
    )
    extra_sans: list[Text] = Field(default_factory=list)
    duration: Duration = "2160h"
    renew_before: Duration = "720h"


class SharedCache(Part):
    """A volume that all pods share (ReadWriteMany), needed when one name is answered by several pods."""

    claim_name: Text | None = Field(default=None, description="Existing claim; omitted, one is created.")
    storage_class_name: Text | None = None
    size: Text = "1Gi"


class AcmeTls(Part):
    """The server asks an ACME CA itself (TLS-ALPN-01)."""

    mode: Literal["ACME"]
    directory_url: Text
    domains: list[Text] = Field(
        default_factory=list, description="Names the server may answer; default: per-pod names."
    )
    email: Text | None = None
    ca_root_secret_ref: SecretName | None = Field(
        default=None,
        description="Secret with `ca.crt` (trust for the directory) and `issuer.crt` (root of what it issues).",
    )
    eab_key_id: Text | None = None
    eab_mac_key: Secret | None = None
    eab_secret_ref: SecretName | None = None
    key_type: Literal["ed25519", "p256", "p384", "rsa2048", "rsa4096", "rsa8192"] | None = None
    shared_cache: SharedCache | None = None


Tls = Annotated[OperatorManagedTls | ExternalTls | AcmeTls, Field(discriminator="mode")]
