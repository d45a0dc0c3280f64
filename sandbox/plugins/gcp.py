"""Stand-in for the official Pulumi gcp provider: names and ids of keys, roles and grants. There is no cloud behind it.

Not the official plugin, and nothing is encrypted by it: it shows what a program asks for, in which order, and what the
engine makes of it. As at Google, a ring or key that was deleted leaves its name taken: `delete` says so.
Source of the rules: github.com/hashicorp/terraform-provider-google 7.x, which the official one bridges.
"""
# ruff: noqa: D102 - what the methods mean stands in Provider

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.plugins.base import Failure, Operation, Provider, Resource
from sandbox.plugins.server import serve
from sandbox.plugins.values import UNKNOWN, Properties, has_unknown, within


def _ring(inputs: Properties) -> str:
    return f"projects/{inputs['project']}/locations/{inputs['location']}/keyRings/{inputs['name']}"


def _key(inputs: Properties) -> str:
    return f"{inputs['keyRing']}/cryptoKeys/{inputs['name']}"


def _key_grant(inputs: Properties) -> str:
    return f"{inputs['cryptoKeyId']}/{inputs['role']}/{inputs['member']}"


def _account(inputs: Properties) -> str:
    return f"projects/{inputs['project']}/serviceAccounts/{_email(inputs)}"


def _email(inputs: Properties) -> str:
    return f"{inputs['accountId']}@{inputs['project']}.iam.gserviceaccount.com"


def _account_grant(inputs: Properties) -> str:
    return f"{inputs['serviceAccountId']}/{inputs['role']}/{inputs['member']}"


def _role(inputs: Properties) -> str:
    return f"projects/{inputs['project']}/roles/{inputs['roleId']}"


def _zone_grant(inputs: Properties) -> str:
    zone = f"projects/{inputs['project']}/managedZones/{inputs['managedZone']}"
    return f"{zone}/{inputs['role']}/{inputs['member']}"


_IDS: dict[str, Callable[[Properties], str]] = {
    "gcp:kms/keyRing:KeyRing": _ring,
    "gcp:kms/cryptoKey:CryptoKey": _key,
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _key_grant,
    "gcp:serviceaccount/account:Account": _account,
    "gcp:serviceaccount/iAMMember:IAMMember": _account_grant,
    "gcp:projects/iAMCustomRole:IAMCustomRole": _role,
    "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember": _zone_grant,
}
_IN_PLACE = {
    "CryptoKey": ("labels", "rotationPeriod", "versionTemplate"),
    "Account": ("displayName", "description"),
    "IAMCustomRole": ("title", "description", "permissions", "stage"),
}
_OF_PROJECT = ("KeyRing", "Account", "IAMCustomRole", "DnsManagedZoneIamMember")
_FOR_EVER = ("KeyRing", "CryptoKey")


class GcpProvider(Provider):
    """kms KeyRing, CryptoKey and CryptoKeyIAMMember, serviceaccount Account and IAMMember, roles, grants on zones."""

    name = "gcp"

    def __init__(self) -> None:
        self._project: str | None = None

    def configure(self, config: Properties) -> None:
        self._project = config.get("project")

    def check(self, operation: Operation, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:  # noqa: ARG002
        if operation.type not in _IDS:
            return news, [("", self._unknown(operation.type))]
        defaults: Properties = {"project": self._project} if operation.kind in _OF_PROJECT else {}
        inputs = {**defaults, **news}
        missing: list[Failure] = [
            (name, "is required, here or in the provider's configuration") for name in defaults if not inputs[name]
        ]
        return inputs, missing

    def replaces(self, kind: str, path: str) -> bool:
        return not any(within(path, field) for field in _IN_PLACE.get(kind, ()))

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        outputs = {**inputs, **_computed(operation.kind, inputs)}
        return ("" if operation.preview else _IDS[operation.type](inputs)), outputs

    def update(self, operation: Operation, old: Resource, inputs: Properties) -> Properties:
        return {**old.outputs, **inputs, **_computed(operation.kind, inputs)}

    def delete(self, operation: Operation, old: Resource) -> None:
        if operation.kind in _FOR_EVER:
            operation.warn(f"Google deletes no {operation.kind}: {old.id} is only forgotten, and its name stays taken.")


def _computed(kind: str, inputs: Properties) -> dict[str, Any]:
    if kind == "IAMCustomRole":
        return {"name": UNKNOWN if has_unknown(inputs) else _role(inputs)}
    if kind != "Account":
        return {}
    email = UNKNOWN if has_unknown(inputs) else _email(inputs)
    return {"email": email, "member": UNKNOWN if email == UNKNOWN else f"serviceAccount:{email}"}


if __name__ == "__main__":
    serve(GcpProvider())
