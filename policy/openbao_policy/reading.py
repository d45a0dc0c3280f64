"""From a Kubernetes object to the part of a specification that it shows.

Only what an object really shows is read; a rule that needs more is not asked. Where Kubernetes has a default of its own
(no replicas means one, no seccomp profile means none), that default is what is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from profiles.values import Unknown

from .server_files import read_server_files

PROFILE_LABEL = "openbao.org/profile"
_NAME_LABEL = "app.kubernetes.io/name"
_CLUSTER_LABEL = "openbao.org/cluster"
_API_PORT = 8200

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
    if reader is None or not _is_openbao(props):
        return None
    profile = _text(_at(props, "metadata", "labels", PROFILE_LABEL))
    return Reading(profile, list(reader(props)))


def _at(node: Any, *path: str) -> Any:
    """The value at a path; None where a step is absent or not known yet."""
    for step in path:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


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
    return _at(props, "spec", "template", "spec") or _at(props, "spec", "jobTemplate", "spec", "template", "spec") or {}


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


def _stateful_set(props: Mapping[str, Any]) -> Iterator[Seen]:
    yield from _workload(props)
    if _at(props, "metadata", "labels", "app.kubernetes.io/component") in (None, "server"):
        replicas = _at(props, "spec", "replicas")
        if not isinstance(replicas, Unknown):
            yield Seen("spec.replicas", {"replicas": 1 if replicas is None else _whole(replicas)}, ("replicas",))


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
    of_openbao = "openbao" in repository.rpartition("/")[2] and "plugin" not in repository
    return {"image": image, **({"version": version[1]} if version and of_openbao else {})}


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
        "seccompProfile": {"type": _else(_at(profile, "type"), "Unconfined")},
        "runAsUser": _whole(setting("runAsUser")),
        "runAsGroup": _whole(setting("runAsGroup")),
        "fsGroup": _whole(_at(pod, "fsGroup")),
        "supplementalGroups": [_whole(group) for group in _items(_at(pod, "supplementalGroups"))],
        "sysctls": [dict(one) for one in _items(_at(pod, "sysctls"))],
        "windowsOptions": setting("windowsOptions"),
    }
    if _at(profile, "localhostProfile") is not None:
        read["seccompProfile"]["localhostProfile"] = _at(profile, "localhostProfile")
    return read


def _files(props: Mapping[str, Any]) -> Iterator[Seen]:
    """The server's configuration in a ConfigMap or Secret."""
    for block in ("data", "stringData"):
        for name, text in (_at(props, block) or {}).items():
            if isinstance(text, str):
                data, fields = read_server_files(text)
                if fields:
                    yield Seen(f"{block}.{name}", data, fields)


def _service(props: Mapping[str, Any]) -> Iterator[Seen]:
    kind = _text(_at(props, "spec", "type")) or "ClusterIP"
    ranges = [one for one in _items(_at(props, "spec", "loadBalancerSourceRanges")) if isinstance(one, str)]
    if kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        yield Seen("spec", {"service": {"type": kind, "loadBalancerSourceRanges": ranges}}, ("service",))


def _network_policy(props: Mapping[str, Any]) -> Iterator[Seen]:
    """Who may reach the API port. Egress is not read: a policy may open DNS and the API server by port alone."""
    for index, rule in enumerate(_items(_at(props, "spec", "ingress"))):
        ports = [_whole(_at(port, "port")) for port in _items(_at(rule, "ports"))]
        if ports and _API_PORT not in ports:
            continue
        peers = [_peer(peer) for peer in _items(_at(rule, "from"))] or [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
        data = {"network": {"trustedIngressPeers": peers}}
        yield Seen(f"spec.ingress[{index}].from", data, ("network.trustedIngressPeers",))


def _peer(peer: Any) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for selector in ("namespaceSelector", "podSelector"):
        given = _at(peer, selector)
        if isinstance(given, Mapping):
            labels = dict(_at(given, "matchLabels") or {})
            # An expression selects as explicitly as a label does.
            labels |= {str(_at(one, "key")): "in" for one in _items(_at(given, "matchExpressions"))}
            read[selector] = {"matchLabels": labels}
    block = _at(peer, "ipBlock")
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
    "apps:Deployment": _workload,
    "batch:Job": _workload,
    "batch:CronJob": _workload,
    "core:ConfigMap": _files,
    "core:Secret": _files,
    "core:Service": _service,
    "networking.k8s.io:NetworkPolicy": _network_policy,
    "monitoring.coreos.com:ServiceMonitor": _service_monitor,
}
