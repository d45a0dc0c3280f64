"""Free values of self-init requests, through the real server and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, settings

from tests.contract.rendering.strategies import request_values
from tests.golden.cases import VERSIONS
from tests.server.binaries import bao
from tests.server.cluster import Cluster
from tests.server.lab import Lab
from tests.server.specifications import ADMIN_PASSWORD, SECRETS, cluster_specification

pytestmark = pytest.mark.server

NASTY: list[dict[str, Any]] = [
    {"text": 'a"\nui = true\\ ${x} %{y} {{z}} </script>\t\u2028\x01 é ☃ 😀'},
    {"siblings": {"a": {"x": "1"}, "b": {"y": "2"}}, "more": {"c": {"d": {"e": {"f": 1}}}}},
    {"one": {"inner": {"inner": {}}}, "list": ["a", "b"], "flag": False, "zero": 0, "float": 1.5},
    {"type": "x", "path": "y", "operation": "z", "data": {"data": {"data": "d"}}},
]


def values() -> list[dict[str, Any]]:
    """The nasty ones, and 120 that hypothesis thinks of."""
    found = list(NASTY)

    @settings(max_examples=120, derandomize=True, deadline=None, phases=[Phase.generate], database=None)
    @given(request_values)
    def collect(value: dict[str, Any]) -> None:
        found.append(value)

    collect()
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_values_that_the_contract_accepts_arrive_exactly(lab: Lab, version: str) -> None:
    """Broken: the server stores something else than what was written, or dies of it during its only bootstrap."""
    wanted = values()
    paths = [f"kv/data/{number}" for number in range(len(wanted))]
    requests = [
        {"name": f"r{number}", "path": path, "data": {"data": value}}
        for number, (path, value) in enumerate(zip(paths, wanted, strict=True))
    ]
    kv = {"mounts": [{"path": "kv", "type": "kv", "options": {"version": "2"}}]}
    specification = cluster_specification(version, replicas=1, selfInit={**kv, "requests": requests})
    cluster = Cluster(lab, bao(version), specification, SECRETS)
    cluster.start()
    node = cluster.active()
    admin = node.login("userpass", "admin", password=ADMIN_PASSWORD.decode())
    assert [node.read(path, admin)["data"] for path in paths] == wanted
