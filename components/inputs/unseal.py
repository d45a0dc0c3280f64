"""Arguments of the components, from profiles/specification (unseal) by tools/component_inputs.py."""

from typing import NotRequired, TypedDict

import pulumi

from components.inputs.identity import Identity


class PreviousStaticKey(TypedDict):
    """The key that is being rotated out; keep it until `sys/rotate/root` ran under the new one."""

    key_id: pulumi.Input[str]
    secret_name: pulumi.Input[str]


class KmsPlugin(TypedDict):
    """The external `kms` plugin that OpenBao ≥ 2.7 needs for cloud seals. Either `image` (an OCI plugin image,
    brought in by `delivery`) or `command` (already in `plugin_directory` of a custom server image).
    """

    image: NotRequired[pulumi.Input[str]]
    """`repository:tag@sha256:…`; without tag and digest (always for `download`) `version` is the tag."""
    command: NotRequired[pulumi.Input[str]]
    version: NotRequired[pulumi.Input[str]]
    binary_name: NotRequired[pulumi.Input[str]]
    sha256: NotRequired[dict[str, pulumi.Input[str]]]
    """Checksum of the binary per architecture, 64 hex characters each."""
    delivery: NotRequired[str]
    """`imageVolume`: copied out of a volume of the image (upstream's hold the binary and nothing else); Kubernetes
    1.36. `initContainer`: copied by the image's own `cp`. `download`: by the server. One of `imageVolume`,
    `initContainer`, `download`. Default: `imageVolume`.
    """


class CreateKey(TypedDict):
    """The block `unseal.createKey`, by the block around it. `awskms`: A KMS key made for this cluster: protected,
    retained on delete, rotated. `gcpckms`: A CryptoKey made for this cluster; key rings cannot be deleted, so an
    existing one is the usual input.
    """

    alias: NotRequired[pulumi.Input[str]]
    """For all but `gcpckms`. `alias/…`; default `alias/openbao-<name>`."""
    administrators: NotRequired[list[pulumi.Input[str]]]
    """For all but `gcpckms`. Principal ARNs that may manage, not use, the key; the account's root always may."""
    users: NotRequired[list[pulumi.Input[str]]]
    """Principal ARNs that use the key, besides `identity`; needed where credentials come by Secret. IAM members
    (`serviceAccount:…`) that use the key, besides `identity`; needed where credentials come by Secret.
    """
    account_id: NotRequired[pulumi.Input[str]]
    """For all but `gcpckms`. 12 digits; omitted, asked from the caller's identity."""
    deletion_window_in_days: NotRequired[int]
    """For all but `gcpckms`. Default: `30`."""
    rotation_period_in_days: NotRequired[int]
    """For all but `gcpckms`. Default: `365`."""
    multi_region: NotRequired[bool]
    """For all but `gcpckms`. Default: `false`."""
    tags: NotRequired[dict[str, pulumi.Input[str]]]
    """For all but `gcpckms`."""
    key_ring: NotRequired[pulumi.Input[str]]
    """For all but `awskms`. Existing key ring (id or name); omitted, one is created."""
    crypto_key: NotRequired[pulumi.Input[str]]
    """For all but `awskms`. Name of the key; default `openbao-<name>`."""
    protection_level: NotRequired[str]
    """For all but `awskms`. One of `SOFTWARE`, `HSM`. Default: `SOFTWARE`."""
    rotation_period: NotRequired[str]
    """For all but `awskms`. Default: `7776000s`."""
    destroy_scheduled_duration: NotRequired[str]
    """For all but `awskms`. Default: `2592000s`."""


