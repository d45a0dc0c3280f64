"""One Kubernetes cluster, as far as the provider needs it: find a kind's path, get, list, apply, delete.

Kubeconfigs, contexts, certificates, tokens and credential helpers are the official Python client's business.
"""
# mypy: allow-untyped-calls

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3
import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, load_incluster_config
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from sandbox.plugins.base import ProviderError
from sandbox.plugins.values import Properties

APPLY = "application/apply-patch+yaml"
_REQUEST_SECONDS = 30
_CONNECTIONS = 64  # one for each call of the engine that may be under way


class ApiError(ProviderError):
    """The API server said no. `status` is the HTTP code, `body` its Status object."""

    def __init__(self, status: int, body: Properties) -> None:
        super().__init__(body.get("message") or f"the Kubernetes API server answered {status}")
        self.status, self.body = status, body

    @property
    def reason(self) -> str:
        """Kubernetes' machine-readable reason, such as Conflict or Invalid."""
        return str(self.body.get("reason", ""))


class NotFoundError(ApiError):
    """The object, or something on the way to it, is not there."""

    @property
    def namespace_missing(self) -> bool:
        """Whether it was the namespace that is missing."""
        return (self.body.get("details") or {}).get("kind") == "namespaces"


class NoMatchError(ProviderError):
    """The cluster does not know this kind (yet)."""


class UnreachableError(ProviderError):
    """No answer from the cluster at all."""


class Api:
    """A cluster, chosen by the settings `kubeconfig` (path or content), `context`, `cluster` and `namespace`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.namespace = str(settings.get("namespace") or "")
        self._client = ApiClient(configuration=self._configuration(settings))
        self._kinds: dict[tuple[str, str], tuple[str, bool]] = {}
        self._lock = threading.Lock()

    @property
    def server(self) -> str:
        """The API server's address."""
        return str(self._client.configuration.host)

    def _configuration(self, settings: Mapping[str, Any]) -> Configuration:
        configuration = Configuration()
        configuration.connection_pool_maxsize = _CONNECTIONS
        try:
            document = _kubeconfig(settings)
            if document is None:
                load_incluster_config(client_configuration=configuration)
            else:
                context = _select(document, settings)
                self.namespace = self.namespace or str(context.get("namespace") or "")
                KubeConfigLoader(document, config_base_path="").load_and_set(configuration)
        except yaml.YAMLError:  # whose message would quote the text, and with it credentials
            raise ProviderError("the provider's kubeconfig is neither a path nor YAML") from None
        except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
            raise ProviderError(
                f"unable to load the Kubernetes client configuration: {error}. "
                "Give the provider's kubeconfig (path or content) and context, or set KUBECONFIG."
            ) from None
        self.namespace = self.namespace or "default"
        if configuration.verify_ssl is False:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return configuration

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """One request: decoded JSON, or text where the answer is not JSON.

        Raises NotFoundError, ApiError, UnreachableError.
        """
        request = self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Content-Type": content_type, "Accept": "application/json, */*"},
            body=json.dumps(body) if content_type == APPLY else body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._client.call_api(*request, _request_timeout=_REQUEST_SECONDS)
            text = response.read().decode()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(
                f"configured Kubernetes cluster is unreachable at {self.server}: {error}. "
                "Is it running, and is this the right kubeconfig?"
            ) from None
        try:
            answer = json.loads(text)
        except ValueError:
            answer = text
        if response.status >= 300:
            status = answer if isinstance(answer, dict) else {"message": text.strip()}
            raise (NotFoundError if response.status == 404 else ApiError)(response.status, status)
        return answer

    def resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        """A kind's plural name and whether it lives in namespaces. Raises NoMatchError."""
        with self._lock:
            if (api_version, kind) not in self._kinds:
                self._discover(api_version)
            if (api_version, kind) not in self._kinds:
                raise NoMatchError(f'no matches for kind "{kind}" in version "{api_version}"')
            return self._kinds[api_version, kind]

    def _discover(self, api_version: str) -> None:
        try:
            resources = self.call("GET", _root(api_version))["resources"]
        except NotFoundError:
            return
        for resource in resources:
            if "/" not in resource["name"]:
                self._kinds[api_version, resource["kind"]] = (resource["name"], resource["namespaced"])

    def path(self, api_version: str, kind: str, namespace: str | None, name: str = "") -> str:
        """The URL path of a collection, or of one object in it. Raises NoMatchError."""
        plural, namespaced = self.resource(api_version, kind)
        place = f"/namespaces/{namespace or self.namespace}" if namespaced else ""
        return f"{_root(api_version)}{place}/{plural}" + (f"/{name}" if name else "")

    def path_of(self, thing: Properties) -> str:
        """The URL path of an object. Raises NoMatchError."""
        metadata = thing["metadata"]
        return self.path(thing["apiVersion"], thing["kind"], metadata.get("namespace"), metadata["name"])

    def get(self, thing: Properties) -> Properties:
        """The live object of the same kind, namespace and name. Raises NotFoundError, NoMatchError."""
        live: Properties = self.call("GET", self.path_of(thing))
        return live

    def items(self, api_version: str, kind: str, namespace: str, **query: str) -> list[Properties]:
        """A list, with `labelSelector` or `fieldSelector`; items carry no kind of their own."""
        path = self.path(api_version, kind, namespace)
        items: list[Properties] = self.call("GET", path, query=query)["items"]
        return items

    def apply(self, thing: Properties, manager: str, force: bool, dry_run: bool) -> Properties:
        """Server-side apply. An unknown or doubled field is an error. Raises ApiError."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        applied: Properties = self.call("PATCH", self.path_of(thing), thing, query, APPLY)
        return applied

    def delete(self, thing: Properties, policy: str) -> None:
        """Ask for deletion; finalizers and dependents may take their time. Raises NotFoundError."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}
        self.call("DELETE", self.path_of(thing), options)


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _kubeconfig(settings: Mapping[str, Any]) -> Any:
    """The kubeconfig as the client's loader takes it; None for a pod that has only its ServiceAccount."""
    given = str(settings.get("kubeconfig") or "")
    if "\n" in given or given.lstrip().startswith("{"):
        return KubeConfigMerger(io.StringIO(given)).config
    paths = given or os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
    document = KubeConfigMerger(paths).config
    if document is None and (given or "KUBERNETES_SERVICE_HOST" not in os.environ):
        raise ConfigException(f"there is no kubeconfig at {paths}")
    return document


def _select(document: Any, settings: Mapping[str, Any]) -> Properties:
    """Make the wanted context current and point it to the wanted cluster; returns it."""
    content = getattr(document, "value", document)
    name = settings.get("context") or content.get("current-context")
    content["current-context"] = name
    contexts = [getattr(entry, "value", entry) for entry in content.get("contexts") or []]
    for entry in contexts:
        if entry["name"] == name:
            context: Properties = entry["context"]
            if settings.get("cluster"):
                context["cluster"] = settings["cluster"]
            return context
    raise ConfigException(f"it has no context {name!r}")
