"""Who opens the barrier: the `seal` stanza, and what it needs inside the pod.

No credential stands in a stanza. What a seal needs comes from one Secret, as environment or as files below
`layout.SEAL_CREDENTIALS_DIR`; its keys are listed per seal in docs/trust-roots.md. Values are strings, as all seal
options are (https://openbao.org/docs/configuration/seal/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

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
    Unseal,
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
    own_ca = _own_ca_mount(specification, unseal)
    own_only = _NOT_THE_NODES if isinstance(unseal, AwsKmsUnseal) and (secret or unseal.identity) else {}
    if secret is None:
        return SealNeeds(environment=own_only, mounts=own_ca)
    if unseal.type in _ENVIRONMENT:
        variables = _ENVIRONMENT[unseal.type]
        return SealNeeds(
            environment=own_only,
            environment_from_secret={
                variable: SecretKey(secret, variable, optional) for variable, optional in variables.items()
            },
        )
    return SealNeeds(environment=_POINTERS.get(unseal.type, {}), mounts=(SecretMount(secret, CREDENTIALS), *own_ca))


def inline_seal_secret(specification: Specification) -> dict[str, str] | None:
    """Content of the Secret `<name>-seal-creds` that carries what is written inline; None when nothing is.

    Inline credentials are a Development convenience; an explicit `credentialsSecretRef` wins over them.
    """
    return {key: reveal(value, f"unseal.{path}") for key, (path, value) in _inline(specification).items()} or None


def inline_seal_keys(specification: Specification) -> list[str]:
    """The keys of `inline_seal_secret`, also while their values are not known yet."""
    return sorted(_inline(specification))


def _inline(specification: Specification) -> dict[str, tuple[str, SecretStr | str]]:
    """Key in the Secret → field and its value."""
    unseal = specification.unseal
    credentials: dict[str, tuple[str, SecretStr | str | None]]
    match unseal:
        case TransitUnseal():
            credentials = {"token": ("token", unseal.token)}
        case AwsKmsUnseal():
            credentials = {
                "AWS_ACCESS_KEY_ID": ("accessKey", unseal.access_key),
                "AWS_SECRET_ACCESS_KEY": ("secretKey", unseal.secret_key),
                "AWS_SESSION_TOKEN": ("sessionToken", unseal.session_token),
            }
        case AzureKeyVaultUnseal():
            credentials = {"AZURE_CLIENT_SECRET": ("clientSecret", unseal.client_secret)}
        case Pkcs11Unseal():
            credentials = {"BAO_HSM_PIN": ("pin", unseal.pin)}
        case _:
            return {}
    inline = {} if unseal.credentials_secret_ref is not None else credentials
    if isinstance(unseal, TransitUnseal):
        inline = {**inline, "ca.crt": ("tlsCaCert", unseal.tls_ca_cert)}
    return {key: (path, value) for key, (path, value) in inline.items() if value is not None}


_ENVIRONMENT = {
    "awskms": {"AWS_ACCESS_KEY_ID": False, "AWS_SECRET_ACCESS_KEY": False, "AWS_SESSION_TOKEN": True},
    "azurekeyvault": {"AZURE_TENANT_ID": True, "AZURE_CLIENT_ID": True, "AZURE_CLIENT_SECRET": True},
    "pkcs11": {"BAO_HSM_PIN": False},
}
"""Seals that read credentials from the environment: variable, also the key in the Secret → may it be missing."""

_NOT_THE_NODES = {"AWS_EC2_METADATA_DISABLED": "true"}
"""AWS' SDK takes the node's role by itself when the pods' own identity does not work: then the mistake would show only
when the node loses its role, and every pod there could use the key until then."""

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
    own = set(inline_seal_keys(specification)) - {"ca.crt"}
    return _own_secret(specification) if own else None


def _own_secret(specification: Specification) -> str:
    return Names.of(specification).child("seal-creds")


def _own_ca_mount(specification: Specification, unseal: Unseal) -> tuple[SecretMount, ...]:
    if not isinstance(unseal, TransitUnseal) or unseal.tls_ca_cert is None:
        return ()
    return (SecretMount(_own_secret(specification), layout.SEAL_CA_DIR, {"ca.crt": "ca.crt"}),)


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
        return {"tls_ca_cert": f"{layout.SEAL_CA_DIR}/ca.crt"}
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
