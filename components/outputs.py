"""What a program composes with, and what a reader of `pulumi up` must know."""

from collections.abc import Sequence
from typing import Any

import pulumi

from components.arguments import Accepted
from components.instructions import instructions
from components.kubernetes.metadata import SECURITY_RISK_TEXT
from components.tls import Certificates
from components.tls.trust import left_by_cert_manager
from components.unseal import TrustRoot
from profiles.layout import API_PORT, Names
from profiles.rendering import shared_server_name
from profiles.report import Report
from profiles.specification import Specification
from profiles.specification.unseal import AwsKmsUnseal, GcpCkmsUnseal


class ClusterOutputs:
    """Outputs of both profiles; each resolves only after the cluster was proven."""

    address: pulumi.Output[str]
    """URL of the Service over all ready pods, inside the Kubernetes cluster."""

    active_address: pulumi.Output[str]
    """URL of the Service over the leader only."""

    ca_certificate: pulumi.Output[str]
    """PEM that clients verify with; empty where a public or external CA signs."""

    namespace: pulumi.Output[str]
    """Namespace of every object."""

    service_account: pulumi.Output[str]
    """Name of the pods' ServiceAccount."""

    services: pulumi.Output[dict[str, str]]
    """Names of the Services: `headless`, `active`, `public`."""

    login_secrets: pulumi.Output[list[str]]
    """Names of the Secrets with generated logins (keys `username`, `password`) or the root token (key `token`)."""

    certificate_expires: pulumi.Output[str]
    """When the server certificate ends (RFC 3339); empty where only the server knows (ACME, an unreadable Secret)."""

    server_name: pulumi.Output[str]
    """The name to verify the server by (`BAO_TLS_SERVER_NAME`); empty where it is the host of the address."""

    key_id: pulumi.Output[str]
    """Id of the key that opens the barrier."""

    identity: pulumi.Output[str]
    """Role or principal that the pods act as at the cloud; empty where there is none."""

    contract_report: pulumi.Output[dict[str, Any]]
    """Every rule of the contract with its state, evidence and reason."""

    production_ready: pulumi.Output[bool]
    """Whether the contract calls this cluster fit for production."""

    security_risk: pulumi.Output[str]
    """Why this cluster is a security risk; empty if it is none."""

    instructions: pulumi.Output[str]
    """Commands to reach the cluster, to log in and to open the UI."""

    retained: pulumi.Output[list[str]]
    """What `pulumi destroy` deliberately leaves behind."""

    def publish(
        self, accepted: Accepted, root: TrustRoot, certs: Certificates, after: Sequence[pulumi.Resource]
    ) -> None:
        """Assign and register all outputs; `after` is what they must not be believed without."""
        assert isinstance(self, pulumi.ComponentResource)  # noqa: S101 - a mix-in of components only
        name = self.pulumi_resource_name
        done = pulumi.Output.all(*[resource.urn for resource in after])
        known = pulumi.Output.all(accepted.resolved, done).apply(lambda both: Names.of(both[0]))
        report = pulumi.Output.all(accepted.report, done).apply(lambda both: both[0])
        self.address = known.apply(lambda names: f"https://{names.service_dns(names.public_service)}:{API_PORT}")
        self.active_address = known.apply(lambda names: f"https://{names.service_dns(names.active_service)}:{API_PORT}")
        self.ca_certificate = pulumi.Output.from_input(certs.ca).apply(lambda pem: pem or "")
        self.namespace = known.apply(lambda names: names.namespace)
        self.service_account = known.apply(lambda names: names.service_account)
        self.services = known.apply(
            lambda names: {
                "headless": names.headless_service,
                "active": names.active_service,
                "public": names.public_service,
            }
        )
        self.login_secrets = accepted.resolved.apply(_login_secrets)
        self.certificate_expires = pulumi.Output.from_input(certs.expires or "").apply(lambda end: end or "")
        self.server_name = accepted.resolved.apply(lambda known: shared_server_name(known) or "")
        self.key_id = pulumi.Output.from_input(root.outputs.get("key_id", ""))
        self.identity = pulumi.Output.from_input(root.outputs.get("identity", ""))
        self.report = report
        self.contract_report = report.apply(lambda found: found.as_dict())
        self.production_ready = report.apply(lambda found: found.production_ready)
        self.security_risk = report.apply(lambda found: found.security_risk_reason if found.security_risk else "")
        self.instructions = pulumi.Output.all(accepted.resolved, done).apply(lambda both: instructions(both[0]))
        self.retained = accepted.resolved.apply(lambda known: retained(known, name))
        self.register_outputs({name: getattr(self, name) for name in OUTPUTS})


OUTPUTS = tuple(ClusterOutputs.__annotations__)
"""Names of all outputs."""


def _login_secrets(specification: Specification) -> list[str]:
    names = Names.of(specification)
    if specification.bootstrap == "operatorInit":
        return [names.child("root-token")]
    access = specification.self_init
    if specification.bootstrap == "manual" or access is None or access.userpass is None:
        return []
    return [user.password_secret_ref or names.login_secret(user.username) for user in access.userpass.users]


def _created_keys(specification: Specification, resource: str) -> list[str]:
    """Keys at a cloud, by Pulumi's names: they stay whatever the deletion policy says, since backups may need them."""
    unseal = specification.unseal
    if not isinstance(unseal, AwsKmsUnseal | GcpCkmsUnseal) or unseal.create_key is None:
        return []
    own = f"{resource}-seal"
    if isinstance(unseal, GcpCkmsUnseal):
        return [*([f"gcp.kms.KeyRing/{own}"] if unseal.create_key.key_ring is None else []), f"gcp.kms.CryptoKey/{own}"]
    role = unseal.identity and (unseal.identity.pod_identity or unseal.identity.irsa)
    made_role = [f"aws.iam.Role/{own}"] if role and role.role_arn is None else []
    return [f"aws.kms.Key/{own}", f"aws.kms.Alias/{own}", *made_role]


def retained(specification: Specification, resource: str) -> list[str]:
    """What outlives `pulumi destroy`, by kind and name. resource: the component's name."""
    if specification.deletion_policy != "Retain":
        gone = specification.namespace.create
        return [*_created_keys(specification, resource), *([] if gone else _issued(specification))]
    names = Names.of(specification)
    kept = [f"PersistentVolumeClaim/data-{pod}" for pod in names.pods]
    if specification.namespace.create:
        kept.append(f"Namespace/{names.namespace}")
    if specification.unseal is not None and specification.unseal.type == "static":
        kept.append(f"Secret/{names.child('unseal-key')}")
    if specification.bootstrap == "selfInit":
        kept.append(f"ConfigMap/{names.child('bootstrap-proven')}")
    kept += [*_created_keys(specification, resource), *_issued(specification)]
    return [*kept, *(f"Secret/{name}" for name in _login_secrets(specification))]


def _issued(specification: Specification) -> list[str]:
    return [f"Secret/{name}" for name in left_by_cert_manager(specification)]


def warn(cluster: pulumi.Resource, accepted: Accepted) -> None:
    """Say in every preview and every update what a reader must not overlook."""
    specification = accepted.specification
    if specification.profile == "Development":
        pulumi.log.warn(f'SECURITY RISK: "{specification.name}": {SECURITY_RISK_TEXT}.', cluster)

    log = pulumi.log.info if specification.profile == "Development" else pulumi.log.warn

    def say(report: Report) -> None:
        for finding in report.warnings:
            log(str(finding.as_problem()), cluster)

    accepted.report.apply(say)
