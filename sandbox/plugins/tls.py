"""Stand-in for the official Pulumi tls provider: private keys, requests and certificates, kept in the state.

Not the official plugin, though keys and certificates are real. Every input forces a new one, and a certificate inside
its early renewal window is replaced at the next `up`.
Source of the rules: github.com/hashicorp/terraform-provider-tls 4.x, which the official one bridges.
"""
# ruff: noqa: D102 - what the methods mean stands in Provider

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

from cryptography import x509

from sandbox.plugins import certificates
from sandbox.plugins.base import Difference, Failure, Operation, Provider, ProviderError, Resource
from sandbox.plugins.server import serve
from sandbox.plugins.values import UNKNOWN, Properties, secret

_OUTPUTS = {
    "PrivateKey": (
        "privateKeyOpenssh",
        "privateKeyPem",
        "privateKeyPemPkcs8",
        "publicKeyFingerprintMd5",
        "publicKeyFingerprintSha256",
        "publicKeyOpenssh",
        "publicKeyPem",
    ),
    "CertRequest": ("certRequestPem", "keyAlgorithm"),
    "SelfSignedCert": ("certPem", "keyAlgorithm", "validityStartTime", "validityEndTime"),
    "LocallySignedCert": ("certPem", "caKeyAlgorithm", "validityStartTime", "validityEndTime"),
}
_CERTIFICATES = ("SelfSignedCert", "LocallySignedCert")
_IN_PLACE = ("earlyRenewalHours",)


def ready_for_renewal(outputs: Properties, early_hours: float, now: datetime) -> bool:
    """Whether the certificate is inside its early renewal window, or past its end."""
    end = outputs.get("validityEndTime")
    return bool(end) and now >= datetime.fromisoformat(str(end)) - timedelta(hours=early_hours)


class TlsProvider(Provider):
    """PrivateKey, CertRequest, SelfSignedCert and LocallySignedCert."""

    name = "tls"

    def check(self, operation: Operation, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:  # noqa: ARG002
        if operation.kind not in _OUTPUTS:
            return news, [("", self._unknown(operation.type))]
        defaults: Properties = {}
        if operation.kind == "PrivateKey":
            defaults = {"ecdsaCurve": "P224", "rsaBits": 2048}
        elif operation.kind in _CERTIFICATES:
            defaults = {"earlyRenewalHours": 0, "isCaCertificate": False, "setSubjectKeyId": False}
        failures = [
            (f"allowedUses[{index}]", f"{use!r} is none of {', '.join(certificates.USES)}")
            for index, use in enumerate(news.get("allowedUses") or [])
            if use not in (*certificates.USES, UNKNOWN)
        ]
        return {**defaults, **news}, failures

    def replaces(self, kind: str, path: str) -> bool:  # noqa: ARG002
        return path not in _IN_PLACE

    def diff(self, operation: Operation, old: Resource, news: Properties) -> Difference:
        difference = super().diff(operation, old, news)
        hours = news.get("earlyRenewalHours") or 0
        if (
            operation.kind in _CERTIFICATES
            and hours != UNKNOWN
            and ready_for_renewal(old.outputs, hours, datetime.now(UTC))
        ):
            difference.paths["readyForRenewal"] = "update"
            difference.replaces.add("readyForRenewal")
        return difference

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        if operation.preview:
            unknown = dict.fromkeys(_OUTPUTS[operation.kind], UNKNOWN)
            return "", {**inputs, **unknown}
        try:
            made = _make(operation.kind, inputs)
        except (ValueError, TypeError) as error:  # cryptography's answer to keys and names that are none
            raise ProviderError(f"{operation.name}: {error}") from None
        return _id(made), {**inputs, **made}

    def read(self, operation: Operation, recorded: Resource) -> Resource | None:
        if operation.kind not in _CERTIFICATES or "validityEndTime" not in recorded.outputs:
            return super().read(operation, recorded)
        hours = recorded.inputs.get("earlyRenewalHours") or 0
        ready = ready_for_renewal(recorded.outputs, hours, datetime.now(UTC))
        return Resource(recorded.id, recorded.inputs, {**recorded.outputs, "readyForRenewal": ready})

    def update(self, operation: Operation, old: Resource, inputs: Properties) -> Properties:  # noqa: ARG002
        return {**old.outputs, **inputs}


def _make(kind: str, inputs: Properties) -> Properties:
    if kind == "PrivateKey":
        key = certificates.new_key(inputs["algorithm"], inputs["rsaBits"], inputs["ecdsaCurve"])
        forms = certificates.key_forms(key)
        return {name: secret(form) if name.startswith("private") else form for name, form in forms.items()}
    if kind == "CertRequest":
        key = certificates.load_key(inputs["privateKeyPem"])
        request = certificates.request(key, inputs)
        return {"certRequestPem": certificates.pem(request), "keyAlgorithm": certificates.algorithm(key)}
    if kind == "SelfSignedCert":
        key = certificates.load_key(inputs["privateKeyPem"])
        wanted = certificates.request(key, inputs)
        return _certificate(certificates.sign(wanted, wanted.subject, None, key, inputs), "keyAlgorithm", key)
    key = certificates.load_key(inputs["caPrivateKeyPem"])
    authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    wanted = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    return _certificate(certificates.sign(wanted, authority.subject, authority, key, inputs), "caKeyAlgorithm", key)


def _certificate(made: x509.Certificate, algorithm_name: str, key: certificates.PrivateKey) -> Properties:
    return {
        "certPem": certificates.pem(made),
        algorithm_name: certificates.algorithm(key),
        "validityStartTime": made.not_valid_before_utc.isoformat().replace("+00:00", "Z"),
        "validityEndTime": made.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "readyForRenewal": False,
    }


def _id(made: Properties) -> str:
    public = made.get("publicKeyPem") or made.get("certRequestPem") or str(uuid.uuid4())
    return hashlib.sha1(str(public).encode(), usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    serve(TlsProvider())
