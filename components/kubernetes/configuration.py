"""The server's configuration as objects, and what of it makes the pods restart."""

from __future__ import annotations

import hashlib
from typing import Any

import pulumi

from components.kubernetes.objects import Objects
from components.kubernetes.workload import WorkloadNeeds
from components.tls import Certificates
from profiles.layout import CONFIG_FILE
from profiles.rendering import dump, secret_configuration
from profiles.rendering.versions import reloads_certificates
from profiles.specification import Specification


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def workload_needs(
    objects: Objects,
    complete: pulumi.Output[Specification],
    configuration: pulumi.Output[str],
    certs: Certificates,
) -> pulumi.Output[WorkloadNeeds]:
    """Names of what the pods mount, and what restarts them.

    The ConfigMap's name carries a hash of its content: a changed configuration is a new object beside the old one, so
    that a pod restarting in the middle of a rollout always finds the one it was made for.
    """

    def needs(parts: dict[str, Any]) -> WorkloadNeeds:
        known: Specification = parts["known"]
        restart_on = {"openbao.org/config-hash": _hash(parts["configuration"])}
        if parts["serial"]:
            restart_on["openbao.org/certificate"] = parts["serial"]
        secret = secret_configuration(known)
        if secret:
            restart_on["openbao.org/secret-config-hash"] = _hash(dump(secret))
        return WorkloadNeeds(
            config_map=f"{known.name}-config-{_hash(parts['configuration'])}",
            config_secret=objects.child("config-secret") if secret else None,
            tls_secret=certs.secret,
            restart_on=restart_on,
        )

    # A renewed certificate must touch nothing where the server reloads it by itself.
    serial = None if reloads_certificates(objects.specification) else certs.serial
    return pulumi.Output.all(known=complete, configuration=configuration, serial=serial).apply(needs)


def config_map(
    objects: Objects, needs: pulumi.Output[WorkloadNeeds], configuration: pulumi.Output[str]
) -> pulumi.Resource:
    """The configuration that all pods share; immutable, since its name says what is in it."""
    body = {"data": {CONFIG_FILE: configuration}, "immutable": True}
    return objects.make_from("ConfigMap", "config", body, name=needs.apply(lambda found: found.config_map))
