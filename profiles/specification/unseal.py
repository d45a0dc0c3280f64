"""Who opens the barrier: the seals of OpenBao, field by field.

Names follow the operator's CRD where OpenBao agrees and OpenBao's seal stanzas otherwise
(https://openbao.org/docs/configuration/seal/). Credentials come by `credentialsSecretRef` or by identity; the inline
fields exist because the operator has them, and Hardened refuses each.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from profiles.specification.base import Part
from profiles.specification.identity import AwsIdentity, GcpIdentity
from profiles.values import Count, Flag, Secret, SecretName, Text


class PreviousStaticKey(Part):
    """The key that is being rotated out; keep it until `sys/rotate/root` ran under the new one."""

    key_id: Text
    secret_name: SecretName


class StaticUnseal(Part):
    """A 32-byte key in a Secret. Development only: who reads the Secret reads everything."""

    type: Literal["static"] = "static"
    secret_name: SecretName | None = Field(
        default=None,
        description="An existing Secret with the key under `key`; omitted, one is generated once and kept.",
    )
    key_id: Text | None = Field(default=None, description="Id of the key; required with secretName, derived otherwise.")
    previous: PreviousStaticKey | None = None


class KmsPlugin(Part):
    """The external `kms` plugin that OpenBao ≥ 2.7 needs for cloud seals.

    Either `image` (an OCI plugin image, brought in by `delivery`) or `command` (already in `plugin_directory` of a
    custom server image).
    """

    image: Text | None = Field(
        default=None,
        description="`repository:tag@sha256:…`; without tag and digest (always for `download`) `version` is the tag.",
    )
    command: Text | None = None
    version: Text | None = None
    binary_name: Text | None = None
    sha256: dict[Literal["amd64", "arm64"], Text] = Field(
        default_factory=dict, description="Checksum of the binary per architecture, 64 hex characters each."
    )
    delivery: Literal["imageVolume", "initContainer", "download"] = Field(
        default="imageVolume",
        description="`imageVolume`: copied out of a volume of the image (upstream's hold the binary and nothing else); "
        "Kubernetes 1.36. `initContainer`: copied by the image's own `cp`. `download`: by the server.",
    )


class _ExternalUnseal(Part):
    credentials_secret_ref: SecretName | None = Field(
        default=None, description="Existing Secret with the seal's credentials (keys as in docs/trust-roots.md)."
    )
    plugin: KmsPlugin | None = None


class TransitUnseal(_ExternalUnseal):
    """Another OpenBao's transit engine."""

    type: Literal["transit"]
    address: Text
    key_name: Text
    mount_path: Text = "transit/"
    namespace: Text | None = None
    disable_renewal: Flag = False
    tls_ca_cert: Text | None = Field(default=None, description="PEM of the CA; else `ca.crt` of credentialsSecretRef.")
    tls_server_name: Text | None = None
    tls_skip_verify: Flag = False
    token: Secret | None = None


class CreateAwsKey(Part):
    """A KMS key made for this cluster: protected, retained on delete, rotated."""

    alias: Text | None = Field(default=None, description="`alias/…`; default `alias/openbao-<name>`.")
    administrators: list[Text] = Field(
        default_factory=list,
        description="Principal ARNs that may manage, not use, the key; the account's root always may.",
    )
    users: list[Text] = Field(
        default_factory=list,
        description="Principal ARNs that use the key, besides `identity`; needed where credentials come by Secret.",
    )
    account_id: Text | None = Field(default=None, description="12 digits; omitted, asked from the caller's identity.")
    deletion_window_in_days: int = Field(default=30, ge=7, le=30)
    rotation_period_in_days: int = Field(default=365, ge=90, le=2560)
    multi_region: bool = False
    tags: dict[str, Text] = Field(default_factory=dict)


