"""Audit devices, declared in configuration.

A device's options can never change under its path: every node would loop and none become active. So the path carries a
hash of them, and a change is a new device beside the old one's removal, which rolls out like any other change.
"""

from __future__ import annotations

import hashlib
import json

from profiles.rendering.text import Stanza, require_known, without_empty
from profiles.specification import Specification
from profiles.specification.server import AuditDevice


def audit_stanzas(specification: Specification) -> list[Stanza]:
    """All `audit` stanzas, in the specification's order."""
    return [
        without_empty(
            {
                "type": device.type,
                "path": audit_path(device),
                "description": device.description,
                "options": dict(device.options),
            }
        )
        for device in specification.audit
    ]


def audit_path(device: AuditDevice) -> str:
    """`<name>-<8 hex>`: the same for the same device on every node and in every run."""
    require_known(dict(device.options))
    fixed = json.dumps([device.type, device.description, device.options], sort_keys=True)
    return f"{device.name}-{hashlib.sha256(fixed.encode()).hexdigest()[:8]}"
