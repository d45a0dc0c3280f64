"""Who may use the seal's key, and how the pods prove that they are it."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.rules.rule import Breach, Case, each, rule
from profiles.specification.unseal import (
    AwsIdentity,
    AwsKmsUnseal,
    CreateAwsKey,
    CreateGcpKey,
    GcpCkmsUnseal,
    GcpIdentity,
)


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


def _created(case: Case) -> CreateAwsKey | CreateGcpKey | None:
    unseal = case.spec.unseal
    return unseal.create_key if isinstance(unseal, AwsKmsUnseal | GcpCkmsUnseal) else None


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


_DAY = 86400
_EVERYBODY = frozenset({"*", "allUsers", "allAuthenticatedUsers"})


@rule(
    "openbao.unseal.created-key-everybody",
    "A created key is not everybody's",
    since="ours",
    fields=("unseal.createKey",),
    reason="Whoever has an account with this cloud could use or delete the key that opens the data.",
    way_out="Name the principals one by one.",
    when=lambda case: _created(case) is not None,
)
def created_key_everybody(case: Case) -> Iterator[Breach]:
    key = _created(case)
    named = [] if key is None else [(f"unseal.createKey.users[{at}]", one) for at, one in enumerate(key.users)]
    if isinstance(key, CreateAwsKey):
        named += [(f"unseal.createKey.administrators[{at}]", one) for at, one in enumerate(key.administrators)]

    def look(_: int, item: tuple[str, str]) -> Iterator[Breach]:
        path, principal = item
        if str(principal) in _EVERYBODY or str(principal).endswith(":*"):
            yield Breach(path)

    yield from each(named, look)


@rule(
    "openbao.unseal.created-key-settings",
    "A created key is one that its cloud makes",
    since="ours",
    fields=("unseal.createKey",),
    reason="The cloud refuses this setting in the middle of the first update.",
    way_out="Correct it, or remove it: the default is allowed.",
    when=lambda case: _created(case) is not None,
)
def created_key_settings(case: Case) -> Iterator[Breach]:
    match _created(case):
        case CreateAwsKey() as aws:
            if aws.alias is not None and not re.fullmatch(r"alias/(?!aws/)[A-Za-z0-9/_-]+", str(aws.alias)):
                yield Breach("unseal.createKey.alias", way_out="Write it like `alias/openbao`, not below `alias/aws/`.")
            if aws.account_id is not None and not re.fullmatch(r"[0-9]{12}", str(aws.account_id)):
                yield Breach("unseal.createKey.accountId", way_out="Write the 12 digits of the account, in quotes.")
        case CreateGcpKey() as gcp:
            for at, user in enumerate(gcp.users):
                if ":" not in user and user not in _EVERYBODY:
                    yield Breach(f"unseal.createKey.users[{at}]", way_out="Write it like `serviceAccount:<email>`.")
            if _seconds(gcp.rotation_period) < _DAY:
                yield Breach("unseal.createKey.rotationPeriod", way_out="Write a day (`86400s`) or more.")
            if not _DAY <= _seconds(gcp.destroy_scheduled_duration) <= 120 * _DAY:
                way_out = "Write between a day (`86400s`) and 120 days (`10368000s`)."
                yield Breach("unseal.createKey.destroyScheduledDuration", way_out=way_out)


def _seconds(text: str) -> int:
    return int(text.removesuffix("s"))
