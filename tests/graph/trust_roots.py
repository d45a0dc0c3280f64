"""Clusters on each trust root, and how a test looks at what they register."""

from __future__ import annotations

import json
from typing import Any, cast

from components import ClusterArgs, HardenedVaultCluster
from tests.contract.specifications import HARDENED, PLUGIN, changed
from tests.graph.clouds import ACCOUNT, CloudRecorder
from tests.graph.recorder import Recorder, Registration, run

POD_IDENTITY = {"podIdentity": {"clusterName": "production"}}
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"
AWS_CREATED = {"type": "awskms", "region": "eu-central-1", "plugin": PLUGIN, "createKey": {}, "identity": POD_IDENTITY}
GCP_CREATED = {
    "type": "gcpckms",
    "project": "p",
    "region": "europe-west3",
    "plugin": PLUGIN,
    "createKey": {},
    "identity": {"projectNumber": "42"},
}
OUTLIVES = {"protect": True, "retainOnDelete": True}


def hardened(unseal: dict[str, Any], *, preview: bool = False, **changes: Any) -> Recorder:
    specification = changed(HARDENED, {"unseal": unseal, **changes})
    recorder = CloudRecorder(preview=preview)
    return run(
        lambda: HardenedVaultCluster("openbao", cast("ClusterArgs", specification)), preview=preview, recorder=recorder
    )


def of_cloud(recorder: Recorder) -> dict[str, Registration]:
    """What is registered at the clouds, by `Kind` or, where there are several, `Kind name`."""
    found = [item for item in recorder.registrations if item.type.startswith(("aws:", "gcp:"))]
    kinds = [item.type.rsplit(":", 1)[1] for item in found]
    keys = [kind if kinds.count(kind) == 1 else f"{kind} {item.name}" for kind, item in zip(kinds, found, strict=True)]
    return dict(zip(keys, found, strict=True))


def options(item: Registration) -> dict[str, Any]:
    """What protects; parent and order are the same for all and tested by their effect."""
    return {key: value for key, value in item.options.items() if key not in ("parent", "dependsOn")}


def pod_spec(recorder: Recorder) -> dict[str, Any]:
    spec: dict[str, Any] = recorder.named(":StatefulSet", "openbao").inputs["spec"]["template"]["spec"]
    return spec


def server_configuration(recorder: Recorder) -> dict[str, Any]:
    maps = recorder.named(":ConfigMap", "openbao-config").inputs["data"]
    found: dict[str, Any] = json.loads(maps["server.json"])
    return found


def account_annotations(recorder: Recorder) -> dict[str, str]:
    account = recorder.named(":ServiceAccount", "openbao-serviceaccount")
    found: dict[str, str] = account.inputs["metadata"]["annotations"]
    return found


def statements(policy: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}
