"""Who opens the barrier: the `seal` stanza, and what it needs inside the pod.

No credential stands in a stanza. What a seal needs comes from one Secret, as environment or as files below
`layout.SEAL_CREDENTIALS_DIR`; its keys are listed per seal in docs/trust-roots.md. Values are strings, as all seal
options are (https://openbao.org/docs/configuration/seal/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from profiles import layout
from profiles.layout import Names
from profiles.rendering.text import Stanza, known, reveal, without_empty
from profiles.specification import Specification
from profiles.specification.unseal import (
    AwsKmsUnseal,
    AzureKeyVaultUnseal,
    GcpCkmsUnseal,
    GenericKmsUnseal,
    KmipUnseal,
    OciKmsUnseal,
    Pkcs11Unseal,
    StaticUnseal,
    TransitUnseal,
)

CREDENTIALS = layout.SEAL_CREDENTIALS_DIR


@dataclass(frozen=True)
class SecretKey:
    """One key of one Secret; an optional one may be missing."""

    secret_name: str
    key: str
    optional: bool = False


@dataclass(frozen=True)
class SecretMount:
    """A Secret as a folder: `files` maps file names to keys; None means every key under its own name."""

    secret_name: str
    directory: str
    files: Mapping[str, str] | None = None


@dataclass(frozen=True)
class SealNeeds:
    """What the server's container must be given for its seal, besides the network."""

    environment: Mapping[str, str] = field(default_factory=dict)
    environment_from_secret: Mapping[str, SecretKey] = field(default_factory=dict)
    mounts: tuple[SecretMount, ...] = ()


def seal_stanza(specification: Specification) -> list[Stanza]:
    """The `seal` stanza; it holds no secret unless `seal_is_secret`.

    A list of one labelled object: seals have no `type` form, and without the list a plugin's name is warned about.
    """
    unseal = specification.unseal or StaticUnseal()
    match unseal:
        case StaticUnseal():
            options = _static(unseal)
        case TransitUnseal():
            options = _transit(specification, unseal)
        case AwsKmsUnseal():
            options = _awskms(unseal)
        case GcpCkmsUnseal():
            options = _gcpckms(unseal)
        case AzureKeyVaultUnseal():
            options = _azurekeyvault(unseal)
        case OciKmsUnseal():
            options = _ocikms(unseal)
        case KmipUnseal():
            options = _kmip(unseal)
        case Pkcs11Unseal():
            options = _pkcs11(unseal)
        case GenericKmsUnseal():
            options = {key: reveal(value, f"unseal.config.{key}") for key, value in unseal.config.items()}
            return [{unseal.name: options}]
    return [{unseal.type: {key: _text(value) for key, value in without_empty(options).items()}}]


def seal_is_secret(specification: Specification) -> bool:
    """Whether the stanza itself holds secrets: options of a plugin that we do not know may be anything."""
    return isinstance(specification.unseal, GenericKmsUnseal)


def seal_needs(specification: Specification) -> SealNeeds:
    """Environment and mounts of the server's container. Raises `NotKnownYet` for an unknown Secret name."""
    unseal = specification.unseal or StaticUnseal()
    if isinstance(unseal, StaticUnseal):
        return SealNeeds(mounts=_static_mounts(specification, unseal))
    secret = _credentials_secret(specification)
    if secret is None:
        return SealNeeds()
    from_secret = {
        variable: SecretKey(secret, key, optional)
        for variable, (key, optional) in _ENVIRONMENT.get(unseal.type, {}).items()
    }
    mounted = unseal.type not in _ENVIRONMENT
    return SealNeeds(
        environment=_POINTERS.get(unseal.type, {}),
        environment_from_secret=from_secret,
        mounts=(SecretMount(secret, CREDENTIALS),) if mounted else (),
    )


def inline_seal_secret(specification: Specification) -> dict[str, str] | None:
    """Content of the Secret `<name>-seal-creds` that carries inline credentials; None when there are none.

    Inline credentials are a Development convenience; an explicit `credentialsSecretRef` wins over them.
    """
    unseal = specification.unseal
    if unseal is None or isinstance(unseal, StaticUnseal) or unseal.credentials_secret_ref is not None:
        return None
    match unseal:
        case TransitUnseal():
            inline = {"token": unseal.token}
        case AwsKmsUnseal():
            inline = {"AWS_SECRET_ACCESS_KEY": unseal.secret_key, "AWS_SESSION_TOKEN": unseal.session_token}
        case AzureKeyVaultUnseal():
            inline = {"AZURE_CLIENT_SECRET": unseal.client_secret}
        case Pkcs11Unseal():
            inline = {"BAO_HSM_PIN": unseal.pin}
        case _:
            return None
    content = {key: reveal(value, f"unseal.{key}") for key, value in inline.items() if value is not None}
    if isinstance(unseal, AwsKmsUnseal) and unseal.access_key is not None:
        content["AWS_ACCESS_KEY_ID"] = known(unseal.access_key, "unseal.accessKey")
    return content or None


