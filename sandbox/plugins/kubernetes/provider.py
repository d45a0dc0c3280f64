"""The Kubernetes provider stand-in: create, read, update and delete plain Kubernetes objects of any kind.

Like the official provider it applies server-side, previews by the server's dry run, refuses to take over an existing
object, replaces where the API server can't change in place, and waits until an object is done. Stricter than the
official one: an unknown field is an error (fieldValidation=Strict), not a warning.
"""
# ruff: noqa: D102 - what the methods mean stands in Provider

from __future__ import annotations

import os
import re
import threading
from typing import Any

import yaml

from sandbox.plugins.base import Difference, Failure, NotReadyError, Operation, Provider, ProviderError, Resource
from sandbox.plugins.kubernetes import directives, live, rules, waiting
from sandbox.plugins.kubernetes.api import Api, ApiError, NoMatchError, NotFoundError, UnreachableError
from sandbox.plugins.kubernetes.readiness import READ_AGAIN, Facts, applies_to, job
from sandbox.plugins.kubernetes.waiting import WaitEnded
from sandbox.plugins.values import UNKNOWN, Properties, changes, has_unknown

_FIELD_MANAGER = "pulumi-kubernetes"
_CONFLICT_HELP = (
    "Server-Side Apply field conflict detected: another manager owns a field that the program sets. Leave the field "
    f'out, or set the annotation {directives.PATCH_FORCE} to "true" to take it over. '
)
_NOT_HERE = {
    "renderYamlToDirectory": "the sandbox's stand-in does not render YAML; use the official plugin for that",
}
_CREATE_TRIES = 6