class AwsKmsUnseal(_ExternalUnseal):
    """AWS KMS: an existing key or one created by the component."""

    type: Literal["awskms"]
    region: Text
    kms_key_id: Text | None = None
    create_key: CreateAwsKey | None = None
    endpoint: Text | None = None
    identity: AwsIdentity | None = None
    access_key: Text | None = None
    secret_key: Secret | None = None
    session_token: Secret | None = None


class CreateGcpKey(Part):
    """A CryptoKey made for this cluster; key rings cannot be deleted, so an existing one is the usual input."""

    key_ring: Text | None = Field(default=None, description="Existing key ring (id or name); omitted, one is created.")
    crypto_key: Text | None = Field(default=None, description="Name of the key; default `openbao-<name>`.")
    users: list[str] = Field(
        default_factory=list,
        description="IAM members (`serviceAccount:…`) that use the key, besides `identity`; needed where credentials "
        "come by Secret.",
    )
    protection_level: Literal["SOFTWARE", "HSM"] = "SOFTWARE"
    rotation_period: Annotated[str, Field(pattern=r"^[0-9]{1,9}s$")] = "7776000s"
    destroy_scheduled_duration: Annotated[str, Field(pattern=r"^[0-9]{1,9}s$")] = "2592000s"


class GcpCkmsUnseal(_ExternalUnseal):
    """Google Cloud KMS."""

    type: Literal["gcpckms"]
    project: Text
    region: Text
    key_ring: Text | None = None
    crypto_key: Text | None = None
    create_key: CreateGcpKey | None = None
    identity: GcpIdentity | None = None


class AzureKeyVaultUnseal(_ExternalUnseal):
    """Azure Key Vault or Managed HSM, an existing key."""

    type: Literal["azurekeyvault"]
    vault_name: Text
    key_name: Text
    tenant_id: Text | None = None
    client_id: Text | None = None
    client_secret: Secret | None = None
    environment: Text | None = None
    resource: Text | None = None
    auth_method: Text | None = Field(
        default=None, description="`workload_identity`, `managed_identity`, …; OpenBao ≥ 2.6."
    )


class OciKmsUnseal(_ExternalUnseal):
    """Oracle Cloud KMS, an existing key."""

    type: Literal["ocikms"]
    key_id: Text
    crypto_endpoint: Text
    management_endpoint: Text
    auth_type_api_key: Flag = False


class KmipUnseal(_ExternalUnseal):
    """A KMIP server; the key exists and is active. Client certificate and key come by credentialsSecretRef."""

    type: Literal["kmip"]
    endpoint: Text
    kms_key_id: Text
    server_name: Text | None = None
    timeout: Count | None = Field(default=None, description="Seconds; OpenBao's default is 10.")
    encrypt_alg: Literal["AES_GCM", "RSA_OAEP_SHA256", "RSA_OAEP_SHA384", "RSA_OAEP_SHA512"] | None = None
    tls12_ciphers: Text | None = None


class Pkcs11Unseal(_ExternalUnseal):
    """An HSM through its PKCS#11 library, an existing key. The PIN comes by credentialsSecretRef (`pin`)."""

    type: Literal["pkcs11"]
    lib: Text
    slot: Text | None = None
    token_label: Text | None = None
    key_label: Text | None = None
    key_id: Text | None = None
    mechanism: Text | None = None
    disable_software_encryption: Flag = False
    rsa_oaep_hash: Text | None = None
    pin: Secret | None = None


class GenericKmsUnseal(_ExternalUnseal):
    """Any other `kms` plugin by its name."""

    type: Literal["kms"]
    name: Text
    config: dict[str, Secret] = Field(default_factory=dict)


Unseal = Annotated[
    StaticUnseal
    | TransitUnseal
    | AwsKmsUnseal
    | GcpCkmsUnseal
    | AzureKeyVaultUnseal
    | OciKmsUnseal
    | KmipUnseal
    | Pkcs11Unseal
    | GenericKmsUnseal,
    Field(discriminator="type"),
]
