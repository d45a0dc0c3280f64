"""The server's configuration as objects, and what of it makes the pods restart."""

from __future__ import annotations

import hashlib
from typing import Any

import pulumi
from pydantic import SecretStr

from components.kubernetes.objects import Objects
from components.kubernetes.workload import WorkloadNeeds
from components.tls import Certificates
from profiles.layout import CONFIG_FILE, SECRET_CONFIG_FILE
from profiles.rendering import dump, has_secret_configuration, secret_configuration
from profiles.rendering.versions import reloads_certificates
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def workload_needs(
    objects: Objects,
    complete: pulumi.Output[Specification],
    configuration: pulumi.Output[str],
    secret_file: pulumi.Output[str] | None,
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
        if parts["secret_hash"]:
            restart_on["openbao.org/secret-config-hash"] = parts["secret_hash"]
        return WorkloadNeeds(
            config_map=f"{known.name}-config-{_hash(parts['configuration'])}",
            config_secret=_secret_name(known.name, parts["secret_hash"]) if parts["secret_hash"] else None,
            tls_secret=parts["tls_secret"],
            restart_on=restart_on,
        )

    return pulumi.Output.all(
        known=complete,
        configuration=configuration,
        secret_hash=_secret_hash(secret_file),
        tls_secret=certs.secret,
        # A renewed certificate must touch nothing where the server reloads it by itself.
        serial=None if reloads_certificates(objects.specification) else certs.serial,
        checked=certs.checked,
    ).apply(needs)


def secret_file(
    objects: Objects, complete: pulumi.Output[Specification], certs: Certificates
) -> pulumi.Output[str] | None:
    """The part of the configuration that holds secrets; None where there is none."""
    if not has_secret_configuration(objects.specification):
        return None

    def render(parts: dict[str, Any]) -> str:
        known: Specification = parts["known"]
        if parts["account_key"] and isinstance(known.tls, AcmeTls):
            account = known.tls.model_copy(update={"eab_mac_key": SecretStr(parts["account_key"])})
            known = known.model_copy(update={"tls": account})
        return dump(secret_configuration(known) or {})

    return pulumi.Output.secret(pulumi.Output.all(known=complete, account_key=certs.account_key).apply(render))


def _secret_hash(secret: pulumi.Output[str] | None) -> pulumi.Output[str] | None:
    return None if secret is None else pulumi.Output.unsecret(secret.apply(_hash))


def _secret_name(name: str, content_hash: str) -> str:
    return f"{name}-config-secret-{content_hash}"


def secret_config(objects: Objects, secret: pulumi.Output[str] | None) -> list[pulumi.Resource]:
    """The Secret of `secret_file`; named after its content and immutable, like the ConfigMap beside it."""
    content_hash = _secret_hash(secret)
    if secret is None or content_hash is None:
        return []
    name = content_hash.apply(lambda found: _secret_name(objects.specification.name, found))
    return [objects.make_secret("config-secret", name=name, string_data={SECRET_CONFIG_FILE: secret}, immutable=True)]


def config_map(
    objects: Objects, needs: pulumi.Output[WorkloadNeeds], configuration: pulumi.Output[str]
) -> pulumi.Resource:
    """The configuration that all pods share; immutable, since its name says what is in it."""
    body = {"data": {CONFIG_FILE: configuration}, "immutable": True}
    return objects.make_from("ConfigMap", "config", body, name=needs.apply(lambda found: found.config_map))
