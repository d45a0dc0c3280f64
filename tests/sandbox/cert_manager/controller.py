"""The loop that makes Issuers ready and fills the Secrets of Certificates."""
# mypy: allow-untyped-calls

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from kubernetes.client import CoreV1Api, CustomObjectsApi
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config
from urllib3.exceptions import HTTPError

from sandbox.cluster import Cluster
from tests.sandbox.cert_manager import signing
from tests.sandbox.cert_manager.signing import Pair
from tests.sandbox.client import until

CLUSTER_NAMESPACE: Final = "cert-manager"
"""Where the Secrets of ClusterIssuers are sought, as cert-manager does by default."""
_GROUP: Final = ("cert-manager.io", "v1")
_APPLY: Final = "application/apply-patch+yaml"
_MERGE: Final = "application/merge-patch+json"
_MANAGER: Final = "stand-in-for-cert-manager"
_ISSUED_FOR: Final = "stand-in/issued-for"
_PAUSE_SECONDS: Final = 0.3
Thing = dict[str, Any]


class _NotYetError(Exception):
    """Something is missing that may still come."""


class CertManager:
    """A thread that serves the whole cluster between `with` and its end. `working` cleared: it does nothing."""

    def __init__(self, cluster: Cluster) -> None:
        client = new_client_from_config(str(cluster.kubeconfig))
        self._core, self._custom = CoreV1Api(client), CustomObjectsApi(client)
        self._end, self.working = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure: Exception | None = None

    def __enter__(self) -> CertManager:
        self.working.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(timeout=30)
        if self._failure is not None:
            raise self._failure

    def renew(self, namespace: str, name: str) -> int:
        """Issue anew at once, as `cmctl renew` asks for it; returns the new revision."""
        before = self._certificate(namespace, name)["status"]
        wish = _condition("Issuing", True, "ManuallyTriggered", "Certificate re-issuance manually triggered")
        self._set_status("certificates", namespace, name, {"conditions": [*before["conditions"], wish]})

        def revision() -> int:
            found: int = self._certificate(namespace, name)["status"]["revision"]
            return found

        until(lambda: revision() > before["revision"], f"renewal of {name}", seconds=30)
        return revision()

    def _certificate(self, namespace: str, name: str) -> Thing:
        found: Any = self._custom.get_namespaced_custom_object(*_GROUP, namespace, "certificates", name)
        return dict(found)

    def _run(self) -> None:
        while not self._end.wait(_PAUSE_SECONDS):
            if not self.working.is_set():
                continue
            try:
                signers = self._issuers()
                for certificate in self._all("certificates"):
                    self._serve(certificate, signers)
            except HTTPError:  # an API server that is away
                continue
            except ApiException as error:  # a conflict, an object that just went
                self._failure = error if error.status in {400, 422} else self._failure
            except Exception as error:
                self._failure = error
                return

    def _all(self, plural: str) -> list[Thing]:
        found: Any = self._custom.list_cluster_custom_object(*_GROUP, plural)
        return list(found["items"])

    # Issuers

    def _issuers(self) -> dict[tuple[str, str, str], Pair | None]:
        """Ready issuers by kind, namespace ("" for the whole cluster) and name; None signs each by itself."""
        ready: dict[tuple[str, str, str], Pair | None] = {}
        for plural, kind in (("issuers", "Issuer"), ("clusterissuers", "ClusterIssuer")):
            for issuer in self._all(plural):
                name, namespace = issuer["metadata"]["name"], issuer["metadata"].get("namespace", "")
                try:
                    ready[kind, namespace, name] = self._signer(issuer["spec"], namespace or CLUSTER_NAMESPACE)
                    condition = _condition("Ready", True, "KeyPairVerified", "Signing CA verified", issuer)
                except _NotYetError as error:
                    condition = _condition("Ready", False, "ErrGetKeyPair", str(error), issuer)
                if _differs(issuer, condition):
                    self._set_status(plural, namespace, name, {"conditions": [condition]})
        return ready

    def _signer(self, spec: Thing, namespace: str) -> Pair | None:
        if "selfSigned" in spec:
            return None
        if "ca" not in spec:
            raise _NotYetError(f"the stand-in serves no issuer of kind {', '.join(spec)}")
        name = spec["ca"]["secretName"]
        try:
            return Pair.read(self._secret(namespace, name) or {})
        except (KeyError, ValueError) as error:
            raise _NotYetError(f"Error getting keypair for CA issuer: secret {namespace}/{name}: {error}") from error

    # Certificates

    def _serve(self, certificate: Thing, signers: Mapping[tuple[str, str, str], Pair | None]) -> None:
        spec, namespace = certificate["spec"], certificate["metadata"]["namespace"]
        present = self._secret(namespace, spec["secretName"])
        if not _is_due(certificate, present):
            return
        issuer = _issuer(certificate)
        if issuer not in signers:
            message = f"Issuing certificate as Secret does not exist: {issuer[0]} {issuer[2]} is not ready"
            condition = _condition("Ready", False, "DoesNotExist", message, certificate)
            if _differs(certificate, condition):
                self._set_status(
                    "certificates", namespace, certificate["metadata"]["name"], {"conditions": [condition]}
                )
            return
        keeps_key = spec.get("privateKey", {}).get("rotationPolicy") == "Never"
        key = signing.read_key(present) if present and keeps_key else signing.new_key(spec)
        issued = signing.sign(spec, key, signers[issuer], datetime.now(UTC))
        self._write_secret(certificate, issued, signers[issuer] or issued)
        self._set_status("certificates", namespace, certificate["metadata"]["name"], _up_to_date(certificate, issued))

    def _write_secret(self, certificate: Thing, issued: Pair, above: Pair) -> None:
        spec, namespace = certificate["spec"], certificate["metadata"]["namespace"]
        template = spec.get("secretTemplate", {})
        content = {"tls.crt": issued.certificate_pem, "tls.key": issued.key_pem, "ca.crt": above.certificate_pem}
        annotations = {
            "cert-manager.io/certificate-name": certificate["metadata"]["name"],
            "cert-manager.io/issuer-name": spec["issuerRef"]["name"],
            _ISSUED_FOR: _hash(spec),
            **template.get("annotations", {}),
        }
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": spec["secretName"], "annotations": annotations, "labels": template.get("labels", {})},
            "type": "kubernetes.io/tls",
            "data": {key: base64.b64encode(value).decode() for key, value in content.items()},
        }
        self._core.patch_namespaced_secret(
            spec["secretName"], namespace, secret, field_manager=_MANAGER, force=True, _content_type=_APPLY
        )

    # The API

    def _secret(self, namespace: str, name: str) -> dict[str, Any] | None:
        """The decoded content of a Secret, and what it was issued for; None while there is none."""
        try:
            found = self._core.read_namespaced_secret(name, namespace)
        except ApiException as error:
            if error.status == 404:
                return None
            raise
        content = {key: base64.b64decode(value) for key, value in (found.data or {}).items()}
        noted = found.metadata.annotations if found.metadata else None
        return {**content, _ISSUED_FOR: (noted or {}).get(_ISSUED_FOR)}

    def _set_status(self, plural: str, namespace: str, name: str, status: Thing) -> None:
        body = {"status": status}
        if namespace:
            self._custom.patch_namespaced_custom_object_status(
                *_GROUP, namespace, plural, name, body, field_manager=_MANAGER, _content_type=_MERGE
            )
        else:
            self._custom.patch_cluster_custom_object_status(
                *_GROUP, plural, name, body, field_manager=_MANAGER, _content_type=_MERGE
            )


