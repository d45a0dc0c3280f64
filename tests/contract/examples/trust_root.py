"""Examples: releases and seals, keys and identities."""

from __future__ import annotations

from typing import Any

from tests.contract import keys
from tests.contract.examples.example import accepted, refused
from tests.contract.specifications import (
    ABSENT,
    AWS,
    AZURE,
    DEVELOPMENT,
    GCP,
    GENERIC,
    KMIP,
    OCI,
    PKCS11,
    PLUGIN,
    TRANSIT,
)


def _with(block: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A change that uses this seal, with fields replaced or (ABSENT) removed."""
    return {"unseal": {key: value for key, value in {**block, **fields}.items() if value is not ABSENT}}


def _plugin(**fields: Any) -> dict[str, Any]:
    return _with(AWS, plugin={key: value for key, value in {**PLUGIN, **fields}.items() if value is not ABSENT})


def _created(block: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A change whose key is to be created, without any identity."""
    absent = {"identity": ABSENT, "kmsKeyId": ABSENT, "keyRing": ABSENT, "cryptoKey": ABSENT}
    return _with(block, **{**absent, "createKey": {}, **fields})


PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n"


def _used_by(block: dict[str, Any], principal: str) -> dict[str, Any]:
    return _created(block, createKey={"users": [principal]}, credentialsSecretRef="key-user")


def _key_at_aws(**fields: Any) -> dict[str, Any]:
    return _created(AWS, identity=AWS["identity"], createKey=fields)


STATIC = {"type": "static", "secretName": "key-1", "keyId": "k1"}

EXAMPLES = [
    refused("versions.minimum_version", "version", {"version": "2.3.2"}),
    refused("versions.minimum_version", "version", {"version": "2.5.0"}),
    accepted("versions.minimum_version", {"version": "2.5.1"}),
    refused("versions.hardened_version", "version", {"version": "2.5.5"}),
    accepted("versions.hardened_version", {"version": "2.6.0"}),
    refused("versions.tested_version", "version", {"version": "2.8.0"}),
    accepted("versions.tested_version"),
    refused(
        "versions.known_features",
        "configuration.listener.tlsKeyExchangePreferences",
        {"version": "2.6.2", "configuration.listener.tlsKeyExchangePreferences": ["X25519"]},
    ),
    refused("versions.known_features", "unseal.plugin", {"version": "2.5.1", **_with(AWS)}),
    refused("versions.known_features", "unseal.authMethod", {"version": "2.5.1", **_with(AZURE)}),
    refused("versions.known_features", "telemetry.metricsListener", {"version": "2.4.4"}),
    refused(
        "versions.known_features",
        "audit.type",
        {"version": "2.4.4", "audit": [{"type": "http", "options": {"uri": "https://log"}}]},
    ),
    refused(
        "versions.known_features",
        "configuration.disableStandbyReads",
        {"version": "2.4.4", "configuration.disableStandbyReads": True},
    ),
    accepted("versions.known_features", {"version": "2.4.4", "telemetry.metricsListener": False}),
    *(
        refused("versions.seal_available", "unseal.plugin", _with(block, plugin=ABSENT))
        for block in (AWS, GCP, AZURE, OCI, PKCS11, GENERIC)
    ),
    refused("versions.seal_available", "unseal.plugin", {"version": "2.6.2", **_with(PKCS11, plugin=ABSENT)}),
    *(
        accepted("versions.seal_available", {"version": "2.6.2", **_with(block, plugin=ABSENT)})
        for block in (AWS, GCP, AZURE, OCI, KMIP, TRANSIT)
    ),
    accepted("versions.seal_available", _with(KMIP)),
    refused("versions.needless_plugin", "unseal.plugin", _with(TRANSIT, plugin=PLUGIN)),
    refused("versions.needless_plugin", "unseal.plugin", _with(KMIP, plugin=PLUGIN)),
    accepted("versions.needless_plugin", _with(AWS)),
    refused("versions.plugin_source", "unseal.plugin.image", _plugin(image=ABSENT)),
    refused("versions.plugin_source", "unseal.plugin.image", _plugin(command="kms")),
    refused("versions.plugin_source", "unseal.plugin.version", _plugin(version=ABSENT)),
    refused("versions.plugin_source", "unseal.plugin.sha256", _plugin(sha256=ABSENT)),
    refused("versions.plugin_source", "unseal.plugin.sha256.amd64", _plugin(sha256={"amd64": "abc"})),
    refused(
        "versions.plugin_source", "unseal.plugin.delivery", _plugin(image=ABSENT, command="kms", delivery="download")
    ),
    refused("versions.plugin_source", "unseal.plugin.image", _plugin(image="https://ghcr.io/openbao/plugin")),
    refused("versions.plugin_source", "unseal.plugin.binaryName", _plugin(binaryName="../kms")),
    refused(
        "versions.plugin_source",
        "unseal.plugin.command",
        _plugin(image=ABSENT, version=ABSENT, command="../../bin/sh"),
    ),
    accepted("versions.plugin_source", _plugin(image=ABSENT, version=ABSENT, command="kms")),
    accepted("versions.plugin_source", _with(AWS)),
    refused(
        "versions.plugin_architecture",
        "unseal.plugin.sha256",
        {**_with(AWS), "scheduling.nodeSelector": {"kubernetes.io/arch": "arm64"}},
    ),
    accepted(
        "versions.plugin_architecture", {**_with(AWS), "scheduling.nodeSelector": {"kubernetes.io/arch": "amd64"}}
    ),
    refused("versions.pinned_plugin", "unseal.plugin.image", _plugin(image="ghcr.io/openbao/plugin:v0.1.0")),
    accepted("versions.pinned_plugin", _with(AWS)),
    refused("versions.generic_name", "unseal.name", _with(GENERIC, name="awskms")),
    refused("versions.generic_name", "unseal.name", _with(GENERIC, name="My KMS")),
    accepted("versions.generic_name", _with(GENERIC)),
    # --- credentials
    refused("unseal.transit_token", "unseal.token", _with(TRANSIT, token="s.canary")),
    accepted("unseal.transit_token"),
    refused("unseal.aws_secret_key", "unseal.secretKey", _with(AWS, secretKey="canary")),
    accepted("unseal.aws_secret_key", _with(AWS)),
    refused("unseal.aws_session_token", "unseal.sessionToken", _with(AWS, sessionToken="canary")),
    accepted("unseal.aws_session_token", _with(AWS)),
    refused("unseal.azure_client_secret", "unseal.clientSecret", _with(AZURE, clientSecret="canary")),
    accepted("unseal.azure_client_secret", _with(AZURE)),
    refused("unseal.pkcs11_pin", "unseal.pin", _with(PKCS11, pin="canary")),
    accepted("unseal.pkcs11_pin", _with(PKCS11)),
    refused("unseal.plugin_config", "unseal.config", _with(GENERIC, config={"token": "canary"})),
    accepted("unseal.plugin_config", _with(GENERIC)),
    *(
        refused("unseal.transit_address", "unseal.address", _with(TRANSIT, address=address))
        for address in (
            "http://bao.example.com:8200",
            "https://user@bao.example.com",
            "https://bao.example.com/?a=b",
            "https://bao.example.com/#a",
            "https://localhost:8200",
            "https://127.0.0.1:8200",
            "https://[::1]:8200",
            "https://[::ffff:127.0.0.1]",
            "https://169.254.169.254",
            "https://2130706433",
            "https://0x7f.1",
            "https://0.0.0.0",
            "bao.example.com",
            "https://bao:port",
            "https://bao example.com",
            "https://bao.example.com:8200\n",
        )
    ),
    refused("unseal.transit_ca", "unseal.tlsCaCert", _with(TRANSIT, tlsCaCert="/etc/ca.crt")),
    refused("unseal.transit_ca", "unseal.tlsCaCert", _with(TRANSIT, tlsCaCert=keys.CERTIFICATE + PRIVATE_KEY)),
    accepted("unseal.transit_ca", _with(TRANSIT, tlsCaCert=keys.CERTIFICATE * 2)),
    accepted("unseal.transit_address"),
    accepted("unseal.transit_address", _with(TRANSIT, address="https://10.1.2.3")),
    refused("unseal.not_circular", "unseal.address", _with(TRANSIT, address="https://openbao-active.openbao.svc:8200")),
    refused(
        "unseal.not_circular", "unseal.address", _with(TRANSIT, address="https://openbao-0.openbao.openbao.svc:8200")
    ),
    accepted("unseal.not_circular", _with(TRANSIT, address="https://openbao.root.svc:8200")),
    *(
        refused("unseal.seal_credentials", "unseal.credentialsSecretRef", _with(block, credentialsSecretRef=ABSENT))
        for block in (TRANSIT, KMIP, PKCS11)
    ),
    accepted("unseal.seal_credentials", _with(KMIP)),
    accepted("unseal.seal_credentials", _with(TRANSIT, credentialsSecretRef=ABSENT, token="canary")),
    # --- keys and identities
    refused("unseal.one_key", "unseal.kmsKeyId", _with(AWS, kmsKeyId=ABSENT)),
    refused("unseal.one_key", "unseal.kmsKeyId", _with(AWS, createKey={})),
    refused("unseal.one_key", "unseal.cryptoKey", _with(GCP, cryptoKey=ABSENT)),
    refused("unseal.one_key", "unseal.cryptoKey", _with(GCP, createKey={})),
    accepted("unseal.one_key", _with(AWS, kmsKeyId=ABSENT, createKey={})),
    accepted("unseal.one_key", _with(GCP, keyRing=ABSENT, cryptoKey=ABSENT, createKey={"keyRing": "ring"})),
    refused("unseal.pkcs11_key", "unseal.tokenLabel", _with(PKCS11, slot="0")),
    refused("unseal.pkcs11_key", "unseal.keyLabel", _with(PKCS11, keyLabel=ABSENT)),
    accepted("unseal.pkcs11_key", _with(PKCS11, tokenLabel=ABSENT, slot="0")),
    refused("unseal.one_identity", "unseal.credentialsSecretRef", _with(AWS, credentialsSecretRef="aws")),
    refused(
        "unseal.one_identity",
        "unseal.identity.irsa",
        _with(AWS, identity={"podIdentity": {"clusterName": "c"}, "irsa": {}}),
    ),
    refused("unseal.one_identity", "unseal.credentialsSecretRef", _with(GCP, credentialsSecretRef="gcp")),
    accepted("unseal.one_identity", _with(AWS)),
    refused("unseal.no_ambient_identity", "unseal.identity", _with(AWS, identity=ABSENT)),
    refused("unseal.no_ambient_identity", "unseal.identity", _with(AZURE, authMethod=ABSENT)),
    accepted("unseal.no_ambient_identity", _with(GCP)),
    accepted("unseal.no_ambient_identity", _with(AWS, identity=ABSENT, credentialsSecretRef="aws")),
    refused("identity.created_key_user", "unseal.createKey", _created(AWS)),
    refused("identity.created_key_user", "unseal.createKey", _created(GCP, createKey={"keyRing": "ring"})),
    accepted("identity.created_key_user", _created(AWS, identity=AWS["identity"])),
    accepted(
        "identity.created_key_user",
        _created(AWS, createKey={"users": ["arn:aws:iam::111122223333:user/bao"]}, credentialsSecretRef="aws"),
    ),
    *(
        refused("identity.created_key_periods", f"unseal.createKey.{field}", _created(GCP, createKey={field: value}))
        for field, value in (("rotationPeriod", "0s"), ("destroyScheduledDuration", "60s"))
    ),
    accepted("identity.created_key_periods", _created(GCP)),
    *(
        refused("identity.created_key_principals", "unseal.createKey.users[0]", _used_by(AWS, principal))
        for principal in ("*", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/*", "bao")
    ),
    *(
        refused("identity.created_key_principals", "unseal.createKey.users[0]", _used_by(GCP, member))
        for member in ("allUsers", "allAuthenticatedUsers", "domain:example.com", "bao@example.com")
    ),
    refused(
        "identity.created_key_principals",
        "unseal.createKey.administrators[0]",
        _created(AWS, identity=AWS["identity"], createKey={"administrators": ["*"]}),
    ),
    accepted(
        "identity.created_key_principals",
        _created(AWS, identity=AWS["identity"], createKey={"administrators": ["arn:aws:iam::111122223333:root"]}),
    ),
    accepted("identity.created_key_principals", _used_by(AWS, "arn:aws-us-gov:iam::111122223333:role/team/bao")),
    accepted("identity.created_key_principals", _used_by(GCP, "serviceAccount:bao@p.iam.gserviceaccount.com")),
    accepted("identity.created_key_principals", _used_by(GCP, "serviceAccount:p.svc.id.goog[bao/bao]")),
    refused("identity.aws_names", "unseal.createKey.alias", _key_at_aws(alias="openbao")),
    refused("identity.aws_names", "unseal.createKey.alias", _key_at_aws(alias="alias/aws/openbao")),
    refused("identity.aws_names", "unseal.createKey.accountId", _key_at_aws(accountId="1111-2222-3333")),
    refused("identity.aws_names", "unseal.identity.irsa.roleArn", _with(AWS, identity={"irsa": {"roleArn": "bao"}})),
    refused(
        "identity.aws_names",
        "unseal.identity.irsa.oidcProviderArn",
        _with(AWS, identity={"irsa": {"oidcProviderArn": "arn:aws:eks:eu-central-1:111122223333:cluster/c"}}),
    ),
    refused(
        "identity.aws_names",
        "unseal.identity.irsa.oidcProviderUrl",
        _with(AWS, identity={"irsa": {"oidcProviderUrl": "oidc.eks.eu-central-1.amazonaws.com/id/ABC"}}),
    ),
    refused(
        "identity.aws_names",
        "unseal.identity.podIdentity.roleArn",
        _with(AWS, identity={"podIdentity": {"clusterName": "c", "roleArn": "arn:aws:iam::111122223333:user/bao"}}),
    ),
    accepted("identity.aws_names", _key_at_aws(alias="alias/team/openbao", accountId="111122223333")),
    *(
        refused("identity.aws_names", "unseal.kmsKeyId", _with(AWS, kmsKeyId=key))
        for key in (
            "*",
            "key/*",
            "alias/aws/ebs",
            "arn:aws:kms:eu-central-1:111122223333:key/*",
            "arn:aws:kms:*:*:key/1",
        )
    ),
    refused("identity.aws_names", "unseal.region", _with(AWS, region="*")),
    refused("identity.aws_names", "unseal.region", _with(AWS, region="Frankfurt", kmsKeyId="alias/bao")),
    *(
        accepted("identity.aws_names", _with(AWS, region=region, kmsKeyId=key))
        for region, key in (
            ("eu-central-1", "alias/team/openbao"),
            ("eu-central-1", "1234abcd-12ab-34cd-56ef-1234567890ab"),
            ("us-gov-west-1", "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"),
            ("eusc-de-east-1", "arn:aws-eusc:kms:eusc-de-east-1:111122223333:alias/openbao"),
        )
    ),
    refused("identity.key_region", "unseal.kmsKeyId", _with(AWS, region="eu-west-1")),
    refused(
        "identity.key_region",
        "unseal.kmsKeyId",
        _with(AWS, kmsKeyId="arn:aws:kms:us-east-1:111122223333:alias/openbao"),
    ),
    accepted("identity.key_region", _with(AWS)),
    accepted("identity.key_region", _with(AWS, kmsKeyId="alias/openbao")),
    *(
        refused("identity.google_names", f"unseal.{field}", _with(GCP, **given))
        for field, given in (
            ("project", {"project": "My Project"}),
            ("region", {"region": "*"}),
            ("keyRing", {"keyRing": "projects/p/locations/europe-west3/keyRings/ring"}),
            ("cryptoKey", {"cryptoKey": "ring/openbao"}),
            ("identity.projectNumber", {"identity": {"projectNumber": "my-project"}}),
            ("identity.workloadPool", {"identity": {"projectNumber": "1", "workloadPool": "p"}}),
            ("identity.serviceAccountEmail", {"identity": {"serviceAccountEmail": "serviceAccount:bao@p"}}),
        )
    ),
    *(
        refused("identity.google_names", f"unseal.createKey.{field}", _created(GCP, createKey={field: value}))
        for field, value in (
            ("keyRing", "keyRings/ring"),
            ("keyRing", "projects/p/keyRings/ring"),
            ("cryptoKey", "a.b"),
        )
    ),
    accepted("identity.google_names", _with(GCP)),
    accepted("identity.google_names", _with(GCP, project="example.com:p", region="eur4")),
    accepted("identity.google_names", _with(GCP, identity={"serviceAccountEmail": "bao@p.iam.gserviceaccount.com"})),
    accepted(
        "identity.google_names",
        _created(GCP, createKey={"keyRing": "projects/security/locations/europe-west3/keyRings/central_1"}),
    ),
    *(
        refused("identity.azure_names", f"unseal.{field}", _with(AZURE, **{field: value}))
        for field, value in (
            ("vaultName", "evil.example.com/"),
            ("vaultName", "https://vault.vault.azure.net"),
            ("keyName", "openbao/1234"),
            ("authMethod", "workload-identity"),
        )
    ),
    accepted("identity.azure_names", _with(AZURE)),
    accepted("identity.azure_names", _with(AZURE, vaultName="Team-1", authMethod="managed_identity")),
    refused("identity.identity_complete", "unseal.identity", _with(AWS, identity={})),
    refused("identity.identity_complete", "unseal.identity.irsa", _with(AWS, identity={"irsa": {}})),
    refused("identity.identity_complete", "unseal.identity", _with(GCP, identity={})),
    refused(
        "identity.identity_complete",
        "unseal.identity.createServiceAccount",
        _with(GCP, identity={"createServiceAccount": True, "serviceAccountEmail": "a@p.iam.gserviceaccount.com"}),
    ),
    accepted(
        "identity.identity_complete", _with(AWS, identity={"irsa": {"roleArn": "arn:aws:iam::111122223333:role/bao"}})
    ),
    accepted("identity.identity_complete", _with(GCP)),
    refused("unseal.aws_pair", "unseal.secretKey", _with(AWS, identity=ABSENT, accessKey="a")),
    refused("unseal.aws_pair", "unseal.accessKey", _with(AWS, identity=ABSENT, secretKey="canary")),
    accepted("unseal.aws_pair", _with(AWS)),
    refused("unseal.endpoint_by_tls", "unseal.endpoint", _with(AWS, endpoint="http://kms.example.com")),
    refused("unseal.endpoint_by_tls", "unseal.cryptoEndpoint", _with(OCI, cryptoEndpoint="http://kms.example.com")),
    accepted("unseal.endpoint_by_tls", _with(OCI)),
    refused("unseal.kmip_endpoint", "unseal.endpoint", _with(KMIP, endpoint="https://kmip.example.com:5696")),
    refused("unseal.kmip_endpoint", "unseal.endpoint", _with(KMIP, endpoint="kmip.example.com")),
    refused("unseal.kmip_endpoint", "unseal.endpoint", _with(KMIP, endpoint="kmip.example.com:70000")),
    refused("unseal.kmip_endpoint", "unseal.timeout", _with(KMIP, timeout=0)),
    accepted("unseal.kmip_endpoint", _with(KMIP, endpoint="[fd00::1]:5696", timeout=5)),
    refused(
        "unseal.static_key_id", "unseal.keyId", {"unseal": {"type": "static", "secretName": "k"}}, base=DEVELOPMENT
    ),
    accepted("unseal.static_key_id", base=DEVELOPMENT),
    accepted("unseal.static_key_id", {"unseal": STATIC}, base=DEVELOPMENT),
    refused(
        "unseal.static_key_previous",
        "unseal.previous.keyId",
        {"unseal": {**STATIC, "previous": {"keyId": "k1", "secretName": "key-0"}}},
        base=DEVELOPMENT,
    ),
    refused(
        "unseal.static_key_previous",
        "unseal.previous.secretName",
        {"unseal": {**STATIC, "previous": {"keyId": "k0", "secretName": "key-1"}}},
        base=DEVELOPMENT,
    ),
    accepted(
        "unseal.static_key_previous",
        {"unseal": {**STATIC, "previous": {"keyId": "k0", "secretName": "key-0"}}},
        base=DEVELOPMENT,
    ),
    refused("unseal.static_key_shape", "unseal.secretName", {"unseal": STATIC}, base=DEVELOPMENT),
    # --- the stack's own key
    refused(
        "offline.own_secrets_provider",
        "unseal",
        _with(AWS, kmsKeyId=ABSENT, createKey={}),
        stack_secrets_provider="awskms://alias/openbao-openbao?region=eu-central-1",
    ),
    refused("offline.own_secrets_provider", "unseal", _with(AWS), stack_secrets_provider="awskms://1234?region=x"),
    refused(
        "offline.own_secrets_provider",
        "unseal",
        _with(GCP),
        stack_secrets_provider="gcpkms://projects/p/locations/l/keyRings/ring/cryptoKeys/openbao",
    ),
    refused(
        "offline.own_secrets_provider",
        "unseal",
        _created(GCP, identity=GCP["identity"]),
        stack_secrets_provider="gcpkms://projects/p/locations/l/keyRings/openbao-openbao/cryptoKeys/openbao-openbao",
    ),
    refused(
        "offline.own_secrets_provider",
        "unseal",
        _with(AZURE),
        stack_secrets_provider="azurekeyvault://vault.vault.azure.net/keys/openbao",
    ),
    refused("offline.own_secrets_provider", "unseal", {}, stack_secrets_provider="hashivault://openbao"),
    accepted("offline.own_secrets_provider", _with(AWS), stack_secrets_provider="awskms://alias/pulumi?region=x"),
    accepted("offline.own_secrets_provider", _with(AWS), stack_secrets_provider="passphrase"),
    refused("offline.etcd_encryption", "", {}),
    refused("offline.key_policy", "unseal", {}),
    refused("offline.snapshots", "backup", {}),
]
