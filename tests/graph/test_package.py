"""The component package without an engine: its arguments, its schema, and what it answers to a program.

Not proven here: that Pulumi installs and runs it (tests/sandbox/test_package.py does).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
import yaml
from pulumi.provider import ConstructResult
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components.outputs import OUTPUTS
from components.package import NAME, VERSION, Package
from profiles.schema import json_schema
from tests.graph.recorder import Recorder, run
from tools.component_inputs import FOLDER, sources

pytestmark = pytest.mark.graph

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "package-schema.json"
CLUSTERS = [f"openbao:index:{profile}VaultCluster" for profile in ("Development", "Hardened")]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Package().schema or "")
    return found


def test_the_typed_arguments_are_made_from_the_models() -> None:
    """A field that only the models have could not be set from any other program. Way out: the command below."""
    committed = {file.name: file.read_text() for file in FOLDER.glob("*.py")}
    assert committed == sources(), "python -m tools.component_inputs"


def test_the_schema_is_the_committed_one(schema: dict[str, Any]) -> None:
    """Every program that uses the package is generated against it: what leaves it breaks them.

    After a wanted change: UPDATE_SNAPSHOTS=1 python -m pytest tests/graph, then read the diff.
    """
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SCHEMA.write_text(json.dumps(schema, indent=1) + "\n")
    assert json.loads(SCHEMA.read_text()) == schema


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_field_of_a_stack_file_has_the_same_name_in_other_programs(cluster: str, schema: dict[str, Any]) -> None:
    """Two spellings of one field would split the documentation, and every error would name the wrong one."""
    models = json_schema()["$defs"]
    wanted = set(models["Specification"]["properties"]) - {"profile"}
    assert set(schema["resources"][cluster]["inputProperties"]) == wanted
    types = {name.rsplit(":", 1)[1]: set(body["properties"]) for name, body in schema["types"].items()}
    for name, fields in types.items():
        if name in models:
            assert fields == set(models[name]["properties"]), name
    unseals = [body for name, body in models.items() if name.endswith("Unseal")]
    assert types["Unseal"] == {field for body in unseals for field in body["properties"]}


def test_required_and_plain_fields_are_what_the_parser_demands(schema: dict[str, Any]) -> None:
    """A program could not be written, or one that a compiler accepts would be refused."""
    types = {name.rsplit(":", 1)[1]: body for name, body in schema["types"].items()}
    assert [schema["resources"][cluster]["requiredInputs"] for cluster in CLUSTERS] == [[], []]
    assert types["Unseal"]["required"] == ["type"]
    assert types["Tls"]["required"] == ["mode"]
    assert types["PodIdentity"]["required"] == ["clusterName"]
    assert types["RecoveryKeys"]["required"] == ["recipients", "shares", "threshold"]
    top = schema["resources"][CLUSTERS[0]]["inputProperties"]
    assert top["replicas"] == {"type": "integer", "plain": True, "description": "Default: decided by the profile."}
    assert "plain" not in types["Storage"]["properties"]["size"]


def test_everything_that_a_program_reads_from_a_cluster_is_documented(schema: dict[str, Any]) -> None:
    """An output without a word about its unit or its source is guessed at."""
    for cluster in CLUSTERS:
        outputs = schema["resources"][cluster]["properties"]
        assert len(outputs) == len(OUTPUTS)
        assert all(output["description"] for output in outputs.values())
        assert schema["resources"][cluster]["description"].startswith("An OpenBao cluster for")
    assert "One of `static`, `transit`" in schema["types"]["openbao:index:Unseal"]["properties"]["type"]["description"]


def test_the_package_has_one_version_and_one_name() -> None:
    """Pulumi would install one version and ask for another."""
    plugin = yaml.safe_load((ROOT / "components" / "PulumiPlugin.yaml").read_text())
    assert (plugin["name"], plugin["version"]) == (NAME, VERSION)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_importing_the_components_loads_no_providers() -> None:
    """The SDKs of two clouds would cost every preview seconds, whichever cloud it is about."""
    heavy = "('pulumi_aws', 'pulumi_gcp', 'pulumi_kubernetes.core')"
    question = f"import sys, components, components.package; print([m for m in sys.modules if m.startswith({heavy})])"
    answer = subprocess.run([sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The package as Pulumi starts it: the folder is run, from anywhere."""
    command = [sys.executable, str(ROOT / "components"), "127.0.0.1:1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            process.kill()


def test_the_folder_runs_as_a_plugin(served: provider_pb2_grpc.ResourceProviderStub, schema: dict[str, Any]) -> None:
    """`components/kubernetes` must not hide the package of that name, and `profiles` must be found."""
    answer = served.GetSchema(provider_pb2.GetSchemaRequest(), timeout=30)
    assert json.loads(answer.schema) == schema


def construct(inputs: pulumi.Inputs, profile: str = "Development") -> Recorder:
    """What a program in another language gets: schema spelling, numbers as floats."""
    return run(lambda: Package().construct("openbao", f"openbao:index:{profile}VaultCluster", inputs))


def test_arguments_as_the_protocol_brings_them_are_understood() -> None:
    """All numbers arrive as floats; a Development cluster must not need them to be anything else."""
    recorder = construct(
        {"replicas": 3.0, "configuration": {"cacheSize": 1000.0, "unsafeAllowAPIAuditCreation": False}}
    )
    assert recorder.named(":StatefulSet", "openbao").inputs["spec"]["replicas"] == 3


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"replicass": 3.0}, r"replicass: There is no field `replicass`\. Did you mean `replicas`\?"),
        ({"unseal": {"type": "static", "region": "x"}}, r"unseal\.region: There is no field `region`"),
        ({"unseal": {"type": "transit", "address": "https://x"}}, r"unseal\.keyName: "),
        ({"unseal": {}}, r"unseal\.type: `type` is missing"),
        ({"tls": {"mode": "External", "directoryUrl": "x"}}, r"tls\.directoryUrl: There is no field"),
        ({"replicas": 2.5}, r"replicas: "),
    ],
)
def test_a_wrong_argument_is_named_without_a_traceback(inputs: pulumi.Inputs, message: str) -> None:
    """Pulumi's own host drops what it does not know, and shows a traceback for everything else."""
    with pytest.raises(pulumi.InputPropertiesError, match=message):
        construct(inputs)


