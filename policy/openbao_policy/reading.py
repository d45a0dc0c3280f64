"""From a Kubernetes object to the part of a specification that it shows.

Only what an object really shows is read; a rule that needs more is not asked. Where Kubernetes has a default of its own
(no replicas means one, no seccomp profile means none), that default is what is read.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from profiles.values import NotKnownYet, Unknown

from .server_files import read_server_files

PROFILE_LABEL = "openbao.org/profile"
_NAME_LABEL = "app.kubernetes.io/name"
_CLUSTER_LABEL = "openbao.org/cluster"
_API_PORT = 8200
_MOST_REPLICAS = 7
_SEAL_VARIABLES = {
    "BAO_TOKEN": ("transit", "token"),
    "VAULT_TOKEN": ("transit", "token"),
    "AWS_SECRET_ACCESS_KEY": ("awskms", "secretKey"),
    "AWS_SESSION_TOKEN": ("awskms", "sessionToken"),
    "AZURE_CLIENT_SECRET": ("azurekeyvault", "clientSecret"),
    "BAO_HSM_PIN": ("pkcs11", "pin"),
    "VAULT_HSM_PIN": ("pkcs11", "pin"),
}
"""Environment variables by which OpenBao's seals take what a specification must not hold."""

SECURITY = "securityContext"
WORKLOAD_FIELDS = ("image", "version", SECURITY)
"""Fields that every workload shows; a StatefulSet of servers also shows `replicas`."""


@dataclass(frozen=True)
class Seen:
    """A part of a specification. `fields`: what of it was seen. `where`: the place in the object."""

    where: str
    data: dict[str, Any]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """All parts that one object shows, and the profile that it claims."""

    profile: str | None
    parts: list[Seen] = field(default_factory=list)


def read(resource_type: str, props: Mapping[str, Any]) -> Reading | None:
    """What an object says about an OpenBao cluster; None when it is none of one."""
    reader = _READERS.get(re.sub(r"^kubernetes:(.+)/v[0-9a-z]+:", r"\1:", resource_type))
    reading = Reading(_text(_at(props, "metadata", "labels", PROFILE_LABEL)))
    try:
        if reader is None or not _is_openbao(props):
            return None
        for part in reader(props):
            reading.parts.append(part)
    except NotKnownYet:
        pass  # a block that a preview does not know yet; the update asks again
    return reading


def _at(node: Any, *path: str) -> Any:
    """The value at a path; None where a step is absent, `Unknown` where one is not known yet."""
    for step in path:
        if not isinstance(node, Unknown):
            node = node.get(step) if isinstance(node, Mapping) else None
    return node


def _known(value: Any) -> Any:
    """The value itself; raises `NotKnownYet` where there is none yet."""
    return str(value) if isinstance(value, Unknown) else value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _items(value: Any) -> list[Any]:
    value = _known(value)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    value = _known(value)
    return value if isinstance(value, Mapping) else {}