def _is_due(certificate: Thing, present: Mapping[str, Any] | None) -> bool:
    """Whether there is no certificate for this `spec` yet, somebody asked for a new one, or it is time."""
    status, spec = certificate.get("status", {}), certificate["spec"]
    asked = any(item["type"] == "Issuing" and item["status"] == "True" for item in status.get("conditions", []))
    if asked or not present or "renewalTime" not in status or present[_ISSUED_FOR] != _hash(spec):
        return True
    return datetime.now(UTC) >= datetime.fromisoformat(status["renewalTime"])


def _issuer(certificate: Thing) -> tuple[str, str, str]:
    """Kind, namespace and name of the issuer that a Certificate names; of another group, it is served by others."""
    reference = certificate["spec"]["issuerRef"]
    kind = reference.get("kind", "Issuer")
    if reference.get("group", _GROUP[0]) != _GROUP[0]:
        kind = f"{kind}.{reference['group']}"
    return kind, "" if kind == "ClusterIssuer" else certificate["metadata"]["namespace"], reference["name"]


def _up_to_date(certificate: Thing, issued: Pair) -> Thing:
    times = {
        "notBefore": issued.certificate.not_valid_before_utc,
        "notAfter": issued.certificate.not_valid_after_utc,
        "renewalTime": signing.renewal_time(certificate["spec"], issued.certificate),
    }
    return {
        "conditions": [
            _condition("Ready", True, "Ready", "Certificate is up to date and has not expired", certificate)
        ],
        "revision": certificate.get("status", {}).get("revision", 0) + 1,
        **{what: _written(time) for what, time in times.items()},
    }


def _written(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _condition(kind: str, holds: bool, reason: str, message: str, of: Thing | None = None) -> Thing:
    return {
        "type": kind,
        "status": str(holds),
        "reason": reason,
        "message": message,
        "lastTransitionTime": _written(datetime.now(UTC)),
        **({"observedGeneration": of["metadata"]["generation"]} if of else {}),
    }


def _differs(thing: Thing, condition: Thing) -> bool:
    """Whether the object does not say so yet; the time of a transition is none of it."""
    fields = ("type", "status", "reason", "message", "observedGeneration")
    said = [[item.get(field) for field in fields] for item in thing.get("status", {}).get("conditions", [])]
    return [condition.get(field) for field in fields] not in said


def _hash(spec: Thing) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]
