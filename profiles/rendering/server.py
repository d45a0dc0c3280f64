"""The server's configuration file: one for all pods, with nothing in it that differs between them.

Who a pod is comes by environment (BAO_RAFT_NODE_ID, BAO_API_ADDR, BAO_CLUSTER_ADDR); its peers are listed by name, so
no pod needs the Kubernetes API to find them.
"""

from __future__ import annotations

from collections.abc import Collection

from profiles import layout
from profiles.layout import Names
from profiles.rendering.audit import audit_stanzas
from profiles.rendering.listener import listeners, peer_ca_file, scheme, server_name
from profiles.rendering.plugins import plugin_settings
from profiles.rendering.seal import seal_is_secret, seal_stanza
from profiles.rendering.text import Stanza, require_known, without_empty
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls

# New nodes become voters in about 8 s instead of 22 s, and a lost leader is replaced in 2 s instead of 11 s.
RAFT_TIMING: Stanza = {
    "performance_multiplier": 1,
    "autopilot_reconcile_interval": "1s",
    "autopilot_update_interval": "500ms",
}


def server_configuration(specification: Specification) -> dict[str, object]:
    """What every pod reads, without any secret. Belongs in a ConfigMap as `layout.CONFIG_FILE`.

    Raises `NotKnownYet` for the field that is not known yet. Needs no value that only the secret stanzas hold.
    """
    return _whole(specification, leave_out=_secret_stanzas(specification))


def has_secret_configuration(specification: Specification) -> bool:
    """Whether there is a `secret_configuration`, also while its values are not known yet."""
    return bool(_secret_stanzas(specification))


def secret_configuration(specification: Specification) -> dict[str, object] | None:
    """The stanzas that hold a secret value, for a second file from a Secret in the same folder; usually None.

    OpenBao merges the files of a folder. Secret are: all listeners when ACME needs an account key, and the seal of a
    plugin whose options only its user knows.
    """
    secret = _secret_stanzas(specification)
    if not secret:
        return None
    kept = secret | {"cluster_name"}  # a scalar beside them: without one OpenBao's JSON reader takes stanzas for labels
    return {key: value for key, value in _whole(specification).items() if key in kept}


def _secret_stanzas(specification: Specification) -> set[str]:
    tls = specification.tls
    account = isinstance(tls, AcmeTls) and (tls.eab_mac_key is not None or tls.eab_secret_ref is not None)
    return ({"listener"} if account else set()) | ({"seal"} if seal_is_secret(specification) else set())


def _whole(specification: Specification, leave_out: Collection[str] = ()) -> Stanza:
    whole = {
        "cluster_name": specification.name,
        **({} if "listener" in leave_out else {"listener": listeners(specification)}),
        "storage": {"raft": _raft(specification)},
        **({} if "seal" in leave_out else {"seal": seal_stanza(specification)}),
        **({"service_registration": [{"kubernetes": {}}]} if specification.configuration.service_registration else {}),
        **without_empty({"audit": audit_stanzas(specification), "telemetry": _telemetry(specification)}),
        **plugin_settings(specification),
        **_settings(specification),
    }
    require_known(whole)
    return whole


def _raft(specification: Specification) -> Stanza:
    return {"path": layout.DATA_DIR, **RAFT_TIMING, "retry_join": _joins(specification)}


def _joins(specification: Specification) -> list[Stanza]:
    """One entry per ordinal, a pod's own included: a server ignores itself."""
    names = Names.of(specification)
    encrypted = scheme(specification) == "https"
    return [
        without_empty(
            {
                "leader_api_addr": f"{scheme(specification)}://{names.pod_dns(pod)}:{layout.API_PORT}",
                "leader_tls_servername": server_name(specification, pod) if encrypted else None,
                "leader_ca_cert_file": peer_ca_file(specification) if encrypted else None,
            }
        )
        for pod in names.pods
    ]


def _telemetry(specification: Specification) -> Stanza | None:
    if not specification.telemetry.enabled:
        return None
    return {
        "prometheus_retention_time": specification.telemetry.prometheus_retention_time,
        "disable_hostname": True,
    }


def _settings(specification: Specification) -> Stanza:
    wishes = specification.configuration
    return without_empty(
        {
            "ui": wishes.ui,
            "log_level": wishes.log_level,
            "log_format": wishes.log_format,
            "default_lease_ttl": wishes.default_lease_ttl,
            "max_lease_ttl": wishes.max_lease_ttl,
            "cache_size": wishes.cache_size,
            "disable_standby_reads": wishes.disable_standby_reads,
            "detect_deadlocks": ",".join(wishes.detect_deadlocks) or None,
            "raw_storage_endpoint": wishes.raw_storage_endpoint,
            "introspection_endpoint": wishes.introspection_endpoint,
            "unsafe_allow_api_audit_creation": wishes.unsafe_allow_api_audit_creation,
        }
    )
