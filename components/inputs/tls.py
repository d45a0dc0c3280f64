"""Arguments of the components, from profiles/specification (tls) by tools/component_inputs.py."""

from typing import Any, NotRequired, TypedDict

import pulumi

from components.inputs.identity import AwsIdentity


class IssuerRef(TypedDict):
    """An existing cert-manager issuer."""

    name: pulumi.Input[str]
    kind: NotRequired[pulumi.Input[str]]
    """Default: `Issuer`."""
    group: NotRequired[pulumi.Input[str]]
    """Default: `cert-manager.io`."""


class ExternalAccountBinding(TypedDict):
    """An ACME account that the CA gave out beforehand."""

    key_id: pulumi.Input[str]
    mac_key_secret_ref: pulumi.Input[str]


class Http01Solver(TypedDict):
    """HTTP-01 through an ingress class."""

    ingress_class_name: pulumi.Input[str]


class Route53Solver(TypedDict):
    """DNS-01 by Route 53."""

    region: pulumi.Input[str]
    hosted_zone_id: NotRequired[pulumi.Input[str]]
    """The one zone that `identity` is for; omitted, cert-manager looks for it by name."""
    role_arn: NotRequired[pulumi.Input[str]]
    """An existing role that cert-manager's own identity may assume."""
    identity: NotRequired[AwsIdentity]
    """As `unseal.identity` of awskms. With `irsa` it is that of a ServiceAccount made for this issuer alone, with
    `podIdentity` that of cert-manager.
    """


class CloudDnsIdentity(TypedDict):
    """Who cert-manager is at Google; exactly one of projectNumber and serviceAccountEmail."""

    project_number: NotRequired[pulumi.Input[str]]
    """Direct principal of cert-manager's ServiceAccount: number of the pool's project."""
    workload_pool: NotRequired[pulumi.Input[str]]
    """Default `<project>.svc.id.goog`."""
    service_account_email: NotRequired[pulumi.Input[str]]
    """The Google service account that cert-manager acts as already."""
    role: NotRequired[pulumi.Input[str]]
    """Existing role to grant on the zone, `projects/…/roles/…`; omitted, one is created."""


class CloudDnsSolver(TypedDict):
    """DNS-01 by Cloud DNS."""

    project: pulumi.Input[str]
    hosted_zone_name: NotRequired[pulumi.Input[str]]
    """The zone's name at Google; omitted, cert-manager looks for it in all of the project."""
    service_account_secret_ref: NotRequired[pulumi.Input[str]]
    identity: NotRequired[CloudDnsIdentity]
    """What cert-manager acts as; it is granted the records of the zone."""


class CertManagerServiceAccount(TypedDict):
    """The ServiceAccount of cert-manager's controller, which solves the challenges."""

    namespace: NotRequired[pulumi.Input[str]]
    """Default: `cert-manager`."""
    name: NotRequired[pulumi.Input[str]]
    """Default: `cert-manager`."""


class AcmeIssuer(TypedDict):
    """cert-manager's ACME issuer."""

    server: pulumi.Input[str]
    email: NotRequired[pulumi.Input[str]]
    preferred_chain: NotRequired[pulumi.Input[str]]
    external_account_binding: NotRequired[ExternalAccountBinding]
    http01: NotRequired[Http01Solver]
    route53: NotRequired[Route53Solver]
    cloud_dns: NotRequired[CloudDnsSolver]
    cert_manager_service_account: NotRequired[CertManagerServiceAccount]
    """Whom the identity of a DNS solver is for."""


class CaIssuer(TypedDict):
    """cert-manager's CA issuer over an existing Secret (`tls.crt`, `tls.key`)."""

    secret_name: pulumi.Input[str]


class VaultIssuer(TypedDict):
    """A PKI engine of another OpenBao or Vault."""

    server: pulumi.Input[str]
    path: pulumi.Input[str]
    ca_bundle: NotRequired[pulumi.Input[str]]
    auth: NotRequired[dict[str, pulumi.Input[Any]]]


class PrivateCaIssuer(TypedDict):
    """AWS Private CA or Google CAS by their external issuers."""

    kind: str
    """One of `AWSPCAIssuer`, `GoogleCASIssuer`."""
    arn: NotRequired[pulumi.Input[str]]
    region: NotRequired[pulumi.Input[str]]
    project: NotRequired[pulumi.Input[str]]
    location: NotRequired[pulumi.Input[str]]
    ca_pool_id: NotRequired[pulumi.Input[str]]


class CreateIssuer(TypedDict):
    """An issuer that the component creates; exactly one."""

    acme: NotRequired[AcmeIssuer]
    ca: NotRequired[CaIssuer]
    vault: NotRequired[VaultIssuer]
    private_ca: NotRequired[PrivateCaIssuer]


class SharedCache(TypedDict):
    """A volume that all pods share (ReadWriteMany), needed when one name is answered by several pods."""

    claim_name: NotRequired[pulumi.Input[str]]
    """Existing claim; omitted, one is created."""
    storage_class_name: NotRequired[pulumi.Input[str]]
    size: NotRequired[pulumi.Input[str]]
    """Default: `1Gi`."""


class Tls(TypedDict):
    """The block `tls`, by its `mode`. `OperatorManaged`: Certificates from a CA that the component makes and keeps.
    Development only. `External`: A certificate that somebody else signs: an existing Secret, or cert-manager.
    `ACME`: The server asks an ACME CA itself (TLS-ALPN-01).
    """

    mode: str
    """One of `OperatorManaged`, `External`, `ACME`."""
    cert_manager: NotRequired[bool]
    """For `OperatorManaged`. Let cert-manager issue from a self-signed CA instead. Default: `false`."""
    extra_sans: NotRequired[list[pulumi.Input[str]]]
    """For all but `ACME`. More DNS names or IP addresses in the certificate."""
    rotation_period: NotRequired[str]
    """For `OperatorManaged`. How long before its end the server certificate is renewed by the next `up`. Default:
    `720h`.
    """
    secret_name: NotRequired[pulumi.Input[str]]
    """For `External`. Existing Secret: tls.crt, tls.key, ca.crt."""
    issuer_ref: NotRequired[IssuerRef]
    """For `External`."""
    issuer: NotRequired[CreateIssuer]
    """For `External`."""
    server_name: NotRequired[pulumi.Input[str]]
    """For `External`. A name in every certificate, for joins and probes; default: the pods' own DNS names."""
    duration: NotRequired[pulumi.Input[str]]
    """For `External`. Default: `2160h`."""
    renew_before: NotRequired[pulumi.Input[str]]
    """For `External`. Default: `720h`."""
    directory_url: NotRequired[pulumi.Input[str]]
    """For `ACME` (required)."""
    domains: NotRequired[list[pulumi.Input[str]]]
    """For `ACME`. Names the server may answer; default: per-pod names."""
    email: NotRequired[pulumi.Input[str]]
    """For `ACME`."""
    ca_root_secret_ref: NotRequired[pulumi.Input[str]]
    """For `ACME`. Secret with `ca.crt` (trust for the directory) and `issuer.crt` (root of what it issues)."""
    eab_key_id: NotRequired[pulumi.Input[str]]
    """For `ACME`."""
    eab_mac_key: NotRequired[pulumi.Input[str]]
    """For `ACME`."""
    eab_secret_ref: NotRequired[pulumi.Input[str]]
    """For `ACME`."""
    key_type: NotRequired[str]
    """For `ACME`. One of `ed25519`, `p256`, `p384`, `rsa2048`, `rsa4096`, `rsa8192`."""
    shared_cache: NotRequired[SharedCache]
    """For `ACME`."""