def _whole(value: Any) -> Any:
    """Numbers reach policies as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_openbao(props: Mapping[str, Any]) -> bool:
    labels = [_at(props, "metadata", "labels"), _at(props, "spec", "selector"), _at(props, "spec", "podSelector")]
    labels += [_at(part, "matchLabels") for part in labels]
    for found in labels:
        if isinstance(found, Mapping) and (found.get(_NAME_LABEL) == "openbao" or _CLUSTER_LABEL in found):
            return True
    images = [_text(_at(one, "image")) or "" for one in _containers(props)]
    return any("openbao" in image for image in images) or "openbao" in (_text(_at(props, "metadata", "name")) or "")


def _pod(props: Mapping[str, Any]) -> Any:
    template = _at(props, "spec", "jobTemplate") or props
    return _at(template, "spec", "template", "spec") or _at(props, "spec") or {}


def _containers(props: Mapping[str, Any]) -> list[Any]:
    pod = _pod(props)
    return [*_items(_at(pod, "initContainers")), *_items(_at(pod, "containers"))]


def _workload(props: Mapping[str, Any]) -> Iterator[Seen]:
    pod = _pod(props)
    for container in _containers(props):
        where = f"container {_text(_at(container, 'name')) or '?'}"
        data: dict[str, Any] = {SECURITY: _security(_at(pod, SECURITY), _at(container, SECURITY))}
        data |= _image(_at(container, "image"))
        yield Seen(where, data, tuple(name for name in WORKLOAD_FIELDS if name in data))
        yield from _environment(where, container)
    for container in _items(_at(pod, "containers")):
        if _is_development_server(container):
            data = {"configuration": {"listener": {"tlsDisable": True}}, "unseal": {"type": "static"}}
            where = f"container {_text(_at(container, 'name')) or '?'} (server -dev)"
            yield Seen(where, data, ("configuration.listener.tlsDisable", "unseal.type"))


def _environment(where: str, container: Any) -> Iterator[Seen]:
    """Credentials of a seal as plain values; those that come from a Secret have no value here."""
    for variable in _items(_at(container, "env")):
        name, value = _at(variable, "name"), _text(_at(variable, "value"))
        if isinstance(name, str) and name in _SEAL_VARIABLES and value:
            kind, field_name = _SEAL_VARIABLES[name]
            yield Seen(f"{where} env {name}", {"unseal": {"type": kind, field_name: value}}, (f"unseal.{field_name}",))


def _is_development_server(container: Any) -> bool:
    """Whether a container runs `server -dev`, as OpenBao's image does when nobody says otherwise."""
    started = [*_items(_at(container, "command")), *_items(_at(container, "args"))]
    if not started:
        return _is_server(_image(_at(container, "image")).get("image", {}).get("repository", ""))
    words = " ".join(word for word in started if isinstance(word, str)).split()
    return "server" in words and any(re.fullmatch("--?dev(=true)?", word) for word in words)


def _stateful_set(props: Mapping[str, Any]) -> Iterator[Seen]:
    yield from _workload(props)
    if _at(props, "metadata", "labels", "app.kubernetes.io/component") in (None, "server"):
        replicas = _at(props, "spec", "replicas")
        number = _whole(_else(replicas, 1))
        if isinstance(number, int):
            yield Seen("spec.replicas", {"replicas": min(max(number, 1), _MOST_REPLICAS)}, ("replicas",))


def _image(reference: Any) -> dict[str, Any]:
    """Repository, tag, digest and, where the tag is one, the version."""
    if not isinstance(reference, str):
        return {}
    plain, _, digest = reference.partition("@")
    repository, colon, tag = plain.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = plain, ""
    image = {"repository": repository, **({"tag": tag} if tag else {}), **({"digest": digest} if digest else {})}
    version = re.match(r"v?([0-9]+\.[0-9]+\.[0-9]+)(?![0-9])", tag)
    return {"image": image, **({"version": version[1]} if version and _is_server(repository) else {})}


def _is_server(repository: str) -> bool:
    return "openbao" in repository.rpartition("/")[2] and "plugin" not in repository


def _else(value: Any, default: Any) -> Any:
    """The default where nothing is said; a value that is not known yet says something."""
    return default if value is None else value


def _security(pod: Any, container: Any) -> dict[str, Any]:
    """What holds for a container: its own settings over the pod's, Kubernetes' defaults below."""

    def setting(*path: str) -> Any:
        own = _at(container, *path)
        return own if own is not None else _at(pod, *path)

    profile = setting("seccompProfile")
    read: dict[str, Any] = {
        "runAsNonRoot": _else(setting("runAsNonRoot"), False),
        "runAsUser": _whole(setting("runAsUser")),
        "runAsGroup": _whole(setting("runAsGroup")),
        "fsGroup": _whole(_at(pod, "fsGroup")),
        "supplementalGroups": [_whole(group) for group in _items(_at(pod, "supplementalGroups"))],
        "sysctls": [dict(one) for one in _items(_at(pod, "sysctls"))],
        "windowsOptions": setting("windowsOptions"),
    }
    if not isinstance(profile, Unknown):
        local = _at(profile, "localhostProfile")
        type_ = _else(_at(profile, "type"), "Unconfined")
        read["seccompProfile"] = {"type": type_} if local is None else {"type": type_, "localhostProfile": local}
    return read


