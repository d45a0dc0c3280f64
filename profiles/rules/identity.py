"""Who may use the seal's key, and how the pods prove that they are it."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Iterator

from profiles.rules.rule import Breach, Case, rule
from profiles.specification.unseal import AwsIdentity, AwsKmsUnseal, GcpCkmsUnseal, GcpIdentity


def _identity(case: Case) -> AwsIdentity | GcpIdentity | None:
    return case.spec.unseal.identity if isinstance(case.spec.unseal, AwsKmsUnseal | GcpCkmsUnseal) else None


@rule(
    "openbao.unseal.created-key-user",
    "A created key has a user",
    since="ours",
    fields=("unseal.createKey", "unseal.identity"),
    reason="A key that is created here may be used by those who are named, and nobody is: the pods could not start.",
    way_out="Set unseal.identity, or name in unseal.createKey.users whom the credentials belong to.",
    when=lambda case: (
        isinstance(case.spec.unseal, AwsKmsUnseal | GcpCkmsUnseal) and case.spec.unseal.create_key is not None
    ),
)
def created_key_user(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, AwsKmsUnseal | GcpCkmsUnseal) or unseal.create_key is None:
        return
    if unseal.identity is None and not unseal.create_key.users:
        yield Breach("unseal.createKey")


@rule(
    "openbao.unseal.identity-complete",
    "The identity says who it is",
    since="ours",
    fields=("unseal.identity",),
    reason="From what is given nobody can tell which role or principal the pods are.",
    way_out="Name it, or what it is to be made from.",
    when=lambda case: _identity(case) is not None,
)
def identity_complete(case: Case) -> Iterator[Breach]:
    match _identity(case):
        case AwsIdentity() as aws:
            yield from _aws(aws)
        case GcpIdentity() as gcp:
            yield from _gcp(gcp)


def _aws(identity: AwsIdentity) -> Iterator[Breach]:
    if identity.pod_identity is None and identity.irsa is None:
        yield Breach("unseal.identity", way_out="Set unseal.identity.podIdentity.clusterName, or unseal.identity.irsa.")
    irsa = identity.irsa
    if irsa is not None and irsa.role_arn is None and irsa.oidc_provider_arn is None and irsa.oidc_provider_url is None:
        way_out = "Set oidcProviderArn (`aws iam list-open-id-connect-providers`), or the roleArn of an existing role."
        yield Breach("unseal.identity.irsa", "A role for IRSA trusts the Kubernetes cluster's OIDC provider.", way_out)


def _gcp(identity: GcpIdentity) -> Iterator[Breach]:
    existing = identity.service_account_email is not None
    if identity.project_number is None and not existing and not identity.create_service_account:
        way_out = (
            "Set projectNumber (`gcloud projects describe <project>`), serviceAccountEmail or createServiceAccount."
        )
        yield Breach("unseal.identity", way_out=way_out)
    if existing and identity.create_service_account:
        reason = "A service account either exists or is created."
        yield Breach("unseal.identity.createServiceAccount", reason, "Keep one of the two.")
