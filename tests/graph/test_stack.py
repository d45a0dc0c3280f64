"""The stack program's way from configuration to a cluster. That the engine shows refusals well: tests/sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.config import CONFIG, set_all_config

from components.stack import WrongStackFileError, stack_specification
from profiles.errors import UnusableInput
from profiles.stack_files import read
from tests.graph.recorder import run

pytestmark = pytest.mark.graph


@pytest.fixture(autouse=True)
def _no_configuration() -> Iterator[None]:
    before = CONFIG.get()
    yield
    set_all_config(before)


def _named(beside: str | None, inside: str | None) -> str:
    """The name of the component that a stack file with these two names leads to."""
    cluster = {"profile": "Development", **({"name": inside} if inside else {})}
    set_all_config({"vault:cluster": json.dumps(cluster), **({"vault:name": beside} if beside else {})})
    found = []
    run(lambda: found.append(stack_specification(pulumi.Config("vault"))[0]))
    return found[0]


@pytest.mark.parametrize(("beside", "inside"), [("mine", None), (None, "mine"), ("mine", "mine")])
def test_the_component_has_the_clusters_name_wherever_it_is_given(beside: str | None, inside: str | None) -> None:
    """Otherwise Pulumi's names and those in Kubernetes differ, and moving the name within the file moves the URNs."""
    assert _named(beside, inside) == "mine"


def test_a_stack_without_a_name_has_the_products() -> None:
    """The shortest stack file of the README must work."""
    assert _named(None, None) == "openbao"


def test_two_names_for_one_cluster_are_refused() -> None:
    """One of them was taken in silence, and who looked for the other found nothing in Kubernetes."""
    with pytest.raises(WrongStackFileError, match=r"vault:name: The cluster has another name in `vault:cluster`"):
        _named("one", "other")


def test_a_check_of_the_file_knows_the_same_name(tmp_path: Path) -> None:
    """A check that takes the product's name for the cluster's judges another cluster than the one that comes."""
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text("config: {vault:name: mine, vault:cluster: {profile: Development}}")
    assert read(file).data["name"] == "mine"
    file.write_text("config: {vault:name: mine, vault:cluster: {profile: Development, name: other}}")
    with pytest.raises(UnusableInput, match="another name"):
        read(file)
