"""From outside to the client Service: Gateway API routes, or an Ingress. Never plain text between edge and pods.

Shapes: https://gateway-api.sigs.k8s.io/reference/spec/ and
https://kubernetes.io/docs/concepts/services-networking/ingress/.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components.kubernetes.objects import Builder, Objects
from components.tls.trust import client_ca_source
from profiles.layout import ACME_PORT, API_PORT, Names
from profiles.rendering import shared_server_name
from profiles.specification import Specification
from profiles.specification.network import Gateway, Ingress

_GROUP: Final = "gateway.networking.k8s.io"
# Kind -> versions, each with the first release 1.x whose CRDs serve it: the newest that a release serves is written.
_VERSIONS: Final = {
    "HTTPRoute": ((0, "v1"),),
    "TLSRoute": ((5, "v1"), (0, "v1alpha2")),
    "BackendTLSPolicy": ((4, "v1"), (0, "v1alpha3")),
}
# Controllers that pass TLS on by an annotation; a user's own annotations win. Traefik does so by its own kinds only.
_PASS_THROUGH: Final = {
    "nginx.ingress.kubernetes.io/ssl-passthrough": "true",
    "haproxy.org/ssl-passthrough": "true",
}
_ENCRYPT_AGAIN: Final = {
    "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
    "haproxy.org/server-ssl": "true",
}


def routes(
    objects: Objects, specification: Specification, after: Sequence[pulumi.Resource] = ()
) -> list[pulumi.Resource]:
    """The edges that the specification asks for; made before the pods, since an ACME CA may come through them."""
    made: list[pulumi.Resource] = []
    gateway, ingress = specification.gateway, specification.ingress
    if gateway is not None and gateway.enabled:
        for kind, suffix, build in _gateway_kinds(gateway):
            version, options = _served(gateway, kind)
            made.append(objects.custom(version, kind, suffix, build, after=after, options=options))
    if ingress is not None and ingress.enabled:
        made.append(objects.make("Ingress", "ingress", ingress_manifest, after=after))
    return made


def _gateway_kinds(gateway: Gateway) -> list[tuple[str, str, Builder]]:
    """Kind, suffix of the name and builder of each object that ties the cluster to a Gateway."""
    if gateway.tls_passthrough:
        return [("TLSRoute", "tlsroute", tls_route)]
    policy = [("BackendTLSPolicy", "backend-tls-policy", backend_tls_policy)] if gateway.backend_tls.enabled else []
    return [("HTTPRoute", "httproute", http_route), *policy]


def _served(gateway: Gateway, kind: str) -> tuple[str, pulumi.ResourceOptions]:
    """The apiVersion that the Gateway API's release serves; under another one it is the same object to Pulumi."""
    release = int(gateway.api_release.removeprefix("1."))
    version = next(version for since, version in _VERSIONS[kind] if since <= release)
    others = [other for _, other in _VERSIONS[kind] if other != version]
    aliases = [pulumi.Alias(type_=f"kubernetes:{_GROUP}/{other}:{kind}") for other in others]
    return f"{_GROUP}/{version}", pulumi.ResourceOptions(aliases=aliases)


def tls_route(specification: Specification) -> dict[str, Any]:
    """TLS untouched, by server name."""
    gateway = _gateway(specification)
    name, port = _backend(specification)
    return {"spec": {**_attached(gateway), "rules": [{"backendRefs": [{"name": name, "port": port}]}]}}


def http_route(specification: Specification) -> dict[str, Any]:
    """TLS ends at the gateway, which speaks TLS again to the pods (`backend_tls_policy`)."""
    gateway = _gateway(specification)
    backend = {"name": Names.of(specification).public_service, "port": API_PORT}
    return {"spec": {**_attached(gateway), "rules": [{"backendRefs": [backend]}]}}


def backend_tls_policy(specification: Specification) -> dict[str, Any]:
    """Whom the gateway believes to be OpenBao, and by which name."""
    names = Names.of(specification)
    name = shared_server_name(specification) or names.service_dns(names.public_service)
    return {
        "spec": {
            "targetRefs": [{"group": "", "kind": "Service", "name": names.public_service}],
            "validation": {"hostname": name.lower(), **_backend_trust(specification)},
        }
    }


def _backend_trust(specification: Specification) -> dict[str, Any]:
    """The user's ConfigMap, else where the CA lies, always under key `ca.crt`; else the system's roots.

    A Secret as reference is up to the gateway's implementation; the standard knows ConfigMaps only.
    """
    chosen, source = _gateway(specification).backend_tls.ca_config_map, client_ca_source(specification)
    if chosen is not None:
        kind, name = "ConfigMap", chosen
    elif source is not None:
        kind, name = ("ConfigMap" if source.kind == "configMap" else "Secret"), source.name
    else:
        return {"wellKnownCACertificates": "System"}
    return {"caCertificateRefs": [{"group": "", "kind": kind, "name": name}]}


def ingress_manifest(specification: Specification) -> dict[str, Any]:
    """TLS untouched; with `tlsSecretName` it ends at the controller, which speaks TLS again to the pods."""
    ingress = _ingress(specification)
    name, port = _backend(specification)
    ends_here = ingress.tls_secret_name is not None
    secret = {"secretName": ingress.tls_secret_name} if ends_here else {}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": port}}}}
    annotations = {
        "pulumi.com/skipAwait": "true",  # its address comes from a controller that is not ours to wait for
        **_ENCRYPT_AGAIN,
        **({} if ends_here else _PASS_THROUGH),
        **ingress.annotations,
    }
    return {
        "metadata": {"annotations": annotations},
        "spec": {
            **({"ingressClassName": ingress.class_name} if ingress.class_name is not None else {}),
            "tls": [{"hosts": [ingress.host], **secret}],
            "rules": [{"host": ingress.host, "http": {"paths": [path]}}],
        },
    }


def _gateway(specification: Specification) -> Gateway:
    if specification.gateway is None:
        raise ValueError("there is no gateway in this specification")
    return specification.gateway


def _ingress(specification: Specification) -> Ingress:
    if specification.ingress is None:
        raise ValueError("there is no ingress in this specification")
    return specification.ingress


def _backend(specification: Specification) -> tuple[str, int]:
    """The Service behind the edge. An ACME CA comes the same way, before any pod is ready."""
    names = Names.of(specification)
    if specification.tls is not None and specification.tls.mode == "ACME":
        return names.child("acme"), ACME_PORT
    return names.public_service, API_PORT


def _attached(gateway: Gateway) -> dict[str, Any]:
    optional = {"namespace": gateway.gateway_ref_namespace, "sectionName": gateway.section_name}
    parent = {"name": gateway.gateway_ref_name, **{key: value for key, value in optional.items() if value is not None}}
    return {"parentRefs": [parent], "hostnames": [gateway.hostname]}