class KubernetesProvider(Provider):
    """One provider instance: one cluster, known by its settings."""

    name = "kubernetes"

    def __init__(self) -> None:
        self.settings: Properties = {}
        self._api: Api | None = None
        self._lock = threading.Lock()
        self._replacing: set[str] = set()  # URNs whose old object goes before the new one comes

    @property
    def api(self) -> Api:
        """The cluster, opened at first use: a program without Kubernetes objects needs no kubeconfig."""
        with self._lock:
            if self._api is None:
                self._api = Api(self.settings)
            return self._api

    # Settings

    def check_config(self, config: Properties) -> list[Failure]:
        return [(name, reason) for name, reason in _NOT_HERE.items() if config.get(name)]

    def config_replaces(self, olds: Properties, news: Properties) -> set[str]:
        """Another cluster means other objects; a new certificate for the same cluster does not."""
        if has_unknown(news) or has_unknown(olds):
            return set()
        if "clusterIdentifier" in olds and "clusterIdentifier" in news:
            return {"clusterIdentifier"} if olds["clusterIdentifier"] != news["clusterIdentifier"] else set()
        try:
            moved = Api(olds).server != Api(news).server
        except ProviderError:
            return set()
        return (
            {name for name in ("kubeconfig", "context", "cluster") if olds.get(name) != news.get(name)}
            if moved
            else set()
        )

    def configure(self, config: Properties) -> None:
        self.settings = config

    @property
    def _unreachable_yet(self) -> bool:
        """A preview in which the cluster itself is still to be made."""
        return has_unknown({name: self.settings.get(name) for name in ("kubeconfig", "context", "cluster")})

    def _setting(self, name: str, variable: str = "") -> bool:
        return directives.is_true(self.settings.get(name)) or directives.is_true(os.environ.get(variable))

    # Before anything is done

    def check(self, operation: Operation, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        if not (news.get("apiVersion") and news.get("kind")) or operation.kind.endswith("Patch"):
            return news, [
                ("", f"{operation.type} is not a plain Kubernetes object; the sandbox's stand-in can't serve it")
            ]
        news = rules.with_name(news, operation.name, olds)
        return self._with_namespace(news), []

    def _with_namespace(self, news: Properties) -> Properties:
        """Write down the default namespace, so that a later change of the default does not move the object."""
        if news["metadata"].get("namespace") or self._unreachable_yet:
            return news
        try:
            namespaced = self.api.resource(news["apiVersion"], news["kind"])[1]
        except NoMatchError:  # a definition that this run will install: the create will tell
            return news
        if not namespaced:
            return news
        return {**news, "metadata": {**news["metadata"], "namespace": self.api.namespace}}

    def diff(self, operation: Operation, old: Resource, news: Properties) -> Difference:
        paths = dict(changes(old.inputs, news))
        replaces = {p for p in paths if rules.forces_replacement(p, old.inputs, news, self.settings)}
        if directives.flag(news, directives.REPLACE_UNREADY) and self._unready_job(news):
            path = f'metadata.annotations["{directives.REPLACE_UNREADY}"]'
            paths.setdefault(path, "update")
            replaces.add(path)
        delete_first = bool(replaces) and rules.delete_before_replace(old.inputs, news)
        if delete_first:
            self._replacing.add(operation.urn)
        return Difference(paths, replaces, delete_first)

    def _unready_job(self, inputs: Properties) -> bool:
        if inputs["kind"] != "Job" or has_unknown(inputs["metadata"]):
            return False
        try:
            return not job(self.api.get(inputs), Facts()).done
        except ProviderError:
            return False

    # The life of an object

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        if operation.preview:
            return "", self._preview_create(operation, inputs)
        existing = self._existing(inputs)
        if existing and (_is_dying(existing) or not self._setting("upsertExistingObjects")):
            raise ProviderError(self._already_exists(inputs, existing))
        applied = self._retried(operation, inputs)
        return rules.object_id(applied), self._settled(operation, inputs, applied)

    def _preview_create(self, operation: Operation, inputs: Properties) -> Properties:
        if self._unreachable_yet or has_unknown(inputs):
            return live.previewed(inputs, inputs)
        try:
            trial = inputs
            existing = self._existing(inputs)
            if existing and not _is_dying(existing) and not self._setting("upsertExistingObjects"):
                if operation.urn not in self._replacing:
                    operation.warn(self._already_exists(inputs, existing))
                # the old object still has the name: ask about the new one under another
                trial = {**inputs, "metadata": {**inputs["metadata"], "name": f"{inputs['metadata']['name']}-preview"}}
            answer = self._apply(trial, dry_run=True)
        except (NotFoundError, NoMatchError):  # its namespace or definition is still to come
            return live.previewed(inputs, inputs)
        answer["metadata"]["name"] = inputs["metadata"].get("name", UNKNOWN)
        return live.previewed(answer, inputs)

    def _existing(self, inputs: Properties) -> Properties | None:
        """The object that has this name already."""
        if not inputs["metadata"].get("name"):
            return None
        try:
            return self.api.get(inputs)
        except (NotFoundError, NoMatchError):
            return None

    def _already_exists(self, inputs: Properties, existing: Properties) -> str:
        name, id = inputs["metadata"]["name"], rules.object_id(inputs)
        return (
            f"resource {id} was not successfully created by the Kubernetes API server: "
            f'{self.api.resource(inputs["apiVersion"], inputs["kind"])[0]} "{name}" already exists. '
        ) + (
            "It is being deleted: wait until it is gone."
            if _is_dying(existing)
            else f'Delete it, or adopt it with the resource option import_="{id}".'
        )

    def _retried(self, operation: Operation, inputs: Properties) -> Properties:
        """Apply; wait a little for a namespace or a definition that comes into being just now."""
        for attempt in range(_CREATE_TRIES):
            try:
                return self._apply(inputs)
            except (NotFoundError, NoMatchError) as error:
                if attempt == _CREATE_TRIES - 1:
                    raise
                operation.status(f"Retry #{attempt}; creation failed: {error}")
                if operation.cancelled.wait(0.25 * 2**attempt):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _apply(self, inputs: Properties, dry_run: bool = False) -> Properties:
        manager = directives.read(inputs, directives.PATCH_FIELD_MANAGER) or _FIELD_MANAGER
        force = directives.flag(inputs, directives.PATCH_FORCE) or self._setting(
            "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"
        )
        try:
            return self.api.apply(inputs, manager, force, dry_run)
        except NotFoundError:  # holds no value, and callers wait for what is missing
            raise
        except ApiError as error:
            if error.reason == "Conflict":
                raise ProviderError(_CONFLICT_HELP + str(error)) from None
            if inputs["kind"] == "Secret":  # the server quotes a value of the wrong type
                raise ProviderError(re.sub(r"Value:.*?}", "Value:(hidden)}", str(error))) from None
            raise

    def _settled(self, operation: Operation, inputs: Properties, applied: Properties) -> Properties:
        """The outputs once the object is done. Raises NotReadyError with the reasons."""
        try:
            return live.outputs(waiting.until_ready(self.api, operation, inputs, applied))
        except WaitEnded as waited:
            done = "updated" if operation_is_update(applied) else "created"
            first = (
                f"resource {rules.object_id(applied)} was successfully {done}, but the Kubernetes API server reported "
                f"that it failed to fully initialize or become live: {waited.why}"
            )
            reasons = [first, *waited.reasons]
            raise NotReadyError(rules.object_id(applied), live.outputs(waited.live), inputs, reasons) from None

    def read(self, operation: Operation, recorded: Resource) -> Resource | None:
        asked = rules.skeleton(operation.type, recorded.id)
        known = recorded.inputs if recorded.inputs.get("kind") else {}
        if known:
            asked |= {"apiVersion": known["apiVersion"], "kind": known["kind"]}
        try:
            found = self.api.get(asked)
        except (NotFoundError, NoMatchError):
            return None
        except UnreachableError:
            if self._setting("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"):
                return None
            raise
        inputs = live.seen_through(known, found) if known else live.inputs_of(found)
        if known and found["kind"] in READ_AGAIN and applies_to(found):
            self._refuse_unready(recorded.id, known, inputs, found)
        return Resource(recorded.id, inputs, live.outputs(found))

    def _refuse_unready(self, id: str, known: Properties, inputs: Properties, found: Properties) -> None:
        judge = waiting.judge_of(known)
        verdict = judge(found, waiting.facts(self.api, found)) if judge else None
        if verdict and not verdict.done:
            first = f"Resource '{found['metadata']['name']}' was created but failed to initialize"
            raise NotReadyError(id, live.outputs(found), inputs, [first, *verdict.reasons])

    def update(self, operation: Operation, old: Resource, inputs: Properties) -> Properties:
        if operation.preview and (self._unreachable_yet or has_unknown(inputs)):
            return live.outputs({**old.outputs, **inputs})
        wanted = inputs
        if operation.ignore_changes:
            wanted = live.keep_ignored(inputs, self.api.get(inputs), operation.ignore_changes)
        applied = self._apply(wanted, dry_run=operation.preview)
        return live.outputs(applied) if operation.preview else self._settled(operation, inputs, applied)

    def delete(self, operation: Operation, old: Resource) -> None:
        thing = old.outputs if old.outputs.get("kind") else old.inputs
        asking = old.inputs if old.inputs.get("kind") else thing
        try:
            self.api.delete(thing, directives.propagation_policy(asking))
        except (NotFoundError, NoMatchError):
            return
        waiting.until_gone(self.api, operation, asking, thing)

    # Functions

    def invoke(self, token: str, arguments: Properties) -> Properties:
        if token == "kubernetes:yaml:decode":  # noqa: S105 - a function's name
            documents: list[Any] = [d for d in yaml.safe_load_all(arguments.get("text") or "") if d]
            return {"result": documents}
        return super().invoke(token, arguments)


def operation_is_update(applied: Properties) -> bool:
    """Whether the object existed before its last change."""
    return int(applied["metadata"].get("generation") or 1) > 1


def _is_dying(found: Properties) -> bool:
    """Whether an object is on its way out; the API server lets nobody create it anew until it is gone."""
    return bool(found["metadata"].get("deletionTimestamp"))
