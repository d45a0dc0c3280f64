"""Nothing of the operator's published contract is missing, and nothing heavy is loaded to know it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from profiles.rules import ELSEWHERE, RULES

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]

OPERATOR_IDS = [
    "hardened.baseline",
    "hardened.minimum-replicas",
    "hardened.network.operation-egress-required",
    "hardened.backup.endpoint-scheme",
    "hardened.image-verification.enabled",
    "hardened.operator-image-verification.enabled",
    "hardened.image-verification.failure-policy",
    "hardened.operator-image-verification.failure-policy",
    "hardened.security-context.run-as-non-root",
    "hardened.security-context.root-identity",
    "hardened.security-context.root-supplemental-groups",
    "hardened.security-context.seccomp",
    "hardened.security-context.sysctls",
    "hardened.security-context.windows-options",
    "hardened.listener-tls",
    "hardened.storage.tls-verification",
    "hardened.storage.explicit-identity",
    "hardened.service-monitor.tls-verification",
    "hardened.gateway.backend-tls",
    "hardened.configuration.dangerous-runtime-flags",
    "hardened.network.raw-ingress-rules",
    "hardened.network.trusted-ingress-peers",
    "hardened.network.egress-rules",
    "hardened.unseal.transit-inline-token",
    "hardened.unseal.aws-inline-secret-key",
    "hardened.unseal.aws-inline-session-token",
    "hardened.unseal.azure-inline-client-secret",
    "hardened.unseal.pkcs11-inline-pin",
    "hardened.unseal.kms-plugin-inline-config",
    "hardened.authorization.image-trust-roots",
    "hardened.runtime.tls-enabled",
]
"""Every id of the operator's catalogue (`internal/platform/hardenedcontract/catalog.go`), typed from its table."""


def test_every_rule_of_the_operators_catalogue_is_here_or_said_not_to_apply() -> None:
    """Whoever moves from the operator must find each rule again."""
    known = {rule.id for rule in RULES} | {one.id for one in ELSEWHERE}
    assert set(OPERATOR_IDS) - known == set()
    assert {rule for rule in known if rule.startswith("hardened.")} - set(OPERATOR_IDS) == {
        "hardened.authorization (other verbs)"
    }


def test_four_lines_of_the_baseline_are_four_rows() -> None:
    """The operator's one id covers TLS, trust root, self-init and the transit server's certificate."""
    assert len([rule for rule in RULES if rule.id == "hardened.baseline"]) == 4


def test_what_does_not_apply_says_why() -> None:
    """'Not applicable' without a reason is a forgotten rule."""
    assert all(one.why.endswith(".") for one in ELSEWHERE)
    assert len({one.id for one in ELSEWHERE}) == len(ELSEWHERE)


def test_judging_loads_nothing_that_it_does_not_need() -> None:
    """A check in a third of a second, and a contract that runs where Pulumi is not installed."""
    heavy = ["pulumi", "click", "rich", "yaml", "cryptography", "pysequoia", "asyncio"]
    code = (
        "import sys; from profiles.contract import evaluate; from profiles.parsing import parse;"
        "evaluate(parse({'profile': 'Development'})).violations;"
        f"print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
