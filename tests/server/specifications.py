"""Specifications that the server tier runs."""

from __future__ import annotations

import os
from typing import Any

from profiles.specification import Specification
from tests.golden.cases import NEWEST, SEALS, specification

ADMIN = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }\n'
ADMIN_PASSWORD = b"admin-canary-5b2c"
UNSEAL_KEY = os.urandom(32)
SECRETS = {"openbao-unseal-key": {"key": UNSEAL_KEY}, "admin-login": {"password": ADMIN_PASSWORD}}
"""The Secrets that `cluster_specification` refers to."""


def cluster_specification(version: str = NEWEST, **fields: Any) -> Specification:
    """Three nodes that vote within seconds, and one admin; `fields` as a stack file spells them."""
    quick = {"autopilot": {"serverStabilizationTime": "1s"}}
    access = {
        "policies": [{"name": "admin", "policy": ADMIN}],
        "userpass": {"users": [{"username": "admin", "policies": ["admin"], "passwordSecretRef": "admin-login"}]},
    }
    self_init = {**access, **fields.pop("selfInit", {})}
    defaults = {"unseal": SEALS["static"], "configuration": quick, "selfInit": self_init}
    return specification(version, **{**defaults, **fields})
