"""Who may use the seal's key, and how the pods prove that they are it."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from profiles.rules.rule import Breach, Case, each, rule
from profiles.specification.identity import AwsIdentity, GcpIdentity
from profiles.specification.unseal import AwsKmsUnseal, AzureKeyVaultUnseal, GcpCkmsUnseal

_AWS_ACCOUNT = r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}"
_AWS_USER = rf"{_AWS_ACCOUNT}:(role|user|assumed-role|federated-user)/[^*?\s]+"
AWS_ROLE = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[^*?\s]+"
ROLE = "arn:aws:iam::111122223333:role/openbao"
_AWS_PROVIDER = r"arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[^*?\s]+"
AWS_REGION = r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"
_ALIAS = r"alias/(?!aws/)[A-Za-z0-9/_-]{1,250}"
_KEY_ARN = rf"arn:aws[a-z-]*:kms:(?P<region>{AWS_REGION}):[0-9]{{12}}:(key/[A-Za-z0-9-]+|{_ALIAS})"
# Not principalSet and domain, which are everybody of a pool or a company; allUsers is everybody.
_GOOGLE_USER = r"(user|group|serviceAccount):[^*\s:]+@[^*\s]+|serviceAccount:[^*\s]+\[[^*\s]+\]|principal://[^*\s]+"


_PROJECT = r"[a-z][-a-z0-9.:]*"
_KEY = r"[A-Za-z0-9_-]{1,63}"
_IDENTITY = "unseal.identity"


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


@dataclass(frozen=True)
class Spelled:
    """A value that has to look like `pattern`, as `example` does."""

    path: str
    value: str | None
    pattern: str
    example: str


def misspelled(values: list[Spelled], way_out: str) -> Iterator[Breach]:
    """A breach for every value that looks otherwise; `way_out`: what to do with the example, as in "Write it like"."""

    def look(_: int, one: Spelled) -> Iterator[Breach]:
        if one.value is not None and not re.fullmatch(one.pattern, str(one.value)):
            yield Breach(one.path, way_out=f"{way_out} `{one.example}`.")

    return each(values, look)


@rule(
    "openbao.unseal.created-key-principals",
    "Who uses a created key is named one by one",
    since="ours",
    fields=("unseal.createKey.users", "unseal.createKey.administrators"),
    reason="This is no single principal; who is allowed by a pattern or a whole account could open the cluster unseen.",
    way_out="Name a single principal.",
    when=lambda case: (
        isinstance(case.spec.unseal, AwsKmsUnseal | GcpCkmsUnseal) and case.spec.unseal.create_key is not None
    ),
)
def created_key_principals(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, AwsKmsUnseal | GcpCkmsUnseal) or unseal.create_key is None:
        return
    if isinstance(unseal, GcpCkmsUnseal):
        named, pattern, example = [], _GOOGLE_USER, "serviceAccount:openbao@project.iam.gserviceaccount.com"
    else:
        named, pattern, example = unseal.create_key.administrators, _AWS_USER, "arn:aws:iam::111122223333:role/openbao"
    # Who administers cannot use, so a whole account may.
    values = [
        Spelled(f"unseal.createKey.administrators[{index}]", name, rf"{pattern}|{_AWS_ACCOUNT}:root", example)
        for index, name in enumerate(named)
    ]
    values += [
        Spelled(f"unseal.createKey.users[{index}]", name, pattern, example)
        for index, name in enumerate(unseal.create_key.users)
    ]
    yield from misspelled(values, "Name a single principal, as in")


@rule(
    "openbao.unseal.aws-names",
    "What is named at AWS can be there",
    since="ours",
    fields=(
        "unseal.region",
        "unseal.kmsKeyId",
        "unseal.createKey.alias",
        "unseal.createKey.accountId",
        "unseal.identity",
    ),
    reason="AWS spells this otherwise: it would be refused in the middle of the update, or mean more than one thing.",
    way_out="Write it as AWS does.",
    when=lambda case: isinstance(case.spec.unseal, AwsKmsUnseal),
)
def aws_names(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, AwsKmsUnseal):
        return
    key, identity = unseal.create_key, unseal.identity
    arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    values = [
        Spelled("unseal.region", unseal.region, AWS_REGION, "eu-central-1"),
        Spelled("unseal.kmsKeyId", unseal.kms_key_id, rf"[A-Za-z0-9-]+|{_ALIAS}|{_KEY_ARN}", arn),
    ]
    if key is not None:
        values += [
            Spelled("unseal.createKey.alias", key.alias, _ALIAS, "alias/openbao"),
            Spelled("unseal.createKey.accountId", key.account_id, r"[0-9]{12}", "111122223333"),
        ]
    values += spelled_at_aws(identity, "unseal.identity") if identity is not None else []
    yield from misspelled(values, "Write it like")


@rule(
    "openbao.unseal.key-region",
    "The key is in the seal's region",
    since="ours",
    fields=("unseal.kmsKeyId", "unseal.region"),
    reason="The seal asks KMS in unseal.region, and KMS knows the keys of its own region only: no pod could start.",
    way_out="Set unseal.region to the region in the key's ARN.",
    when=lambda case: isinstance(case.spec.unseal, AwsKmsUnseal) and case.spec.unseal.kms_key_id is not None,
)
def key_region(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    named = re.fullmatch(_KEY_ARN, str(unseal.kms_key_id)) if isinstance(unseal, AwsKmsUnseal) else None
    if isinstance(unseal, AwsKmsUnseal) and named is not None and named["region"] != str(unseal.region):
        yield Breach("unseal.kmsKeyId")


@rule(
    "openbao.unseal.google-names",
    "What is named at Google can be there",
    since="ours",
    fields=("unseal.project", "unseal.region", "unseal.keyRing", "unseal.cryptoKey", "unseal.createKey", _IDENTITY),
    reason="Google spells this otherwise: it would be refused in the middle of the update, or no pod could start.",
    way_out="Write it as Google does.",
    when=lambda case: isinstance(case.spec.unseal, GcpCkmsUnseal),
)
def google_names(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, GcpCkmsUnseal):
        return
    values = [
        Spelled("unseal.project", unseal.project, _PROJECT, "my-project"),
        Spelled("unseal.region", unseal.region, r"[a-z][a-z0-9-]*", "europe-west3"),
        # By name only: the seal builds the full name from project and region.
        Spelled("unseal.keyRing", unseal.key_ring, _KEY, "openbao"),
        Spelled("unseal.cryptoKey", unseal.crypto_key, _KEY, "openbao"),
    ]
    if unseal.create_key is not None:
        ring = rf"{_KEY}|projects/{_PROJECT}/locations/[a-z][a-z0-9-]*/keyRings/{_KEY}"
        example = "projects/my-project/locations/europe-west3/keyRings/openbao"
        values += [
            Spelled("unseal.createKey.keyRing", unseal.create_key.key_ring, ring, example),
            Spelled("unseal.createKey.cryptoKey", unseal.create_key.crypto_key, _KEY, "openbao"),
        ]
    if unseal.identity is not None:
        number, pool = unseal.identity.project_number, unseal.identity.workload_pool
        values += spelled_at_google(_IDENTITY, number, pool, unseal.identity.service_account_email)
    yield from misspelled(values, "Write it like")


@rule(
    "openbao.unseal.azure-names",
    "What is named at Azure can be there",
    since="ours",
    fields=("unseal.vaultName", "unseal.keyName", "unseal.authMethod"),
    reason="Azure or OpenBao spells this otherwise, and no pod could start; a vault's name becomes a host's.",
    way_out="Write it as Azure does.",
    when=lambda case: isinstance(case.spec.unseal, AzureKeyVaultUnseal),
)
def azure_names(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, AzureKeyVaultUnseal):
        return
    values = [
        Spelled("unseal.vaultName", unseal.vault_name, r"[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]", "openbao-vault"),
        Spelled("unseal.keyName", unseal.key_name, r"[A-Za-z0-9-]{1,127}", "openbao"),
        Spelled("unseal.authMethod", unseal.auth_method, r"[a-z]+(_[a-z]+)*", "workload_identity"),
    ]
    yield from misspelled(values, "Write it like")


def spelled_at_google(at: str, number: str | None, pool: str | None, email: str | None) -> list[Spelled]:
    """What an identity names at Google. at: its field."""
    return [
        Spelled(f"{at}.projectNumber", number, r"[0-9]{1,20}", "123456789012"),
        Spelled(f"{at}.workloadPool", pool, rf"{_PROJECT}\.svc\.id\.goog", "my-project.svc.id.goog"),
        Spelled(f"{at}.serviceAccountEmail", email, r"[^@:*\s]+@[^@:*\s]+", "bao@my-project.iam.gserviceaccount.com"),
    ]


def spelled_at_aws(identity: AwsIdentity, at: str) -> list[Spelled]:
    """What an identity names at AWS. at: its field."""
    pod_identity, irsa = identity.pod_identity, identity.irsa
    values = []
    if pod_identity is not None:
        values.append(Spelled(f"{at}.podIdentity.roleArn", pod_identity.role_arn, AWS_ROLE, ROLE))
    if irsa is not None:
        issuer = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
        arn, url = f"arn:aws:iam::111122223333:oidc-provider/{issuer}", f"https://{issuer}"
        values += [
            Spelled(f"{at}.irsa.roleArn", irsa.role_arn, AWS_ROLE, ROLE),
            Spelled(f"{at}.irsa.oidcProviderArn", irsa.oidc_provider_arn, _AWS_PROVIDER, arn),
            Spelled(f"{at}.irsa.oidcProviderUrl", irsa.oidc_provider_url, r"https://[^*?\s]+", url),
        ]
    return values


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
            yield from incomplete_at_aws(aws, "unseal.identity")
        case GcpIdentity() as gcp:
            yield from _gcp(gcp)


def incomplete_at_aws(identity: AwsIdentity, at: str) -> Iterator[Breach]:
    """What is missing to know or to make a role. at: the identity's field."""
    if identity.pod_identity is None and identity.irsa is None:
        yield Breach(at, way_out=f"Set {at}.podIdentity.clusterName, or {at}.irsa.")
    irsa = identity.irsa
    if irsa is not None and irsa.role_arn is None and irsa.oidc_provider_arn is None and irsa.oidc_provider_url is None:
        way_out = "Set oidcProviderArn (`aws iam list-open-id-connect-providers`), or the roleArn of an existing role."
        yield Breach(f"{at}.irsa", "A role for IRSA trusts the Kubernetes cluster's OIDC provider.", way_out)


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


@rule(
    "openbao.unseal.created-key-periods",
    "A created key has periods that Google allows",
    since="ours",
    fields=("unseal.createKey.rotationPeriod", "unseal.createKey.destroyScheduledDuration"),
    reason="Google refuses this period in the middle of the first update.",
    way_out="Correct it, or remove it: the default is allowed.",
    when=lambda case: isinstance(case.spec.unseal, GcpCkmsUnseal) and case.spec.unseal.create_key is not None,
)
def created_key_periods(case: Case) -> Iterator[Breach]:
    unseal = case.spec.unseal
    if not isinstance(unseal, GcpCkmsUnseal) or unseal.create_key is None:
        return
    if _seconds(unseal.create_key.rotation_period) < _DAY:
        yield Breach("unseal.createKey.rotationPeriod", way_out="Write a day (`86400s`) or more.")
    if not _DAY <= _seconds(unseal.create_key.destroy_scheduled_duration) <= 120 * _DAY:
        way_out = "Write between a day (`86400s`) and 120 days (`10368000s`)."
        yield Breach("unseal.createKey.destroyScheduledDuration", way_out=way_out)


def _seconds(text: str) -> int:
    return int(text.removesuffix("s"))
