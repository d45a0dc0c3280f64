"""Examples: changes of a cluster that lives. `previous` describes what runs."""

from __future__ import annotations

from tests.contract.examples.example import accepted, refused
from tests.contract.specifications import ACME, AWS, DEVELOPMENT, HARDENED, TRANSIT

OLD_KEY = {"unseal": {"type": "static", "secretName": "key-1", "keyId": "k1"}}
NEW_KEY = {"type": "static", "secretName": "key-2", "keyId": "k2"}

EXAMPLES = [
    refused("changes.promotion", "profile", previous={"profile": "Development"}),
    refused("changes.promotion", "profile", {"profile": "Development"}, previous={}),
    accepted("changes.promotion", {"replicas": 5}, previous={}),
    refused("changes.downgrade", "version", {"version": "2.6.2"}, previous={"version": "2.7.2"}),
    refused("changes.downgrade", "version", {"version": "2.7.2"}, previous={"version": "2.10.0"}),
    accepted("changes.downgrade", previous={"version": "2.6.2"}),
    refused("changes.storage_class", "storage.storageClassName", {"storage.storageClassName": "fast"}, previous={}),
    accepted("changes.storage_class", previous={}),
    refused("changes.storage_growth", "storage.size", {"storage.size": "20Gi"}, previous={"storage.size": "10Gi"}),
    accepted("changes.storage_growth", {"storage.size": "10Gi"}, previous={"storage.size": "10Gi"}),
    refused("changes.storage_size", "storage.size", {"storage.size": "5120Mi"}, previous={}),
    accepted("changes.storage_size", {"storage.size": "20Gi"}, previous={}),
    refused("changes.static_source", "unseal.secretName", {"unseal": NEW_KEY}, base=DEVELOPMENT, previous=OLD_KEY),
    refused("changes.static_source", "unseal.secretName", {"unseal": NEW_KEY}, base=DEVELOPMENT, previous={}),
    refused(
        "changes.static_source",
        "unseal.secretName",
        {"unseal": {**NEW_KEY, "previous": {"secretName": "key-1", "keyId": "other"}}},
        base=DEVELOPMENT,
        previous=OLD_KEY,
    ),
    accepted(
        "changes.static_source",
        {"unseal": {**NEW_KEY, "previous": {"secretName": "key-1", "keyId": "k1"}}},
        base=DEVELOPMENT,
        previous=OLD_KEY,
    ),
    accepted(
        "changes.static_source",
        {"unseal": {**NEW_KEY, "previous": {"secretName": "openbao-unseal-key", "keyId": "generated"}}},
        base=DEVELOPMENT,
        previous={},
    ),
    refused("changes.seal_kind", "unseal.type", {"unseal": AWS}, previous={}),
    accepted("changes.seal_kind", previous={}),
    refused("changes.seal_key", "unseal.keyName", {"unseal": {**TRANSIT, "keyName": "other"}}, previous={}),
    refused("changes.seal_key", "unseal.kmsKeyId", {"unseal": {**AWS, "kmsKeyId": "x"}}, previous={"unseal": AWS}),
    accepted("changes.seal_key", previous={}),
    refused("changes.tls_mode", "tls.mode", {"tls": ACME}, previous={}),
    accepted("changes.tls_mode", {"tls.secretName": "renewed"}, previous={}),
    refused("changes.names_kept", "name", {"name": "other"}, previous={}),
    refused("changes.names_kept", "namespace.name", {"namespace.name": "other"}, previous={}),
    refused("changes.names_kept", "clusterDomain", {"clusterDomain": "other.local"}, previous={}),
    accepted("changes.names_kept", {"replicas": 5}, previous={}),
    refused("changes.namespace_kept", "namespace.create", {"namespace.create": False}, base=DEVELOPMENT, previous={}),
    accepted(
        "changes.namespace_kept",
        {"namespace.create": False, "deletionPolicy": "Retain"},
        base=DEVELOPMENT,
        previous={"deletionPolicy": "Retain"},
    ),
    accepted("changes.namespace_kept", {"namespace.create": False}, previous={}),
    refused("changes.shrink", "replicas", {"replicas": 1}, base=DEVELOPMENT, previous={"replicas": 3}),
    refused("changes.shrink", "replicas", {"replicas": 3}, previous={"replicas": 7}),
    accepted("changes.shrink", {"replicas": 3}, previous={"replicas": 5}),
    refused("changes.once", "selfInit", {"selfInit.userpass.users[0].username": "other"}, previous={}),
    refused("changes.once", "bootstrap", {"bootstrap": "manual"}, base=DEVELOPMENT, previous={}),
    accepted("changes.once", {"replicas": 5}, base=HARDENED, previous={}),
]
