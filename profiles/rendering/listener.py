"""The listeners: the API on 8200, metrics on 8202, and never one without an explicit decision about TLS.

A listener with neither certificate files, ACME settings nor `tls_disable` would silently ask Let's Encrypt's production
directory (https://openbao.org/docs/configuration/listener/tcp/), so every path through `_tls` returns one of the three.
"""

from __future__ import annotations

from profiles import layout
from profiles.addresses import is_internal_name
from profiles.layout import Names
from profiles.rendering.text import Stanza, known, reveal, without_empty
from profiles.rendering.versions import reloads_certificates
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls, ExternalTls, OperatorManagedTls

RELOAD_INTERVAL = "30s"
ACME_DIRECTORY_CA = f"{layout.ACME_CA_DIR}/ca.crt"
ACME_ISSUER_CA = f"{layout.ACME_CA_DIR}/issuer.crt"


def listeners(specification: Specification) -> list[Stanza]:
    """All `listener` stanzas: the API, and a metrics-only one if telemetry asks for it."""
    metrics = specification.telemetry.enabled and specification.telemetry.metrics_listener
    return [_api(specification, metrics)] + ([_metrics(specification)] if metrics else [])


def scheme(specification: Specification) -> str:
    """`https`, or `http` when the specification switches TLS off."""
    return "http" if specification.configuration.listener.tls_disable else "https"


def server_name(specification: Specification, pod: str) -> str:
    """The name that a certificate of this pod is verified by, in joins.

    ACME with listed domains: the pod's own name if it is listed, else the first that is no pod's own. External with
    `serverName`: that. Else the pod's own DNS name.
    """
    tls = specification.tls
    own = Names.of(specification).pod_dns(pod)
    if isinstance(tls, AcmeTls) and tls.domains and own not in tls.domains:
        return shared_domains(specification, tls)[0]
    if isinstance(tls, ExternalTls) and tls.server_name is not None:
        return tls.server_name
    return own


def probe_server_name(specification: Specification, variable: str) -> str:
    """The name that every pod's probe can ask itself by; `variable` is the pod's name in the probe's shell.

    The pod's own, if each is verified by its own: asked by another's, it would order a certificate that the CA then
    looks for on that other pod.
    """
    names = Names.of(specification)
    asked = {pod: server_name(specification, pod) for pod in names.pods}
    shared = (name for pod, name in asked.items() if name != names.pod_dns(pod))
    return next(shared, names.pod_dns(variable))


def shared_domains(specification: Specification, tls: AcmeTls) -> list[str]:
    """Those of `domains` that any pod may be asked by: all but the pods' own names."""
    names = Names.of(specification)
    own = {names.pod_dns(pod) for pod in names.pods}
    return [domain for domain in tls.domains if domain not in own]


def shared_server_name(specification: Specification) -> str | None:
    """The one name that every pod is verified by; None where each is verified by its own or a Service's DNS name."""
    first = Names.of(specification).pods[0]
    name = server_name(specification, first)
    return None if name == Names.of(specification).pod_dns(first) else name


def edge_hosts(specification: Specification) -> dict[str, str]:
    """Host names by which clients behind an edge see the server's own certificate, by the field that has them."""
    gateway, ingress = specification.gateway, specification.ingress
    hosts: dict[str, str | None] = {}
    if gateway is not None and gateway.enabled and gateway.tls_passthrough:
        hosts["gateway.hostname"] = gateway.hostname
    if ingress is not None and ingress.enabled and ingress.tls_secret_name is None:
        hosts["ingress.host"] = ingress.host
    return {path: host for path, host in hosts.items() if host is not None}


def signed_by_public_ca(tls: ExternalTls) -> bool:
    """Whether cert-manager asks a CA that signs public names only and that every system knows.

    An ACME issuer is one: no challenge can prove a name inside a Kubernetes cluster. An existing issuer is taken for
    one when `serverName` is a public name; a private CA needs none, since it signs the pods' own names.
    """
    if tls.issuer_ref is not None:
        return tls.server_name is not None and not is_internal_name(tls.server_name)
    return tls.issuer is not None and tls.issuer.acme is not None


