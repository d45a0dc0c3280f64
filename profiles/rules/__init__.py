"""The contract's rules, one module per subject. Importing a subject registers its rules, in this order."""

from __future__ import annotations

from profiles.rules import (  # isort: skip
    baseline,
    image,
    workload,
    versions,
    unseal,
    identity,
    server,
    telemetry,
    tls,
    dns01,
    acme,
    audit,
    self_init,
    self_init_values,
    access,
    lock_out,
    recovery,
    network,
    egress,
    backup,
    changes,
    offline,
)
from profiles.rules.elsewhere import ELSEWHERE
from profiles.rules.rule import REGISTRY

SUBJECTS = (
    baseline,
    image,
    workload,
    versions,
    unseal,
    identity,
    server,
    telemetry,
    tls,
    dns01,
    acme,
    audit,
    self_init,
    self_init_values,
    access,
    lock_out,
    recovery,
    network,
    egress,
    backup,
    changes,
    offline,
)

RULES = tuple(REGISTRY.rules)

__all__ = ["ELSEWHERE", "RULES", "SUBJECTS"]
