"""The two Jobs of a bootstrap: the operator's init, and the proof that `pulumi up` waits for."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Any, Final

from components.kubernetes import pod
from components.kubernetes.metadata import labels, risk_annotations
from components.tls.trust import client_ca_mounts, client_ca_volumes
from profiles.layout import API_PORT, Names
from profiles.rendering import PROOF_MOUNT, PROOF_USER
from profiles.rendering.audit import audit_path
from profiles.specification import Specification

PATIENCE_SECONDS: Final = 300
# The script has spoken (exit 1): trying again would say the same. A pod that was lost says nothing: try another.
_FAILURE_POLICY: Final = {
    "rules": [
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
}
_JOB_LABEL: Final = {"openbao.org/job": "true"}


def script(name: str) -> str:
    """The text of one of the shell scripts beside this module."""
    return resources.files("components.bootstrap").joinpath(name).read_text("utf-8")


def job_labels(specification: Specification, component: str) -> dict[str, str]:
    """Labels of a Job and its pods; the server's selectors do not match them."""
    return {**labels(specification, component), **_JOB_LABEL}


def _job(specification: Specification, component: str, pod_spec: dict[str, Any]) -> dict[str, Any]:
    own = job_labels(specification, component)
    return {
        "metadata": {"labels": own},
        "spec": {
            "backoffLimit": 3,
            "activeDeadlineSeconds": 2 * PATIENCE_SECONDS,
            **({} if pod_spec["restartPolicy"] == "OnFailure" else {"podFailurePolicy": _FAILURE_POLICY}),
            "template": {"metadata": {"labels": own, "annotations": risk_annotations(specification)}, "spec": pod_spec},
        },
    }


def _pod_spec(specification: Specification, **own: Any) -> dict[str, Any]:
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod.pod_security(specification),
        "imagePullSecrets": [{"name": name} for name in specification.image.pull_secrets],
        **pod.placement(specification),
        **own,
    }


def _container(specification: Specification, name: str, mounts: dict[str, str], **own: Any) -> dict[str, Any]:
    return {
        "name": name,
        "image": pod.image(specification),
        "imagePullPolicy": specification.image.pull_policy,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": pod.container_security(),
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [
            pod.temporary_mount(),
            *({"name": volume, "mountPath": path, "readOnly": volume != "handover"} for volume, path in mounts.items()),
        ],
        **own,
    }


def _environment(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def proof_job(specification: Specification, login_secret: str, revision: str) -> dict[str, Any]:
    """A Job that logs in and sees the cluster work; `revision` makes a new one for every changed configuration."""
    names = Names.of(specification)
    stored_token = specification.bootstrap == "operatorInit"
    environment = {
        "NODES": " ".join(names.pods),
        "VERSION": specification.version,
        "SEAL_TYPE": specification.unseal.type if specification.unseal else "",
        "AUDIT_PATHS": " ".join(audit_path(device) for device in specification.audit),
        "LOGIN": "token" if stored_token else "userpass",
        "LOGIN_PATH": PROOF_MOUNT,
        "LOGIN_USER": PROOF_USER,
        "ROOT_TOKEN_ALLOWED": "true" if stored_token else "false",
        "POD_ADDRESS": f"https://{names.pod_dns('NODE')}:{API_PORT}",
        "PATIENCE": str(PATIENCE_SECONDS),
        "REVISION": revision,
    }
    container = _container(
        specification,
        "proof",
        {**client_ca_mounts(specification), "login": "/login"},
        command=["sh", "-c", script("proof.sh")],
        env=[
            *pod.client_environment(specification, pod.client_host(specification, names.active_service)),
            *_environment(environment),
        ],
    )
    volumes = [
        pod.temporary_volume(),
        *client_ca_volumes(specification),
        {"name": "login", "secret": {"secretName": login_secret, "defaultMode": 0o440}},
    ]
    return _job(specification, "proof", _pod_spec(specification, containers=[container], volumes=volumes))


def operator_init_job(specification: Specification) -> dict[str, Any]:
    """Runs `sys/init` once and stores the root token in `<name>-root-token`.

    Two containers, so that the one that sees the token has no right at the Kubernetes API and needs none: the server's
    image initialises and leaves a patch in memory, kubectl applies it to that one Secret.
    """
    names = Names.of(specification)
    init = _container(
        specification,
        "init",
        {**client_ca_mounts(specification), "token": "/token", "handover": "/handover"},
        command=["sh", "-c", script("operator_init.sh")],
        env=[
            *pod.client_environment(specification, names.pod_dns(names.pods[0])),
            *_environment({"PATIENCE": str(PATIENCE_SECONDS)}),
        ],
    )
    store = _container(
        specification,
        "store",
        {"handover": "/handover"},
        image=specification.helper_images.kubectl,
        command=["kubectl"],
        args=[
            "patch",
            "secret",
            names.child("root-token"),
            f"--namespace={names.namespace}",
            "--patch-file=/handover/patch.json",
            "--cache-dir=/tmp/kubectl",
        ],
    )
    store["volumeMounts"].append(pod.api_token_mount())
    volumes = [
        pod.temporary_volume(),
        pod.api_token_volume(),
        *client_ca_volumes(specification),
        {"name": "token", "secret": {"secretName": names.child("root-token"), "defaultMode": 0o440}},
        {"name": "handover", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]
    spec = _pod_spec(specification, initContainers=[init], containers=[store], volumes=volumes)
    # The token exists only in this pod until it is stored: keep the pod and retry its containers.
    spec |= {"restartPolicy": "OnFailure", "serviceAccountName": names.child("operator-init")}
    return _job(specification, "operator-init", spec)


def operator_init_role(specification: Specification) -> dict[str, Any]:
    """Patch one Secret, by name: all that storing the root token needs."""
    token = Names.of(specification).child("root-token")
    return {
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [token], "verbs": ["get", "patch"]}]
    }


def revision(*parts: object) -> str:
    """A short hash that changes with whatever the proof has to be repeated for."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]
