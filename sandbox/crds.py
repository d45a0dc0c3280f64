"""Custom resource definitions of others, from Go modules: enough to check objects, not to act on any.

The versions are those that ``tools/**/go.mod`` pin; each is fetched on first use.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sandbox import go
from sandbox.settings import Places

GATEWAY_API: Final = ("1.3", "1.4", "1.5", "1.6")
"""Releases of the Gateway API that can be had."""


def cert_manager(places: Places) -> list[Path]:
    """CRDs of cert-manager and of its issuer for AWS Private CA; those for Google CAS come in no module."""
    toolchain = go.toolchain(places)
    core = go.module_folder("github.com/cert-manager/cert-manager", "cert-manager", toolchain)
    aws = go.module_folder("github.com/cert-manager/aws-privateca-issuer", "aws-privateca-issuer", toolchain)
    return [*sorted((core / "deploy" / "crds").glob("*_*.yaml")), *sorted((aws / "config/crd/bases").glob("*_*.yaml"))]


def gateway_api(places: Places, release: str, channel: str, plurals: Iterable[str]) -> list[Path]:
    """CRDs of some kinds, by their plurals, of the Gateway API; channel: `standard` or `experimental`."""
    module = go.module_folder("sigs.k8s.io/gateway-api", f"gateway-api/{release}", go.toolchain(places))
    folder = module / "config" / "crd" / channel
    return [folder / f"gateway.networking.k8s.io_{plural}.yaml" for plural in plurals]


def prometheus_operator(places: Places) -> list[Path]:
    """CRDs of ServiceMonitor and PrometheusRule."""
    module = "github.com/prometheus-operator/prometheus-operator"
    folder = go.module_folder(module, "prometheus-operator", go.toolchain(places)) / "example/prometheus-operator-crd"
    return [folder / f"monitoring.coreos.com_{plural}.yaml" for plural in ("servicemonitors", "prometheusrules")]