def _config_map(props: Mapping[str, Any]) -> Iterator[Seen]:
    yield from _files(props, plain="data", encoded="binaryData")


def _secret(props: Mapping[str, Any]) -> Iterator[Seen]:
    yield from _files(props, plain="stringData", encoded="data")


def _files(props: Mapping[str, Any], *, plain: str, encoded: str) -> Iterator[Seen]:
    """The server's configuration, whichever way a ConfigMap or Secret holds it."""
    texts = [(f"{plain}.{name}", text) for name, text in _mapping(_at(props, plain)).items()]
    texts += [(f"{encoded}.{name}", _decoded(text)) for name, text in _mapping(_at(props, encoded)).items()]
    for where, text in texts:
        data, fields = read_server_files(text) if isinstance(text, str) else ({}, ())
        if fields:
            yield Seen(where, data, fields)


def _decoded(text: Any) -> str | None:
    try:
        return base64.b64decode(text).decode() if isinstance(text, str) else None
    except ValueError:
        return None


def _service(props: Mapping[str, Any]) -> Iterator[Seen]:
    kind = _text(_at(props, "spec", "type")) or "ClusterIP"
    ranges = _items(_at(props, "spec", "loadBalancerSourceRanges"))
    if kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        yield Seen("spec", {"service": {"type": kind, "loadBalancerSourceRanges": ranges}}, ("service",))


def _network_policy(props: Mapping[str, Any]) -> Iterator[Seen]:
    """Who may reach the API port. Egress is not read: a policy may open DNS and the API server by port alone."""
    for index, rule in enumerate(_items(_at(props, "spec", "ingress"))):
        ports = _items(_at(_known(rule), "ports"))
        if ports and not any(_reaches_api(port) for port in ports):
            continue
        peers = [_peer(peer) for peer in _items(_at(rule, "from"))] or [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
        data = {"network": {"trustedIngressPeers": peers}}
        yield Seen(f"spec.ingress[{index}].from", data, ("network.trustedIngressPeers",))


def _reaches_api(port: Any) -> bool:
    """Whether a port of a policy may be the API's: by number, in a range, or by a name that only the pods know."""
    first = _whole(_known(_at(port, "port")))
    last = _whole(_known(_at(port, "endPort")))
    return not isinstance(first, int) or first <= _API_PORT <= (last if isinstance(last, int) else first)


def _peer(peer: Any) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for selector in ("namespaceSelector", "podSelector"):
        given = _known(_at(peer, selector))
        if isinstance(given, Mapping):
            labels = dict(_mapping(_at(given, "matchLabels")))
            # An expression selects as explicitly as a label does.
            labels |= {str(_at(one, "key")): "in" for one in _items(_at(given, "matchExpressions"))}
            read[selector] = {"matchLabels": labels}
    block = _known(_at(peer, "ipBlock"))
    if isinstance(block, Mapping):
        read["ipBlock"] = {"cidr": block.get("cidr", "0.0.0.0/0")}
    return read


def _service_monitor(props: Mapping[str, Any]) -> Iterator[Seen]:
    skips = [_at(one, "tlsConfig", "insecureSkipVerify") is True for one in _items(_at(props, "spec", "endpoints"))]
    monitor = {"insecureSkipVerify": any(skips)}
    yield Seen(
        "spec.endpoints",
        {"telemetry": {"serviceMonitor": monitor}},
        ("telemetry.serviceMonitor.insecureSkipVerify",),
    )


_READERS = {
    "apps:StatefulSet": _stateful_set,
    "apps:DaemonSet": _workload,
    "apps:Deployment": _workload,
    "apps:ReplicaSet": _workload,
    "core:Pod": _workload,
    "batch:Job": _workload,
    "batch:CronJob": _workload,
    "core:ConfigMap": _config_map,
    "core:Secret": _secret,
    "core:Service": _service,
    "networking.k8s.io:NetworkPolicy": _network_policy,
    "monitoring.coreos.com:ServiceMonitor": _service_monitor,
}
