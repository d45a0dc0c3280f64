"""What every stand-in provider is made of: a `Provider` answers the Pulumi engine in dicts.

A provider subclasses `Provider` and hands itself to `sandbox.plugins.server.serve`, which knows the wire. It never sees
a secret mark (the engine keeps secrets in the state by itself and passes plain values); what it makes secret itself it
returns through `values.secret`.
"""
# ruff: noqa: ARG002 - the defaults ignore what an override may need

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import ClassVar

from sandbox.plugins.engine_log import EngineLog
from sandbox.plugins.values import Properties, changes


class ProviderError(Exception):
    """A failure whose message is for the user: what, why, way out."""


class NotReadyError(ProviderError):
    """The object exists, but is not (yet) what was asked for; the engine stores it with the reasons and tries again.

    The next `up` sends an update for it even when no input changed, so that an interrupted run converges.
    """

    def __init__(self, id: str, outputs: Properties, inputs: Properties, reasons: list[str]) -> None:
        super().__init__(reasons[0])
        self.id, self.outputs, self.inputs, self.reasons = id, outputs, inputs, reasons


@dataclass(frozen=True)
class Operation:
    """One call of the engine: which resource it is about, and how to talk back while it runs."""

    type: str
    name: str
    urn: str
    preview: bool
    timeout: float | None
    """Seconds from the program's `customTimeouts`; None when it gave none."""
    cancelled: threading.Event
    """Set when the user pressed Ctrl-C: stop waiting."""
    log: EngineLog
    ignore_changes: tuple[str, ...] = ()
    """Property paths that this update leaves alone."""

    @property
    def kind(self) -> str:
        """The last part of the type token: `kubernetes:apps/v1:StatefulSet` is a `StatefulSet`."""
        return self.type.rsplit(":", 1)[-1]

    def status(self, message: str) -> None:
        """Show progress beside the resource; it vanishes when the operation ends."""
        self.log.status(self.urn, message)

    def warn(self, message: str) -> None:
        """Show a warning that stays."""
        self.log.warn(self.urn, message)


@dataclass(frozen=True)
class Resource:
    """A real resource as its provider sees it."""

    id: str
    inputs: Properties
    outputs: Properties


@dataclass
class Difference:
    """What an update would change. Paths are Pulumi property paths; kinds are "add", "delete", "update"."""

    paths: dict[str, str] = field(default_factory=dict)
    replaces: set[str] = field(default_factory=set)
    delete_first: bool = False


Failure = tuple[str, str]
"""A refused input: (property path, reason)."""


class Provider:
    """Override what the resource kinds need. The defaults suit a provider whose every input change is a replacement."""

    name: ClassVar[str]

    def configure(self, config: Properties) -> None:
        """Take the provider's configuration; nested values arrive as JSON text, as the SDKs send them."""

    def check_config(self, config: Properties) -> list[Failure]:
        """Refuse settings that this provider can't honour."""
        return []

    def config_replaces(self, olds: Properties, news: Properties) -> set[str]:
        """The settings whose change means another place altogether, so that every resource is replaced."""
        return set()

    def check(self, operation: Operation, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        """The inputs with defaults filled in, and what is wrong with them."""
        return news, []

    def diff(self, operation: Operation, old: Resource, news: Properties) -> Difference:
        """Compare the recorded inputs with the new ones, leaf by leaf."""
        paths = dict(changes(old.inputs, news))
        return Difference(paths, {path for path in paths if self.replaces(operation.kind, path)})

    def replaces(self, kind: str, path: str) -> bool:
        """Whether a change at this path can't be made in place."""
        return True

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        """Make it: (id, outputs). In a preview make nothing and return what is known."""
        raise ProviderError(self._unknown(operation.type))

    def read(self, operation: Operation, recorded: Resource) -> Resource | None:
        """Look at the real thing; None when it is gone. By default the record is taken for the truth."""
        if not recorded.outputs:  # an import: only the id is known
            raise ProviderError(f"importing {operation.type} is not in the sandbox's stand-in; use the official plugin")
        return recorded

    def update(self, operation: Operation, old: Resource, inputs: Properties) -> Properties:
        """Change it in place and return the new outputs."""
        raise ProviderError(self._unknown(operation.type))

    def delete(self, operation: Operation, old: Resource) -> None:
        """Remove it; done when it is gone already."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Answer a function call of the program."""
        raise ProviderError(self._unknown(token))

    def _unknown(self, token: str) -> str:
        return (
            f"{token} is not in the sandbox's stand-in for the {self.name} provider. "
            f"Install the official plugin (pulumi plugin install resource {self.name}) to use it."
        )