def test_a_refusal_names_every_problem_and_no_value() -> None:
    """A token that is refused because it is inline must not be printed for it."""
    inputs = {
        "replicas": 2.0,
        "unseal": {"type": "transit", "address": "https://kms.example.com", "keyName": "k", "token": "canary"},
        "tls": {"mode": "External", "secretName": "tls"},
    }
    with pytest.raises(pulumi.InputPropertiesError) as refused:
        construct(inputs, "Hardened")
    for rule in ("hardened.minimum-replicas", "hardened.unseal.transit-inline-token"):
        assert rule in refused.value.message
    assert "canary" not in refused.value.message
    # with a path Pulumi would print the field's value beside it
    assert refused.value.errors == []


def test_a_block_that_comes_late_is_refused_and_not_dropped() -> None:
    """Pulumi's own host takes a block that is an output for an empty one: an unseal key would be generated unasked."""

    def program() -> None:
        late = pulumi.Output.from_input({"type": "static", "secretName": "mine"})
        Package().construct("openbao", CLUSTERS[0], {"unseal": late})

    with pytest.raises(pulumi.InputPropertiesError, match="unseal"):
        run(program)


def test_the_example_in_yaml_is_accepted(schema: dict[str, Any]) -> None:
    """Readers copy it, and nothing here runs Pulumi's YAML."""
    document = yaml.safe_load((ROOT / "examples/package/yaml/Pulumi.yaml").read_text())
    (resource,) = document["resources"].values()
    assert resource["type"] == "openbao:DevelopmentVaultCluster"
    assert construct(resource["properties"]).of_kind("StatefulSet")
    read = {value.removeprefix("${vault.").removesuffix("}") for value in document["outputs"].values()}
    assert read <= set(schema["resources"][CLUSTERS[0]]["properties"])


def test_the_outputs_of_a_construction_are_those_of_the_schema(schema: dict[str, Any]) -> None:
    """An output that is declared and never set is silently missing in the program that reads it."""
    made: list[ConstructResult] = []
    run(lambda: made.append(Package().construct("openbao", CLUSTERS[0], {})))
    assert set(made[0].state) == set(schema["resources"][CLUSTERS[0]]["properties"])
