"""What a platform team has set up before: a CA of its own that cert-manager serves, as one would write it in YAML."""

from __future__ import annotations

import json
from typing import Any, Final

from sandbox.cluster import Cluster
from tests.sandbox.cert_manager.controller import CLUSTER_NAMESPACE

CORPORATE: Final = "corporate"
"""Name of the ClusterIssuer, and of the Secret with its CA."""
_SELF_SIGNED: Final = "self-signed"


def corporate_issuer(cluster: Cluster) -> None:
    """The ClusterIssuer `corporate`, over a CA that cert-manager made."""
    spec = {"ca": {"secretName": CORPORATE}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CLUSTER_NAMESPACE}}
    _apply(cluster, namespace, _cluster_issuer(_SELF_SIGNED, {"selfSigned": {}}))
    _apply(cluster, _authority(CLUSTER_NAMESPACE), _cluster_issuer(CORPORATE, spec))


def corporate_secret(cluster: Cluster, namespace: str) -> None:
    """A CA in a Secret `corporate` of the namespace, for an Issuer over it."""
    _apply(cluster, _cluster_issuer(_SELF_SIGNED, {"selfSigned": {}}), _authority(namespace))
    cluster.kubectl("wait", "--for=condition=Ready", f"--namespace={namespace}", f"certificate/{CORPORATE}")


def _cluster_issuer(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": name}, "spec": spec}


def _authority(namespace: str) -> dict[str, Any]:
    spec = {
        "isCA": True,
        "commonName": "Corporate CA",
        "secretName": CORPORATE,
        "duration": "87600h",
        "privateKey": {"algorithm": "ECDSA", "size": 256},
        "usages": ["cert sign", "crl sign", "digital signature"],
        "issuerRef": {"name": _SELF_SIGNED, "kind": "ClusterIssuer"},
    }
    place = {"name": CORPORATE, "namespace": namespace}
    return {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": place, "spec": spec}


def _apply(cluster: Cluster, *objects: dict[str, Any]) -> None:
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=listing)
