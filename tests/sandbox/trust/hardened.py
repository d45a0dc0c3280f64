"""One Hardened cluster of the sandbox with everything around it, and how it is seen from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cluster import Cluster
from tests.sandbox.client import Client, until
from tests.sandbox.stack import Stack
from tests.sandbox.trust.production import CREDENTIALS, Place, specification
from tests.sandbox.trust.transit import Transit
from tests.server.pki import Authority


@dataclass
class Hardened:
    """Stack, namespace, client and specification of one cluster."""

    stack: Stack
    place: Place
    client: Client
    specification: dict[str, Any]

    def change(self, fields: dict[str, Any], **more: Any) -> None:
        """Change the stack file for good: top-level fields of the specification, `more` beside it."""
        self.specification |= fields
        self.stack.write(self.specification, **more)

    @contextmanager
    def changed(self, fields: dict[str, Any], **more: Any) -> Iterator[None]:
        """Change the stack file for a moment."""
        self.stack.write({**self.specification, **fields}, **more)
        try:
            yield
        finally:
            self.stack.write(self.specification)

    @property
    def name(self) -> str:
        return self.stack.name

    @property
    def pods(self) -> list[str]:
        return [f"{self.name}-{ordinal}" for ordinal in range(3)]

    def health(self, pod: str) -> int:
        """200: unsealed; 501: not initialised or not joined; 503: sealed."""
        return self.client.call("GET", "sys/health?standbyok=true", pool=self.client.pod_pool(pod))[0]

    def healthy(self) -> bool:
        """Three voters, each joined and unsealed."""
        voters = self.client.peers() == dict.fromkeys(self.pods, True)
        return voters and [self.health(pod) for pod in self.pods] == [200, 200, 200]

    def settled(self, seconds: float = 180) -> float:
        return until(self.healthy, f"{self.name}: three healthy voters", seconds)

    def replaced(self, pod: str) -> None:
        """Delete a pod and wait for its successor."""
        old = self.client.pods()[pod]["metadata"]["uid"]
        self.client.kubectl("delete", "pod", pod, "--wait=false")
        until(lambda: self.client.pods()[pod]["metadata"]["uid"] != old, "a new pod")

    def objects(self) -> str:
        """Every object of the namespace with the generation of its specification; equal means untouched."""
        kinds = "statefulsets,services,secrets,configmaps,jobs,networkpolicies,pvc,pods,serviceaccounts,roles"
        fields = ("kind", "metadata.name", "metadata.uid", "metadata.generation", "metadata.deletionTimestamp")
        columns = ",".join(f"{number}:.{field}" for number, field in enumerate(fields))
        return self.client.kubectl("get", kinds, f"--output=custom-columns={columns}")

    def remove(self) -> None:
        """What a person does who really means it."""
        self.stack.pulumi("state", "unprotect", "--all", "--yes", expected=None)
        self.stack.pulumi("destroy", "--yes", "--skip-preview", expected=None)
        self.place.remove()


def hardened_cluster(
    cluster: Cluster,
    folder: Path,
    name: str,
    unseal: Mapping[str, Any],
    credentials: Mapping[str, str],
    port: int,
    version: str = "2.7.2",
    **fields: Any,
) -> Hardened:
    """A stack, not yet brought up; `credentials` and `port` are the seal's, `fields` go over its specification."""
    authority = Authority()
    place = Place(cluster, name, authority, credentials)
    wanted = specification(name, unseal, port, version) | fields
    client = Client(cluster, name, authority.pem.decode())
    return Hardened(Stack(cluster, folder, name, wanted), place, client, wanted)


def transit_cluster(
    cluster: Cluster, folder: Path, transit: Transit, name: str, version: str = "2.7.2", **fields: Any
) -> Hardened:
    """The same, unsealed by the transit server."""
    key = transit.key(name)
    credentials = {"token": key.token, "ca.crt": key.ca}
    unseal = transit.unseal(key, CREDENTIALS)
    return hardened_cluster(cluster, folder, name, unseal, credentials, transit.link.port, version, **fields)
