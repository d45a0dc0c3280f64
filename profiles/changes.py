"""What a change of a specification means for the cluster that runs: one table from field to consequence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from profiles.evidence import shown
from profiles.rules.changes import KEY_FIELDS
from profiles.specification import Specification
from profiles.specification.base import Part
from profiles.values import Unknown


class Consequence(StrEnum):
    """What happens to a running cluster, from worst to least."""

    REFUSED = "refused"
    REPLACEMENT = "replacement"
    ROTATION = "needs a key rotation first"
    RESTART = "rolling restart"
    SCALE = "pods added or removed"
    RELOAD = "reload"
    UPDATE = "updated in place"
    NOTHING = "no effect on a living cluster"


_TABLE: tuple[tuple[str, Consequence, str], ...] = (
    ("profile", Consequence.REFUSED, "a profile is chosen once"),
    ("name", Consequence.REPLACEMENT, "every object is named after it"),
    ("namespace.name", Consequence.REPLACEMENT, "every object lives in it"),
    ("namespace.create", Consequence.UPDATE, "only who owns the namespace changes"),
    ("clusterDomain", Consequence.REPLACEMENT, "peers and certificates are named under it"),
    ("version", Consequence.RESTART, "pods are replaced one by one, the leader last"),
    ("image", Consequence.RESTART, "pods are replaced one by one, the leader last"),
    ("helperImages", Consequence.UPDATE, "used by later Jobs only"),
    ("imageVerification", Consequence.UPDATE, "checked before the next roll-out"),
    ("operatorImageVerification", Consequence.UPDATE, "checked before the next roll-out"),
    ("replicas", Consequence.SCALE, "voters join or leave one by one"),
    ("unseal.type", Consequence.REFUSED, "OpenBao needs a seal migration by hand"),
    ("unseal.secretName", Consequence.ROTATION, "name the old key in unseal.previous first"),
    ("unseal.keyId", Consequence.ROTATION, "name the old key in unseal.previous first"),
    ("unseal.createKey", Consequence.UPDATE, "settings of the key; a new key needs a rotation"),
    ("unseal", Consequence.RESTART, "the seal is read at start"),
    ("tls.mode", Consequence.RESTART, "the listener changes; clients may need another CA"),
    ("tls.extraSans", Consequence.RELOAD, "a new certificate is issued and reloaded"),
    ("tls.rotationPeriod", Consequence.RELOAD, "only when certificates are renewed changes"),
    ("tls.duration", Consequence.RELOAD, "a new certificate is issued and reloaded"),
    ("tls.renewBefore", Consequence.RELOAD, "only when certificates are renewed changes"),
    ("tls.issuerRef", Consequence.RELOAD, "a new certificate is issued and reloaded"),
    ("tls.issuer", Consequence.RELOAD, "a new certificate is issued and reloaded"),
    ("tls", Consequence.RESTART, "the listener and the joins change"),
    ("bootstrap", Consequence.NOTHING, "a cluster comes to life once"),
    ("selfInit", Consequence.NOTHING, "self-initialisation runs once; use the API"),
    ("recoveryKeys", Consequence.NOTHING, "made in self-initialisation; use the API"),
    ("audit", Consequence.RESTART, "a changed device gets a new path, so all nodes agree"),
    ("storage.storageClassName", Consequence.REFUSED, "volumes cannot change their class"),
    ("storage.size", Consequence.NOTHING, "volumes that exist are grown by hand: docs/operations.md"),
    ("network", Consequence.UPDATE, "NetworkPolicies"),
    ("service", Consequence.UPDATE, "the client Service"),
    ("gateway", Consequence.UPDATE, "the route"),
    ("ingress", Consequence.UPDATE, "the ingress"),
    ("configuration.autopilot", Consequence.NOTHING, "set by self-initialisation; use the API"),
    ("configuration.logLevel", Consequence.RESTART, "part of the server's configuration"),
    ("configuration", Consequence.RESTART, "part of the server's configuration"),
    ("telemetry.serviceMonitor", Consequence.UPDATE, "how Prometheus scrapes"),
    ("telemetry.prometheusRule", Consequence.UPDATE, "the alerts"),
    ("telemetry", Consequence.RESTART, "part of the server's configuration"),
    ("securityContext", Consequence.RESTART, "part of the pods"),
    ("resources", Consequence.RESTART, "part of the pods"),
    ("scheduling", Consequence.RESTART, "part of the pods"),
    ("backup", Consequence.UPDATE, "checked now; the Jobs are not built yet"),
    ("deletionPolicy", Consequence.UPDATE, "decides what the next destroy leaves"),
)
"""Field (with everything below it), consequence, why; the first row that fits counts."""


@dataclass(frozen=True)
class Change:
    """One field that differs. `old` and `new` show no secret."""

    path: str
    old: str
    new: str
    consequence: Consequence
    why: str


def diff(old: Specification, new: Specification) -> list[Change]:
    """Every field that differs between two specifications, with what its change means."""
    return [
        Change(path, shown(before), shown(after), *consequence(path, new))
        for path, before, after in _differing(old, new)
    ]


def consequence(path: str, specification: Specification) -> tuple[Consequence, str]:
    """What a change of this field means."""
    kind = specification.unseal.type if specification.unseal is not None else ""
    if path in {f"unseal.{_camel(specification.unseal, name)}" for name in KEY_FIELDS.get(kind, ())}:
        return Consequence.ROTATION, "keep the old key, roll out, call sys/rotate/root, then let it go"
    for field, meaning, why in _TABLE:
        if path == field or path.startswith((f"{field}.", f"{field}[")):
            return meaning, why
    return Consequence.RESTART, "part of the pods"


def _camel(part: Part | None, name: str) -> str:
    return (type(part).model_fields[name].alias or name) if part is not None else name


def _differing(old: Any, new: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    if isinstance(old, Part) and isinstance(new, Part) and type(old) is type(new):
        found = []
        for name, info in type(old).model_fields.items():
            inner = f"{path}.{info.alias or name}" if path else info.alias or name
            found += _differing(getattr(old, name), getattr(new, name), inner)
        return found
    if isinstance(old, Part) and isinstance(new, Part):
        tag = "type" if hasattr(new, "type") else "mode"
        return [(f"{path}.{tag}", old, new)]
    return [] if _same(old, new) else [(path, old, new)]


def _same(old: Any, new: Any) -> bool:
    """Equality in which two values that are not known yet are taken for the same."""
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return isinstance(old, Unknown) and isinstance(new, Unknown)
    if isinstance(old, SecretStr) and isinstance(new, SecretStr):
        return old.get_secret_value() == new.get_secret_value()
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_same(one, other) for one, other in zip(old, new, strict=True))
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, Part) and isinstance(new, Part):
        return not _differing(old, new)
    return bool(type(old) is type(new) and old == new)
