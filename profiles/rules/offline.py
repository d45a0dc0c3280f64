"""What no specification can show: each is a warning that says exactly what to check."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from profiles.layout import created_key
from profiles.rules.rule import Breach, Case, rule
from profiles.specification.unseal import (
    AwsKmsUnseal,
    AzureKeyVaultUnseal,
    GcpCkmsUnseal,
    StaticUnseal,
    TransitUnseal,
)

_KEY_CHECKS = {
    "transit": "The token may only update <mount>/encrypt/<key> and <mount>/decrypt/<key>; it is orphan and periodic.",
    "awskms": "`aws kms get-key-policy --key-id <key> --policy-name default`: only the cluster's role may use the key.",
    "gcpckms": "`gcloud kms keys get-iam-policy <key>`: only the cluster's identity has cryptoKeyEncrypterDecrypter.",
    "azurekeyvault": "`az role assignment list --scope <key>`: only the cluster's identity has get, wrapKey and "
    "unwrapKey.",
    "ocikms": "Only the cluster's principal may `use keys` with this key, and deletion is not scheduled.",
    "kmip": "Only the cluster's client certificate may use the key, and the key is active without an end date.",
    "pkcs11": "The key is not extractable, is backed up on a second HSM, and the PIN's Secret has few readers.",
    "kms": "Only the cluster may use the key, and nobody can delete it alone.",
}


@rule(
    "contract.etcd-encryption",
    "Secrets are encrypted in etcd",
    since="S",
    fields=("unseal", "tls"),
    reason="Certificates, credentials and generated passwords lie in Kubernetes Secrets; whether etcd encrypts them "
    "cannot be seen.",
    way_out="Check the API server's EncryptionConfiguration, or the managed cluster's envelope encryption "
    "(`aws eks describe-cluster --query cluster.encryptionConfig`; GKE: databaseEncryption).",
    advice=True,
)
def etcd_encryption(_: Case) -> Iterator[Breach]:
    yield Breach("")


@rule(
    "contract.key-policy",
    "Only the cluster may use its key",
    since="ours",
    fields=("unseal.type",),
    reason="Who else may use or delete the seal's key cannot be seen from here; whoever deletes it deletes the data.",
    way_out="Check the key's policy.",
    advice=True,
    when=lambda case: case.spec.unseal is not None and not isinstance(case.spec.unseal, StaticUnseal),
)
def key_policy(case: Case) -> Iterator[Breach]:
    kind = case.spec.unseal.type if case.spec.unseal is not None else ""
    yield Breach("unseal", way_out=f"Check: {_KEY_CHECKS[kind]}")


@rule(
    "contract.snapshots",
    "Somebody takes snapshots",
    since="ours",
    scope="Hardened",
    fields=("backup",),
    reason="No backup Job is built yet, so nothing here takes snapshots.",
    way_out="Run `bao operator raft snapshot save` on a schedule, keep the seal's key as long as the files, rehearse "
    "a restore.",
    advice=True,
    when=lambda case: case.spec.profile == "Hardened",
)
def snapshots(_: Case) -> Iterator[Breach]:
    yield Breach("backup")


@rule(
    "openbao.stack-secrets-provider",
    "The stack does not lock its own key in",
    since="ours",
    fields=("unseal",),
    reason="The stack's secrets are encrypted with the key that this stack creates or unseals with: losing one loses "
    "both.",
    way_out="Use another key for the stack: `pulumi stack change-secrets-provider`.",
    when=lambda case: case.context.stack_secrets_provider is not None,
)
def own_secrets_provider(case: Case) -> Iterator[Breach]:
    provider = case.context.stack_secrets_provider
    if provider is not None and _is_seal_key(case, provider):
        yield Breach("unseal")


def _is_seal_key(case: Case, provider: str) -> bool:
    scheme, _, rest = provider.partition("://")
    key = unquote(rest.split("?", 1)[0]).strip("/")
    match case.spec.unseal:
        case AwsKmsUnseal() as aws if scheme == "awskms":
            alias = aws.create_key.alias if aws.create_key is not None else None
            made = alias if alias is not None else f"alias/{created_key(case.spec.name)}"
            own = made if aws.create_key is not None else aws.kms_key_id
            return own is not None and _last(str(own)) == _last(key)
        case GcpCkmsUnseal() as gcp if scheme == "gcpkms":
            source = gcp if gcp.create_key is None else gcp.create_key
            ring, name = (
                _last(str(given or created_key(case.spec.name))) for given in (source.key_ring, source.crypto_key)
            )
            return key.endswith(f"keyRings/{ring}/cryptoKeys/{name}")
        case AzureKeyVaultUnseal() as azure if scheme == "azurekeyvault":
            vault, _, path = key.partition("/")
            return vault.split(".")[0] == str(azure.vault_name).lower() and path.split("/")[:2] == [
                "keys",
                str(azure.key_name),
            ]
        case TransitUnseal() as transit if scheme == "hashivault":
            return key == str(transit.key_name)
        case _:
            return False


def _last(key: str) -> str:
    """The id or alias of a key, without the ARN or path in front of it."""
    return re.split(r"[/:]", key)[-1]
