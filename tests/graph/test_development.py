"""What DevelopmentVaultCluster registers, exactly, with options; preview and update.

Not proven here: that any provider or API server accepts it (tests/sandbox does).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from components import ClusterArgs, DevelopmentVaultCluster
from components.arguments import RefusedSpecificationError
from components.record import REPORT_ANNOTATION
from tests.graph.recorder import Recorder, run

pytestmark = pytest.mark.graph

SNAPSHOTS = Path(__file__).parent / "snapshots"


def development(**arguments: Any) -> Recorder:
    return run(lambda: DevelopmentVaultCluster("openbao", cast("ClusterArgs", arguments)))


def _snapshot(recorder: Recorder) -> str:
    """All registrations; without the report of every rule, which the contract tier holds to the letter."""
    report = recorder.named(":ConfigMap", "openbao-contract").inputs["metadata"]["annotations"]
    assert json.loads(report.pop(REPORT_ANNOTATION))
    rows = [
        {"type": item.type, "name": item.name, "options": item.options, "inputs": item.inputs}
        for item in recorder.registrations
        if item.type != "pulumi:pulumi:Stack"
    ]
    rows.sort(key=lambda row: (str(row["type"]), str(row["name"])))
    return json.dumps(rows, indent=1, sort_keys=True, default=str) + "\n"


@pytest.mark.parametrize(
    ("case", "arguments"),
    [
        ("one-replica", {"replicas": 1}),
        ("three-replicas-retained", {"replicas": 3, "deletion_policy": "Retain"}),
        ("operator-init", {"bootstrap": "operatorInit"}),
        ("manual", {"bootstrap": "manual"}),
        ("older-server", {"version": "2.6.2"}),
    ],
)
def test_the_exact_set_of_resources_is_the_committed_one(case: str, arguments: dict[str, Any]) -> None:
    """A resource, an option or a field that changes unseen can replace a StatefulSet or drop a protection.

    After a wanted change: UPDATE_SNAPSHOTS=1 python -m pytest tests/graph, then read the diff.
    """
    file = SNAPSHOTS / f"development-{case}.json"
    found = _snapshot(development(**arguments))
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(found)
    assert json.loads(found) == json.loads(file.read_text())


def test_preview_registers_the_same_resources_as_the_update() -> None:
    """A resource that appears only in one of the two makes previews lie."""
    update = run(lambda: DevelopmentVaultCluster("openbao", {"replicas": 3}))
    preview = run(lambda: DevelopmentVaultCluster("openbao", {"replicas": 3}), preview=True)
    assert {(r.type, r.name) for r in update.registrations} == {(r.type, r.name) for r in preview.registrations}


def test_a_cluster_without_service_registration_has_no_rights_and_its_leader_is_found_through_any_pod() -> None:
    """A Role without use is one right too many, and a Service by a label that nobody sets leads nowhere."""
    registered = {r.name: r for r in development(replicas=3).registrations}
    found = development(replicas=3, configuration={"service_registration": False})
    names = {r.name for r in found.registrations}
    assert set(registered) - names == {"openbao-active", "openbao-role", "openbao-rolebinding"}
    assert names <= set(registered)
    (server,) = found.named(":StatefulSet", "openbao").inputs["spec"]["template"]["spec"]["containers"]
    assert not [entry["name"] for entry in server["env"] if entry["name"].startswith("BAO_K8S")]
    (proof,) = found.named(":Job", "openbao-proof").inputs["spec"]["template"]["spec"]["containers"]
    addresses = {entry["name"]: entry.get("value") for entry in proof["env"]}
    assert addresses["BAO_ADDR"] == "https://openbao-public.openbao.svc.cluster.local:8200"


def test_an_output_as_a_leaf_is_checked_when_it_is_known() -> None:
    """A bad value must not slip through because it came late."""

    def program() -> None:
        size = pulumi.Output.from_input("2Gi")
        DevelopmentVaultCluster("openbao", {"storage": {"size": size}})

    claims = run(program).named(":StatefulSet", "openbao").inputs["spec"]["volumeClaimTemplates"]
    assert claims[0]["spec"]["resources"]["requests"]["storage"] == "2Gi"

    def wrong() -> None:
        DevelopmentVaultCluster("openbao", {"storage": {"size": pulumi.Output.from_input("much")}})

    with pytest.raises(RefusedSpecificationError, match=r"storage\.size"):
        run(wrong)


def test_an_output_that_decides_which_resources_exist_is_refused() -> None:
    """Pulumi cannot plan resources whose number it does not know."""

    def later() -> None:
        arguments: Any = {"replicas": pulumi.Output.from_input(3)}
        DevelopmentVaultCluster("openbao", arguments)

    with pytest.raises(RefusedSpecificationError, match="replicas"):
        run(later)


def test_nothing_is_registered_for_a_refused_specification() -> None:
    """Half a cluster of a refused specification would be worse than none."""
    recorder = Recorder()

    def program() -> None:
        arguments: Any = {"replicas": 9, "unseal": {"type": "transmit"}, "sise": 1}
        DevelopmentVaultCluster("openbao", arguments)

    with pytest.raises(RefusedSpecificationError) as refused:
        run(program, recorder=recorder)
    assert {problem.path for problem in refused.value.problems} == {"replicas", "unseal.type", "sise"}
    assert not [item for item in recorder.registrations if item.type.startswith("kubernetes:")]


def test_the_stateful_set_depends_on_no_property_of_a_replaceable_object() -> None:
    """If `spec` depended on a Secret that is deleted before it is replaced, the pods would be replaced with it."""
    request = development().named(":StatefulSet", "openbao").request
    urns = list(request.propertyDependencies["spec"].urns)
    assert all("RandomBytes" in urn for urn in urns), urns


def test_the_unseal_key_is_never_made_again() -> None:
    """A regenerated key opens nothing; all data would be lost."""
    recorder = development(deletion_policy="Retain")
    assert {"length", "keepers"} <= set(recorder.named(":RandomBytes", "openbao-unseal-key").request.ignoreChanges)
    secret = recorder.named(":Secret", "openbao-unseal-key")
    assert "data" in secret.request.ignoreChanges
    assert secret.request.retainOnDelete
    assert secret.inputs["immutable"] is True


def test_the_callers_options_are_kept_and_reach_every_child() -> None:
    """A provider given to the component must be used for all of it; no default provider is made."""
    import pulumi_kubernetes as k8s

    def program() -> None:
        provider = k8s.Provider("mine", kubeconfig="{}")
        DevelopmentVaultCluster("openbao", {}, pulumi.ResourceOptions(providers=[provider], protect=True))

    children = [r for r in run(program).registrations if r.type.startswith("kubernetes:")]
    assert children
    assert all("mine" in item.request.provider for item in children)
    assert all(item.request.protect for item in children)


def test_cloud_sdks_are_not_loaded_for_a_development_cluster() -> None:
    """Import time is paid at every preview."""
    import subprocess
    import sys

    code = (
        "from tests.graph.recorder import run\nfrom components import DevelopmentVaultCluster\n"
        "run(lambda: DevelopmentVaultCluster('openbao', {}))\n"
        "import sys\nassert not {'pulumi_aws', 'pulumi_gcp'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
