"""From a manifest to a Pulumi resource: the only place that touches pulumi_kubernetes.

Builders are pure functions `Specification → manifest` in Kubernetes' own spelling. Importing
`pulumi_kubernetes.core.v1` costs most of a second, so each kind's module is loaded when its first object is made.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import pulumi

from components.kubernetes.metadata import is_namespaced, metadata
from profiles.specification import Specification

Manifest = dict[str, Any]
Builder = Callable[[Specification], Manifest]

# kind -> (module below pulumi_kubernetes, {constructor argument: field of the manifest})
_KINDS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "Namespace": ("core.v1", {}),
    "ConfigMap": ("core.v1", {"data": "data", "immutable": "immutable"}),
    "Secret": ("core.v1", {"data": "data", "string_data": "stringData", "type": "type", "immutable": "immutable"}),
    "Service": ("core.v1", {"spec": "spec"}),
    "ServiceAccount": ("core.v1", {"automount_service_account_token": "automountServiceAccountToken"}),
    "PersistentVolumeClaim": ("core.v1", {"spec": "spec"}),
    "Role": ("rbac.v1", {"rules": "rules"}),
    "RoleBinding": ("rbac.v1", {"role_ref": "roleRef", "subjects": "subjects"}),
    "ClusterRoleBinding": ("rbac.v1", {"role_ref": "roleRef", "subjects": "subjects"}),
    "NetworkPolicy": ("networking.v1", {"spec": "spec"}),
    "Ingress": ("networking.v1", {"spec": "spec"}),
    "PodDisruptionBudget": ("policy.v1", {"spec": "spec"}),
    "StatefulSet": ("apps.v1", {"spec": "spec"}),
    "Job": ("batch.v1", {"spec": "spec"}),
}


class Objects:
    """Makes the objects of one cluster: common labels, annotations, parent and order in one place."""

    def __init__(
        self, parent: pulumi.Resource, specification: Specification, resolved: pulumi.Output[Specification]
    ) -> None:
        self.parent = parent
        self.resolved = resolved
        self.specification = specification
        self.first: list[pulumi.Resource] = []
        """What every later object waits for: the contract record, then the namespace."""

    def make(
        self,
        kind: str,
        suffix: str,
        build: Builder,
        **order: Any,
    ) -> pulumi.CustomResource:
        """Register the object that `build` describes as `<name>[-suffix]`.

        `build` returns the manifest without apiVersion, kind and common metadata; `metadata.name` may be given and
        defaults to `child(suffix)`. `order`: `after` and `options`, as for `make_from`.
        """
        whole = self.resolved.apply(build)
        body = {field: _field(whole, field) for field in _KINDS[kind][1].values()}
        return self.make_from(kind, suffix, body, own=whole.apply(lambda built: built.get("metadata")), **order)

    def make_from(
        self,
        kind: str,
        suffix: str,
        body: Mapping[str, pulumi.Input[Any]],
        *,
        own: pulumi.Input[Mapping[str, Any] | None] = None,
        name: pulumi.Input[str] | None = None,
        annotations: pulumi.Input[Mapping[str, str]] | None = None,
        after: Sequence[pulumi.Resource] = (),
        options: pulumi.ResourceOptions | None = None,
    ) -> pulumi.CustomResource:
        """Like `make`, field by field, so that a field which is not known yet leaves the others known in a preview.

        body: fields of the manifest beside metadata. own: the object's own metadata; name, annotations: parts of it.
        """
        module, fields = _KINDS[kind]
        arguments = {argument: body[field] for argument, field in fields.items() if field in body}
        factory = getattr(importlib.import_module(f"pulumi_kubernetes.{module}"), kind)
        common = self._metadata(kind, suffix, own, name, annotations)
        made: pulumi.CustomResource = factory(
            self.resource(suffix), metadata=common, opts=self.options(after, options), **arguments
        )
        return made

    def _metadata(
        self,
        kind: str,
        suffix: str,
        own: pulumi.Input[Mapping[str, Any] | None] = None,
        name: pulumi.Input[str] | None = None,
        annotations: pulumi.Input[Mapping[str, str]] | None = None,
    ) -> dict[str, Any]:
        """Field by field: a part that is not known yet must not hide the others."""
        whole = pulumi.Output.all(known=self.resolved, own=own).apply(
            lambda both: metadata(both["known"], kind, self.child(suffix), both["own"] or {})
        )
        found: dict[str, Any] = {
            "name": name if name is not None else whole.apply(lambda built: built["name"]),
            "labels": whole.apply(lambda built: built["labels"]),
            "annotations": whole.apply(lambda built: built["annotations"]),
        }
        if annotations is not None:
            found["annotations"] = pulumi.Output.all(whole, annotations).apply(
                lambda both: {**both[0]["annotations"], **both[1]}
            )
        if is_namespaced(kind):
            found["namespace"] = whole.apply(lambda built: built["namespace"])
        return found

    def make_secret(
        self,
        suffix: str,
        *,
        string_data: Mapping[str, pulumi.Input[str]] | None = None,
        data: Mapping[str, pulumi.Input[str]] | None = None,
        name: pulumi.Input[str] | None = None,
        immutable: bool | None = None,
        after: Sequence[pulumi.Resource] = (),
        options: pulumi.ResourceOptions | None = None,
    ) -> pulumi.CustomResource:
        """Register a Secret; every value is marked secret, so that none reaches plain state."""
        secret = importlib.import_module("pulumi_kubernetes.core.v1").Secret
        made: pulumi.CustomResource = secret(
            self.resource(suffix),
            metadata=self._metadata("Secret", suffix, name=name),
            type="Opaque",
            immutable=immutable,
            string_data=_all_secret(string_data),
            data=_all_secret(data),
            opts=self.options(after, options),
        )
        return made

    def child(self, suffix: str) -> str:
        """Kubernetes' name of an object; it comes from the cluster's name and is for ever."""
        return _child(self.specification.name, suffix)

    def resource(self, suffix: str) -> str:
        """Pulumi's name of a child; it comes from the component's name and is for ever.

        Not from the cluster's: one program may make clusters of the same name in several Kubernetes clusters.
        """
        return _child(self.parent.pulumi_resource_name, suffix)

    def custom(
        self,
        api_version: str,
        kind: str,
        suffix: str,
        build: Builder,
        *,
        after: Sequence[pulumi.Resource] = (),
        options: pulumi.ResourceOptions | None = None,
    ) -> CustomObject:
        """Register an object of a kind that Kubernetes does not have by itself (cert-manager, Gateway API)."""
        return self.custom_from(api_version, kind, suffix, self.resolved.apply(build), after=after, options=options)

    def custom_from(
        self,
        api_version: str,
        kind: str,
        suffix: str,
        manifest: pulumi.Output[Manifest],
        *,
        after: Sequence[pulumi.Resource] = (),
        options: pulumi.ResourceOptions | None = None,
    ) -> CustomObject:
        """Like `custom`, from a manifest that more than the specification decides."""
        return CustomObject(
            self.resource(suffix),
            api_version,
            kind,
            metadata=self._metadata(kind, suffix, manifest.apply(lambda built: built.get("metadata"))),
            spec=manifest.apply(lambda built: built["spec"]),
            opts=self.options(after, options),
        )

    def existing_secret(self, suffix: str, name: pulumi.Input[str]) -> pulumi.Output[dict[str, str]]:
        """Read a Secret of the cluster's namespace that somebody else made; its values as text, marked secret.

        suffix: names the reading, not the Secret. A Secret that is not there ends the preview with its name.
        """
        secret = importlib.import_module("pulumi_kubernetes.core.v1").Secret
        # Pulumi cannot read by an id that is marked secret, and a name is none.
        identity = pulumi.Output.unsecret(pulumi.Output.all(known=self.resolved, name=name)).apply(
            lambda both: f"{both['known'].namespace_name}/{both['name']}"
        )
        found = secret.get(self.resource(suffix), identity, opts=self.options())
        text: pulumi.Output[dict[str, str]] = pulumi.Output.secret(found.data).apply(_decoded)
        return text

    def options(
        self, after: Sequence[pulumi.Resource] = (), options: pulumi.ResourceOptions | None = None
    ) -> pulumi.ResourceOptions:
        """The parent's options, plus order, plus what one object needs; nothing of the caller's is replaced."""
        own = pulumi.ResourceOptions(parent=self.parent, depends_on=[*self.first, *after])
        return pulumi.ResourceOptions.merge(own, options)


class CustomObject(pulumi.CustomResource):
    """As `pulumi_kubernetes.apiextensions.CustomResource`, which does not show an object's `status`."""

    status: pulumi.Output[dict[str, Any] | None]

    def __init__(
        self,
        name: str,
        api_version: str,
        kind: str,
        *,
        metadata: pulumi.Input[Mapping[str, Any]],
        spec: pulumi.Output[Any],
        opts: pulumi.ResourceOptions,
    ) -> None:
        properties = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": None}
        same_provider = pulumi.ResourceOptions(version=version("pulumi_kubernetes"))
        merged = pulumi.ResourceOptions.merge(opts, same_provider)
        super().__init__(f"kubernetes:{api_version}:{kind}", name, properties, merged)


def _child(name: str, suffix: str) -> str:
    return f"{name}-{suffix}" if suffix else name


def _decoded(data: Mapping[str, str] | None) -> dict[str, str]:
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in (data or {}).items()}


def _field(manifest: pulumi.Output[Manifest], field: str) -> pulumi.Output[Any]:
    return manifest.apply(lambda built: built.get(field))


def _all_secret(values: Mapping[str, pulumi.Input[str]] | None) -> dict[str, pulumi.Output[str]] | None:
    return {key: pulumi.Output.secret(value) for key, value in values.items()} if values else None
