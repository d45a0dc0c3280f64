"""A Pulumi monitor that answers like a cluster would and remembers every registration with its options."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_pulumi_func

_SECRET_BYTES = b"0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Registration:
    """One resource as the engine would see it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    request: resource_pb2.RegisterResourceRequest

    @property
    def options(self) -> dict[str, Any]:
        """The options that protect data or decide order; only what is set."""
        request = self.request
        found: dict[str, Any] = {
            "parent": request.parent.split("::")[-1],
            "dependsOn": sorted({urn.split("::", 2)[2] for urn in request.dependencies}),
            "protect": request.protect,
            "retainOnDelete": request.retainOnDelete,
            "ignoreChanges": list(request.ignoreChanges),
            "deleteBeforeReplace": request.deleteBeforeReplace,
            "provider": request.provider.split("::")[-2] if request.provider else "",
            "aliases": [str(alias) for alias in request.aliases],
        }
        return {key: value for key, value in found.items() if value}


@dataclass
class Recorder(mocks.Mocks):
    """Answers registrations; `registrations` holds them in order."""

    preview: bool = False
    registrations: list[Registration] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        outputs = dict(args.inputs)
        if self.preview:  # a provider cannot know them yet
            return "", outputs
        kind = args.typ.rsplit(":", 1)[1]
        if kind == "RandomBytes":
            outputs |= {"base64": base64.b64encode(_SECRET_BYTES).decode(), "hex": _SECRET_BYTES.hex()}
        if kind == "RandomPassword":
            outputs |= {"result": f"password-of-{args.name}"}
        if kind == "PrivateKey":
            outputs |= {"privateKeyPem": f"private key {args.name}", "publicKeyPem": "public key"}
        if kind in {"SelfSignedCert", "LocallySignedCert"}:
            outputs |= {"certPem": f"certificate {args.name}", "validityEndTime": "2099-01-01T00:00:00Z"}
        if kind == "CertRequest":
            outputs |= {"certRequestPem": f"request {args.name}"}
        return f"{args.name}-id", outputs

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"unexpected invoke {args.token}")

    def named(self, type_suffix: str, name: str) -> Registration:
        """The one registration of that kind and name."""
        found = [item for item in self.registrations if item.type.endswith(type_suffix) and item.name == name]
        assert len(found) == 1, f"{type_suffix} {name}: {len(found)} of {[r.name for r in self.registrations]}"
        return found[0]

    def of_kind(self, type_suffix: str) -> list[Registration]:
        return [item for item in self.registrations if item.type.endswith(f":{type_suffix}")]


class _Monitor(mocks.MockMonitor):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.recorder = recorder

    def RegisterResource(self, request: Any) -> Any:
        inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
        self.recorder.registrations.append(Registration(request.type, request.name, inputs, request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def run(program: Callable[[], object], *, preview: bool = False, recorder: Recorder | None = None) -> Recorder:
    """Run a Pulumi program to its end and return what it registered.

    What this does not show: that a provider or Kubernetes accepts the objects (tests/sandbox does).
    """
    recorder = recorder or Recorder(preview=preview)

    async def whole() -> None:
        # Inside the loop: callbacks for resource hooks are served from it.
        mocks.set_mocks(recorder, project="vault", stack="test", preview=preview, monitor=_Monitor(recorder))
        await run_pulumi_func(lambda: _ignored(program()))

    pulumi.runtime.settings.SETTINGS.rpc_manager.clear()
    pulumi.runtime.settings.SETTINGS.outputs.clear()
    asyncio.run(whole())
    return recorder


def _ignored(_result: object) -> None:
    """Programs may return their component; nothing waits for it."""