class Unseal(TypedDict):
    """The block `unseal`, by its `type`. `static`: A 32-byte key in a Secret. Development only: who reads the Secret
    reads everything. `transit`: Another OpenBao's transit engine. `awskms`: AWS KMS: an existing key or one
    created by the component. `gcpckms`: Google Cloud KMS. `azurekeyvault`: Azure Key Vault or Managed HSM, an
    existing key. `ocikms`: Oracle Cloud KMS, an existing key. `kmip`: A KMIP server; the key exists and is
    active. Client certificate and key come by credentialsSecretRef. `pkcs11`: An HSM through its PKCS#11 library,
    an existing key. The PIN comes by credentialsSecretRef (`pin`). `kms`: Any other `kms` plugin by its name.
    """

    type: str
    """One of `static`, `transit`, `awskms`, `gcpckms`, `azurekeyvault`, `ocikms`, `kmip`, `pkcs11`, `kms`."""
    secret_name: NotRequired[pulumi.Input[str]]
    """For `static`. An existing Secret with the key under `key`; omitted, one is generated once and kept."""
    key_id: NotRequired[pulumi.Input[str]]
    """For `ocikms` (required); `static` or `pkcs11`. Id of the key; required with secretName, derived otherwise."""
    previous: NotRequired[PreviousStaticKey]
    """For `static`."""
    credentials_secret_ref: NotRequired[pulumi.Input[str]]
    """For all but `static`. Existing Secret with the seal's credentials (keys as in docs/trust-roots.md)."""
    plugin: NotRequired[KmsPlugin]
    """For all but `static`."""
    address: NotRequired[pulumi.Input[str]]
    """For `transit` (required)."""
    key_name: NotRequired[pulumi.Input[str]]
    """For `transit` or `azurekeyvault` (required)."""
    mount_path: NotRequired[pulumi.Input[str]]
    """For `transit`. Default: `transit/`."""
    namespace: NotRequired[pulumi.Input[str]]
    """For `transit`."""
    disable_renewal: NotRequired[pulumi.Input[bool]]
    """For `transit`. Default: `false`."""
    tls_ca_cert: NotRequired[pulumi.Input[str]]
    """For `transit`. PEM of the CA; else `ca.crt` of credentialsSecretRef."""
    tls_server_name: NotRequired[pulumi.Input[str]]
    """For `transit`."""
    tls_skip_verify: NotRequired[pulumi.Input[bool]]
    """For `transit`. Default: `false`."""
    token: NotRequired[pulumi.Input[str]]
    """For `transit`."""
    region: NotRequired[pulumi.Input[str]]
    """For `awskms` or `gcpckms` (required)."""
    kms_key_id: NotRequired[pulumi.Input[str]]
    """For `kmip` (required); `awskms`."""
    create_key: NotRequired[CreateKey]
    """For `awskms` or `gcpckms`."""
    endpoint: NotRequired[pulumi.Input[str]]
    """For `kmip` (required); `awskms`."""
    identity: NotRequired[Identity]
    """For `awskms` or `gcpckms`."""
    access_key: NotRequired[pulumi.Input[str]]
    """For `awskms`."""
    secret_key: NotRequired[pulumi.Input[str]]
    """For `awskms`."""
    session_token: NotRequired[pulumi.Input[str]]
    """For `awskms`."""
    project: NotRequired[pulumi.Input[str]]
    """For `gcpckms` (required)."""
    key_ring: NotRequired[pulumi.Input[str]]
    """For `gcpckms`."""
    crypto_key: NotRequired[pulumi.Input[str]]
    """For `gcpckms`."""
    vault_name: NotRequired[pulumi.Input[str]]
    """For `azurekeyvault` (required)."""
    tenant_id: NotRequired[pulumi.Input[str]]
    """For `azurekeyvault`."""
    client_id: NotRequired[pulumi.Input[str]]
    """For `azurekeyvault`."""
    client_secret: NotRequired[pulumi.Input[str]]
    """For `azurekeyvault`."""
    environment: NotRequired[pulumi.Input[str]]
    """For `azurekeyvault`."""
    resource: NotRequired[pulumi.Input[str]]
    """For `azurekeyvault`."""
    auth_method: NotRequired[pulumi.Input[str]]
    """For `azurekeyvault`. `workload_identity`, `managed_identity`, …; OpenBao ≥ 2.6."""
    crypto_endpoint: NotRequired[pulumi.Input[str]]
    """For `ocikms` (required)."""
    management_endpoint: NotRequired[pulumi.Input[str]]
    """For `ocikms` (required)."""
    auth_type_api_key: NotRequired[pulumi.Input[bool]]
    """For `ocikms`. Default: `false`."""
    server_name: NotRequired[pulumi.Input[str]]
    """For `kmip`."""
    timeout: NotRequired[pulumi.Input[int]]
    """For `kmip`. Seconds; OpenBao's default is 10."""
    encrypt_alg: NotRequired[str]
    """For `kmip`. One of `AES_GCM`, `RSA_OAEP_SHA256`, `RSA_OAEP_SHA384`, `RSA_OAEP_SHA512`."""
    tls12_ciphers: NotRequired[pulumi.Input[str]]
    """For `kmip`."""
    lib: NotRequired[pulumi.Input[str]]
    """For `pkcs11` (required)."""
    slot: NotRequired[pulumi.Input[str]]
    """For `pkcs11`."""
    token_label: NotRequired[pulumi.Input[str]]
    """For `pkcs11`."""
    key_label: NotRequired[pulumi.Input[str]]
    """For `pkcs11`."""
    mechanism: NotRequired[pulumi.Input[str]]
    """For `pkcs11`."""
    disable_software_encryption: NotRequired[pulumi.Input[bool]]
    """For `pkcs11`. Default: `false`."""
    rsa_oaep_hash: NotRequired[pulumi.Input[str]]
    """For `pkcs11`."""
    pin: NotRequired[pulumi.Input[str]]
    """For `pkcs11`."""
    name: NotRequired[pulumi.Input[str]]
    """For `kms` (required)."""
    config: NotRequired[dict[str, pulumi.Input[str]]]
    """For `kms`."""
