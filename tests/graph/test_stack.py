"""The stack program's way from configuration to a cluster. That the engine shows refusals well: tests/sandbox."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pulumi.runtime.config import CONFIG, set_all_config

from components.stack import WrongStackFileError
from profiles.errors import UnusableInput
from profiles.stack_files import read
from tests.graph.recorder import Recorder, run

pytestmark = pytest.mark.graph

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_configuration() -> Iterator[None]:
    before = CONFIG.get()
    yield
    set_all_config(before)


def _stack(beside: str | None, inside: str | None) -> Recorder:
    """The stack program, run with a stack file that gives these two names."""
    cluster = {"profile": "Development", **({"name": inside} if inside else {})}
    set_all_config({"vault:cluster": json.dumps(cluster), **({"vault:name": beside} if beside else {})})
    return run(lambda: runpy.run_path(str(ROOT / "__main__.py")))


NAMES = [("mine", None, "mine"), (None, "mine", "mine"), ("mine", "mine", "mine"), (None, None, "openbao")]


@pytest.mark.parametrize(("beside", "inside", "expected"), NAMES)
def test_the_cluster_has_its_name_wherever_it_is_given(beside: str | None, inside: str | None, expected: str) -> None:
    """`vault:name` is a short way to say it; a stack file without any must work, too."""
    [stateful_set] = _stack(beside, inside).of_kind("StatefulSet")
    assert stateful_set.inputs["metadata"]["name"] == expected


def test_another_name_makes_no_other_resource() -> None:
    """A renamed resource is a new one to the engine, and nothing refuses the removal of the old one and its data."""
    one, other = ({(item.type, item.name) for item in _stack(name, None).registrations} for name in ("one", "other"))
    assert one == other


def test_resources_named_after_the_cluster_are_found_again() -> None:
    """Stacks of earlier releases: without the alias an upgrade makes a second unseal key and removes the first."""
    [component] = [
        item for item in _stack("mine", None).registrations if item.name == "openbao" and ":index:" in item.type
    ]
    assert [alias.spec.name for alias in component.request.aliases if alias.spec.name] == ["mine"]


def test_two_names_for_one_cluster_are_refused() -> None:
    """One of them was taken in silence, and who looked for the other found nothing in Kubernetes."""
    with pytest.raises(WrongStackFileError, match=r"vault:name: The cluster has another name in `vault:cluster`"):
        _stack("one", "other")


def test_a_check_of_the_file_knows_the_same_name(tmp_path: Path) -> None:
    """A check that takes the product's name for the cluster's judges another cluster than the one that comes."""
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text("config: {vault:name: mine, vault:cluster: {profile: Development}}")
    assert read(file).data["name"] == "mine"
    file.write_text("config: {vault:name: mine, vault:cluster: {profile: Development, name: other}}")
    with pytest.raises(UnusableInput, match="another name"):
        read(file)


def test_the_project_gives_no_name_by_itself() -> None:
    """A default in Pulumi.yaml reaches the program as if the stack file had said it: a second name beside its own."""
    assert "name" not in yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
