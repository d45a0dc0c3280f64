"""Specifications out of thin air, in the spelling of a stack file, mostly acceptable."""

from __future__ import annotations

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from profiles.contract import evaluate
from profiles.errors import SpecificationError
from profiles.parsing import parse
from profiles.specification import Specification
from tests.golden.cases import SEALS, TLS_MODES

CANARY = "canary-1f6b2d"
"""Stands in every secret field that these strategies fill."""

_words = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_scalars = st.one_of(_texts, st.integers(-(2**31), 2**31), st.booleans(), st.floats(-1e6, 1e6))
_values = st.recursive(
    st.one_of(_scalars, st.lists(_texts, min_size=1, max_size=3)),
    lambda inner: st.dictionaries(_words, inner, min_size=1, max_size=3),
    max_leaves=8,
)
request_values = st.dictionaries(_words, _values, min_size=1, max_size=3)
"""Free values of a self-init request that the contract accepts."""

_devices = st.lists(_words, min_size=1, max_size=2, unique=True)
_KMS_PORTS = [{"port": port} for port in (443, 8200, 5696)]
_POLICY = 'path "kv/*" { capabilities = ["read", "create", "update", "delete", "list", "sudo"] }'


def _unseals() -> st.SearchStrategy[dict[str, Any]]:
    inline = st.just({"type": "transit", "address": "https://kms.example:8200", "keyName": "k", "token": CANARY})
    return st.one_of(st.sampled_from([seal for name, seal in SEALS.items() if name != "kms"]), inline)


def _users() -> st.SearchStrategy[list[dict[str, Any]]]:
    names = st.lists(
        st.from_regex(r"[a-z][a-z0-9._-]{0,6}[a-z0-9]", fullmatch=True), min_size=1, max_size=3, unique=True
    )
    return names.map(lambda found: [{"username": name, "policies": ["admin"]} for name in found])


def _requests() -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries(
        {
            "name": _words,
            "path": _words.map(lambda word: f"kv/{word}"),
            "data": request_values,
        },
        optional={"allowFailure": st.booleans()},
    )
    return st.lists(one, max_size=3, unique_by=lambda request: request["name"])


def _self_init(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "mounts": [{"path": "kv", "type": "kv", "description": draw(_texts)}],
        "policies": [{"name": "admin", "policy": _POLICY}],
        "userpass": {"users": draw(_users())},
        "requests": draw(_requests()),
    }


@st.composite
def written(draw: st.DrawFn) -> dict[str, Any]:
    """A specification as a person writes it."""
    return {
        "profile": "Development",
        "name": draw(_words),
        "version": draw(st.sampled_from(["2.7.2", "2.6.2"])),
        "replicas": draw(st.sampled_from([1, 3, 5])),
        "unseal": draw(_unseals()),
        "tls": draw(st.sampled_from(list(TLS_MODES.values()))),
        "selfInit": _self_init(draw),
        "audit": [{"name": name, "options": {"file_path": "stdout"}} for name in draw(_devices)],
        "telemetry": {"enabled": draw(st.booleans()), "metricsListener": draw(st.booleans())},
        "configuration": {
            "ui": draw(st.booleans()),
            "listener": {"tlsMinVersion": draw(st.sampled_from(["tls12", "tls13"]))},
        },
        "network": {"egressRules": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": _KMS_PORTS}]},
    }


@st.composite
def accepted(draw: st.DrawFn) -> Specification:
    """A specification that the contract accepts."""
    try:
        specification = parse(draw(written()))
    except SpecificationError:
        assume(False)
        raise
    assume(not evaluate(specification).violations)
    return specification
