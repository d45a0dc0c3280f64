"""The examples of every rule, by subject."""

from __future__ import annotations

from tests.contract.examples import access, bootstrap, changes, dns01, networking, profile, serving, trust_root

EXAMPLES = [
    *profile.EXAMPLES,
    *trust_root.EXAMPLES,
    *serving.EXAMPLES,
    *dns01.EXAMPLES,
    *networking.EXAMPLES,
    *bootstrap.EXAMPLES,
    *access.EXAMPLES,
    *changes.EXAMPLES,
]
