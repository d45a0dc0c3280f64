"""The policy pack with the real pulumi-policy, spoken to as the engine speaks to it.

pulumi-policy wants another protobuf than the components, so it lives in a folder of its own, installed once into the
cache. What this does not show: the official engine starting the pack, which needs its language plugin.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.specifications import changed
from tests.contract.test_policy_pack import SERVERS, STATEFUL_SET
from tests.server.binaries import from_file

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
ENGINE = """
import json, sys
import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

port, resource_type, props = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
properties = Struct()
properties.update(props)
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    stub = analyzer_pb2_grpc.AnalyzerStub(channel)
    request = analyzer_pb2.AnalyzeRequest(
        type=resource_type, properties=properties, urn="urn:pulumi:s::p::t::openbao", name="openbao"
    )
    names = {one.name: one.enforcementLevel for one in stub.GetAnalyzerInfo(Empty()).policies}
    found = [
        {"policy": one.policyName, "level": one.enforcementLevel, "message": one.message}
        for one in stub.Analyze(request).diagnostics
    ]
print(json.dumps({"policies": names, "found": found}))
"""


@pytest.fixture(scope="module")
def libraries() -> Path:
    """A folder with pulumi-policy and what it needs."""
    return from_file("pulumi-policy", ROOT / "policy/requirements.txt")


def _analyze(libraries: Path, props: dict[str, Any]) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(libraries)}
    pack = subprocess.Popen(
        [sys.executable, str(ROOT / "policy")], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert pack.stdout is not None
        assert pack.stderr is not None
        port = pack.stdout.readline().decode().strip()
        assert port.isdigit(), pack.stderr.read().decode()
        command = [sys.executable, "-c", ENGINE, port, STATEFUL_SET, json.dumps(props)]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert answer.returncode == 0, answer.stderr
        result: dict[str, Any] = json.loads(answer.stdout)
        return result
    finally:
        pack.kill()
        pack.communicate()


def test_the_real_pack_refuses_a_single_replica_under_the_rules_id(libraries: Path) -> None:
    """A pack that only works with our own fakes protects nobody."""
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # pulumi's sentinel for a text that is not known yet
    weak = changed(SERVERS, {"spec.replicas": 1, "spec.template.spec.serviceAccountName": unknown})
    answer = _analyze(libraries, weak)
    assert [one["policy"] for one in answer["found"]] == ["hardened.minimum-replicas"]
    assert "Set replicas to 3, 5 or 7." in answer["found"][0]["message"]
    mandatory, advisory = answer["found"][0]["level"], answer["policies"]["contract.service.source-ranges"]
    assert mandatory == answer["policies"]["contract.image.digest"]
    assert mandatory != advisory
