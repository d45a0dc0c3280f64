"""What the server's pod mounts: data, configuration, certificates, credentials, and what only pod 0 may see."""

from __future__ import annotations

from typing import Any, Final

from components.kubernetes import plugin, pod
from profiles import layout
from profiles.layout import Names
from profiles.rendering import SecretMount, bootstrap_secrets, seal_needs
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls

BOOTSTRAP_STATE: Final = "BOOTSTRAP_STATE"
PENDING: Final = "pending"
PROVEN: Final = "proven"
NOTHING_FILE: Final = "nothing.json"


def self_initialises(specification: Specification) -> bool:
    """Whether pod 0 initialises the cluster by itself."""
    return specification.bootstrap == "selfInit"


def _read_only(name: str, path: str, **more: str) -> dict[str, Any]:
    return {"name": name, "mountPath": path, "readOnly": True, **more}


def _seal_volume(index: int) -> str:
    return f"seal-{index}"


def mounts(specification: Specification, with_certificates: bool) -> list[dict[str, Any]]:
    """`volumeMounts` of the server."""
    made = [
        {"name": "data", "mountPath": layout.DATA_DIR},
        pod.temporary_mount(),
        pod.api_token_mount(),
        _read_only("config", layout.CONFIG_DIR),
    ]
    if with_certificates:
        made.append(_read_only("tls", layout.TLS_DIR))
    made += _acme_mounts(specification)
    if self_initialises(specification):
        # Only pod 0 of a cluster that was never proven finds files there; every other start finds an empty folder.
        here = f"$({BOOTSTRAP_STATE})/$(POD_NAME)"
        made.append(_read_only("bootstrap", layout.BOOTSTRAP_DIR, subPathExpr=here))
        made.append(_read_only("bootstrap-secrets", layout.BOOTSTRAP_SECRETS_DIR, subPathExpr=here))
    made += plugin.mounts(specification)
    return made + [
        _read_only(_seal_volume(index), mount.directory) for index, mount in enumerate(seal_needs(specification).mounts)
    ]


def volumes(
    specification: Specification, config_map: str, config_secret: str | None, tls_secret: str | None
) -> list[dict[str, Any]]:
    """`volumes` of the pod; the data volume comes from the StatefulSet's claim template."""
    made = [pod.temporary_volume(), pod.api_token_volume(), _configuration(config_map, config_secret)]
    if tls_secret:
        made.append(_secret(SecretMount(tls_secret, layout.TLS_DIR), "tls"))
    made += _acme_volumes(specification)
    if self_initialises(specification):
        made += [_bootstrap(specification), _bootstrap_secrets(specification)]
    made += plugin.volumes(specification)
    return made + [_secret(mount, _seal_volume(index)) for index, mount in enumerate(seal_needs(specification).mounts)]


def _acme_mounts(specification: Specification) -> list[dict[str, Any]]:
    paths = {"acme-ca": layout.ACME_CA_DIR, "acme-cache": layout.SHARED_ACME_CACHE_DIR}
    names = [volume["name"] for volume in _acme_volumes(specification)]
    return [{"name": name, "mountPath": paths[name], "readOnly": name == "acme-ca"} for name in names]


def _acme_volumes(specification: Specification) -> list[dict[str, Any]]:
    """Roots for the ACME directory and for what it issues, and the cache that all pods share."""
    tls = specification.tls
    if not isinstance(tls, AcmeTls):
        return []
    made = []
    if tls.ca_root_secret_ref is not None:
        files = {name: name for name in ("ca.crt", "issuer.crt")}
        made.append(_secret(SecretMount(tls.ca_root_secret_ref, layout.ACME_CA_DIR, files), "acme-ca"))
    if tls.shared_cache is not None:
        claim = tls.shared_cache.claim_name
        own = Names.of(specification).child("acme-cache")
        made.append({"name": "acme-cache", "persistentVolumeClaim": {"claimName": own if claim is None else claim}})
    return made


def _secret(mount: SecretMount, name: str) -> dict[str, Any]:
    items = {"items": [{"key": key, "path": path} for path, key in mount.files.items()]} if mount.files else {}
    return {"name": name, "secret": {"secretName": mount.secret_name, "defaultMode": 0o440, **items}}


def _configuration(config_map: str, config_secret: str | None) -> dict[str, Any]:
    sources: list[dict[str, Any]] = [{"configMap": {"name": config_map}}]
    if config_secret:
        sources.append({"secret": {"name": config_secret}})
    return {"name": "config", "projected": {"sources": sources, "defaultMode": 0o440}}


def _bootstrap(specification: Specification) -> dict[str, Any]:
    """The stanza for pod 0 of an unproven cluster, an empty configuration for every other start."""
    stanza = Names.of(specification).child("config-init")
    items = [{"key": layout.BOOTSTRAP_FILE, "path": f"{_founding(specification)}/{layout.BOOTSTRAP_FILE}"}]
    items += _nothing(specification)
    return {"name": "bootstrap", "secret": {"secretName": stanza, "items": items, "defaultMode": 0o440}}


def _bootstrap_secrets(specification: Specification) -> dict[str, Any]:
    sources = [
        _from_secret(secret.secret_name, [{"key": secret.key, "path": f"{_founding(specification)}/{secret.file}"}])
        for secret in bootstrap_secrets(specification)
    ]
    sources.append(_from_secret(Names.of(specification).child("config-init"), _nothing(specification)))
    return {"name": "bootstrap-secrets", "projected": {"sources": sources, "defaultMode": 0o440}}


def _from_secret(name: str, items: list[dict[str, str]]) -> dict[str, Any]:
    return {"secret": {"name": name, "items": items}}


def _founding(specification: Specification) -> str:
    """The folder that only ordinal 0 of an unproven cluster mounts."""
    return f"{PENDING}/{Names.of(specification).pods[0]}"


def _nothing(specification: Specification) -> list[dict[str, str]]:
    """A file with nothing in it for every folder that any other start mounts.

    Without a file kubelet would make the folder itself, and remove it again with the next refresh of the volume, under
    the container that is just reading it (kubelet's atomic writer removes what is not in the payload).
    """
    pods = Names.of(specification).pods
    folders = [f"{state}/{pod}" for state in (PENDING, PROVEN) for pod in pods]
    return [
        {"key": NOTHING_FILE, "path": f"{folder}/{NOTHING_FILE}"}
        for folder in folders
        if folder != _founding(specification)
    ]
