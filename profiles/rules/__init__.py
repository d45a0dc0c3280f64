"""The contract's rules, one module per subject, in the order of the contract's own tables."""

from __future__ import annotations

from profiles.rules import baseline  # noqa: F401 - importing a subject registers its rules
from profiles.rules.rule import REGISTRY

RULES = tuple(REGISTRY.rules)