def peer_ca_file(specification: Specification) -> str | None:
    """The CA file that joiners verify their peers by; None: the system's roots."""
    tls = specification.tls
    if isinstance(tls, AcmeTls):
        return ACME_ISSUER_CA if tls.ca_root_secret_ref is not None else None
    if isinstance(tls, ExternalTls) and signed_by_public_ca(tls):
        return None  # and cert-manager writes no ca.crt for such issuers
    return layout.TLS_CA


def _api(specification: Specification, metrics_elsewhere: bool) -> Stanza:
    wishes = specification.configuration.listener
    return {
        "type": "tcp",
        "address": f"[::]:{layout.API_PORT}",
        "cluster_address": f"[::]:{layout.CLUSTER_PORT}",
        "disable_unauthed_rekey_endpoints": True,
        "disable_unauthed_generate_root_endpoints": True,
        "max_request_duration": wishes.max_request_duration,
        **without_empty(
            {
                "max_request_size": wishes.max_request_size,
                "proxy_protocol_behavior": wishes.proxy_protocol_behavior,
                "proxy_protocol_authorized_addrs": wishes.proxy_protocol_authorized_addrs,
                "x_forwarded_for_authorized_addrs": wishes.x_forwarded_for_authorized_addrs,
                "telemetry": {"disallow_metrics": True} if metrics_elsewhere else None,
            }
        ),
        **_tls(specification),
    }


def _metrics(specification: Specification) -> Stanza:
    return {
        "type": "tcp",
        "address": f"[::]:{layout.METRICS_PORT}",
        # every listener gets a cluster port, by default one above its own on all addresses; this one nobody needs
        "cluster_address": f"127.0.0.1:{layout.METRICS_PORT + 1}",
        "telemetry": {"metrics_only": True, "unauthenticated_metrics_access": True},
        **_tls(specification),
    }


def _tls(specification: Specification) -> Stanza:
    wishes = specification.configuration.listener
    if wishes.tls_disable:
        return {"tls_disable": True}
    versions = without_empty(
        {
            "tls_disable": False,
            "tls_min_version": wishes.tls_min_version,
            "tls_max_version": wishes.tls_max_version,
            "tls_key_exchange_preferences": wishes.tls_key_exchange_preferences,
        }
    )
    tls = specification.tls or OperatorManagedTls()
    return versions | (_acme(specification, tls) if isinstance(tls, AcmeTls) else _files(specification))


def _files(specification: Specification) -> Stanza:
    files: Stanza = {"tls_cert_file": layout.TLS_CERT, "tls_key_file": layout.TLS_KEY}
    if reloads_certificates(specification):
        files |= {"tls_auto_reload": True, "tls_auto_reload_interval": RELOAD_INTERVAL}
    return files


def _acme(specification: Specification, tls: AcmeTls) -> Stanza:
    names = Names.of(specification)
    account: Stanza = {}
    if tls.eab_key_id is not None or tls.eab_mac_key is not None or tls.eab_secret_ref is not None:
        account = {
            "tls_acme_eab_key_id": known(tls.eab_key_id, "tls.eabKeyId"),
            "tls_acme_eab_mac_key": reveal(tls.eab_mac_key, "tls.eabMacKey"),
        }
    return without_empty(
        {
            "tls_acme_ca_directory": tls.directory_url,
            "tls_acme_ca_root": ACME_DIRECTORY_CA if tls.ca_root_secret_ref is not None else None,
            "tls_acme_cache_path": layout.SHARED_ACME_CACHE_DIR if tls.shared_cache else layout.ACME_CACHE_DIR,
            "tls_acme_email": tls.email,
            # always an allow-list: without it any name that a client sends starts an order
            "tls_acme_domains": tls.domains or [names.pod_dns(pod) for pod in names.pods],
            "tls_acme_disable_http_challenge": True,
            "tls_acme_key_type": tls.key_type,
            **account,
        }
    )