_ENVIRONMENT: dict[str, dict[str, tuple[str, bool]]] = {
    "awskms": {
        "AWS_ACCESS_KEY_ID": ("AWS_ACCESS_KEY_ID", False),
        "AWS_SECRET_ACCESS_KEY": ("AWS_SECRET_ACCESS_KEY", False),
        "AWS_SESSION_TOKEN": ("AWS_SESSION_TOKEN", True),
    },
    "azurekeyvault": {
        "AZURE_TENANT_ID": ("AZURE_TENANT_ID", True),
        "AZURE_CLIENT_ID": ("AZURE_CLIENT_ID", True),
        "AZURE_CLIENT_SECRET": ("AZURE_CLIENT_SECRET", True),
    },
    "pkcs11": {"BAO_HSM_PIN": ("BAO_HSM_PIN", False)},
}
"""Seals that read credentials from the environment: variable → (key in the Secret, optional)."""

_POINTERS: dict[str, dict[str, str]] = {
    "gcpckms": {"GOOGLE_APPLICATION_CREDENTIALS": f"{CREDENTIALS}/credentials.json"},
    "ocikms": {"OCI_CONFIG_FILE": f"{CREDENTIALS}/config"},
}
"""Seals whose SDK is pointed to a file by the environment."""


def _credentials_secret(specification: Specification) -> str | None:
    unseal = specification.unseal
    if unseal is None or isinstance(unseal, StaticUnseal):
        return None
    if unseal.credentials_secret_ref is not None:
        return known(unseal.credentials_secret_ref, "unseal.credentialsSecretRef")
    return Names.of(specification).child("seal-creds") if inline_seal_secret(specification) else None


def _static_mounts(specification: Specification, unseal: StaticUnseal) -> tuple[SecretMount, ...]:
    current = SecretMount(
        unseal.secret_name or Names.of(specification).child("unseal-key"), layout.UNSEAL_DIR, {"key": "key"}
    )
    if unseal.previous is None:
        return (current,)
    return current, SecretMount(unseal.previous.secret_name, layout.PREVIOUS_UNSEAL_DIR, {"key": "key"})


def _static(unseal: StaticUnseal) -> Stanza:
    previous: Stanza = {}
    if unseal.previous is not None:
        previous = {
            "previous_key_id": unseal.previous.key_id,
            "previous_key": f"file://{layout.PREVIOUS_UNSEAL_KEY}",
        }
    return {
        "current_key_id": known(unseal.key_id, "unseal.keyId"),
        "current_key": f"file://{layout.UNSEAL_KEY}",
        **previous,
    }


def _transit(specification: Specification, unseal: TransitUnseal) -> Stanza:
    has_secret = _credentials_secret(specification) is not None
    return {
        "address": unseal.address,
        "token": f"file://{CREDENTIALS}/token" if has_secret else None,
        "key_name": unseal.key_name,
        "mount_path": unseal.mount_path,
        "namespace": unseal.namespace,
        "disable_renewal": unseal.disable_renewal,
        "tls_server_name": unseal.tls_server_name,
        "tls_skip_verify": unseal.tls_skip_verify,
        **_transit_ca(unseal, has_secret),
    }


def _transit_ca(unseal: TransitUnseal, has_secret: bool) -> Stanza:
    if unseal.tls_ca_cert is not None:
        return {"tls_ca_cert_bytes": unseal.tls_ca_cert}
    if has_secret and unseal.address.startswith("https:") and not unseal.tls_skip_verify:
        return {"tls_ca_cert": f"{CREDENTIALS}/ca.crt"}
    return {}


def _awskms(unseal: AwsKmsUnseal) -> Stanza:
    return {
        "region": unseal.region,
        "kms_key_id": known(unseal.kms_key_id, "unseal.kmsKeyId"),
        "endpoint": unseal.endpoint,
    }


def _gcpckms(unseal: GcpCkmsUnseal) -> Stanza:
    return {
        "project": unseal.project,
        "region": unseal.region,
        "key_ring": known(unseal.key_ring, "unseal.keyRing"),
        "crypto_key": known(unseal.crypto_key, "unseal.cryptoKey"),
    }


def _azurekeyvault(unseal: AzureKeyVaultUnseal) -> Stanza:
    return {
        "vault_name": unseal.vault_name,
        "key_name": unseal.key_name,
        "tenant_id": unseal.tenant_id,
        "client_id": unseal.client_id,
        "environment": unseal.environment,
        "resource": unseal.resource,
        "auth_method": unseal.auth_method,
    }


def _ocikms(unseal: OciKmsUnseal) -> Stanza:
    return {
        "key_id": unseal.key_id,
        "crypto_endpoint": unseal.crypto_endpoint,
        "management_endpoint": unseal.management_endpoint,
        "auth_type_api_key": unseal.auth_type_api_key,
    }


def _kmip(unseal: KmipUnseal) -> Stanza:
    return {
        "endpoint": unseal.endpoint,
        "kms_key_id": unseal.kms_key_id,
        "client_cert": f"{CREDENTIALS}/tls.crt",
        "client_key": f"{CREDENTIALS}/tls.key",
        "ca_cert": f"{CREDENTIALS}/ca.crt",
        "server_name": unseal.server_name,
        "timeout": unseal.timeout,
        "encrypt_alg": unseal.encrypt_alg,
        "tls12_ciphers": unseal.tls12_ciphers,
    }


def _pkcs11(unseal: Pkcs11Unseal) -> Stanza:
    return {
        "lib": unseal.lib,
        "slot": unseal.slot,
        "token_label": unseal.token_label,
        "key_label": unseal.key_label,
        "key_id": unseal.key_id,
        "mechanism": unseal.mechanism,
        "disable_software_encryption": unseal.disable_software_encryption,
        "rsa_oaep_hash": unseal.rsa_oaep_hash,
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
