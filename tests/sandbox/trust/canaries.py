"""Where secrets must not appear: all that a reader of cluster or stack sees without asking for Secrets."""

from __future__ import annotations

import base64
import json

from tests.sandbox.client import Client
from tests.sandbox.stack import Stack

# Files that are mostly public: what is secret in them has a Secret of its own, too.
_PUBLIC = {"username", "ca.crt", "tls.crt", "initialize.json", "nothing.json", "server-secret.json"}


def leaks(client: Client, stack: Stack) -> list[str]:
    """`key of a Secret in place` for every Secret of the namespace whose value appears where it must not."""
    secrets = {
        f"{item['metadata']['name']}/{key}": value
        for item in json.loads(client.kubectl("get", "secrets", "--output=json"))["items"]
        for key, value in item.get("data", {}).items()
        if key not in _PUBLIC
    }
    places = _places(client, stack)
    return [
        f"{name} in {place}"
        for name, value in secrets.items()
        for place, text in places.items()
        if any(shape in text for shape in _shapes(value))
    ]


def _places(client: Client, stack: Stack) -> dict[str, str]:
    pods = client.kubectl("get", "pods", "--output=name").split()
    return {
        "state": stack.state(),
        "config maps": client.kubectl("get", "configmaps", "--output=yaml"),
        "events": client.kubectl("get", "events", "--output=yaml"),
        "workloads": client.kubectl("get", "statefulsets,jobs,pods,controllerrevisions", "--output=yaml"),
        "preview": stack.pulumi("preview", "--diff").text,
        **{pod: client.kubectl("logs", pod, "--all-containers") for pod in pods},
    }


def _shapes(value: str) -> set[str]:
    """A Secret's value as it might be spelled: base64, hex, text; of a PEM its first line of content."""
    raw = base64.b64decode(value)
    shapes = {value, raw.hex()}
    if raw.isascii():
        lines = raw.decode().strip().splitlines()
        shapes.add(lines[min(1, len(lines) - 1)])
    return shapes
