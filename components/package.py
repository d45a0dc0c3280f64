"""The components as Pulumi sees them from other programs: their schema, and how a refusal reaches the user.

Pulumi's own host for components would do, but for four things: it drops fields that it does not know and blocks that
are outputs without a word, it does not find the documentation of inherited outputs, it cannot spell a field unlike its
Python name, and it shows every refusal with a traceback.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Final, cast, get_args

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.util import camel_case
from pulumi.provider.server import ComponentInitError

from components import DevelopmentVaultCluster, HardenedVaultCluster
from components.outputs import ClusterOutputs
from profiles.errors import SpecificationError
from profiles.specification import Specification
from profiles.specification.base import Part

NAME: Final = "openbao"
VERSION: Final = "0.1.0"


class Package(ComponentProvider):
    """The provider `openbao` with both components."""

    def __init__(self) -> None:
        super().__init__([DevelopmentVaultCluster, HardenedVaultCluster], NAME, version=VERSION)
        assert self.schema is not None  # noqa: S101 - the base class has just made it
        self.schema = json.dumps(_completed(json.loads(self.schema)))

    def map_inputs(self, inputs: pulumi.Inputs, component_def: ComponentDefinition) -> pulumi.Inputs:  # noqa: ARG002
        """Hand over all as it came: the one parser reads this spelling, and names what is unknown or missing."""
        return inputs

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Create a component.

        Raises:
            pulumi.InputPropertiesError: if the contract refuses the specification; shown without a traceback.
        """
        try:
            made = super().construct(name, resource_type, inputs, options)
        except ComponentInitError as failed:
            if isinstance(failed.inner, SpecificationError):
                raise _readable(failed.inner) from None
            raise
        outputs = [value for value in made.state.values() if isinstance(value, pulumi.Output)]
        return ConstructResult(pulumi.Output.from_input(_unless_refused(made.urn, outputs)), made.state)


async def _unless_refused(urn: pulumi.Input[str], outputs: Sequence[pulumi.Output[Any]]) -> str:
    """The URN, after all outputs: a value that comes late is refused late, inside the chain that leads to them."""
    try:
        for output in outputs:
            await output.future()
    except SpecificationError as refused:
        raise _readable(refused) from None
    return cast("str", await pulumi.Output.from_input(urn).future())


def _readable(refused: SpecificationError) -> pulumi.InputPropertiesError:
    """The error that Pulumi shows without a traceback.

    Only its text: for problems with a path Pulumi shows the field's value, too, which may be a secret.
    """
    return pulumi.InputPropertiesError(str(refused), [])


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with what Pulumi's analysis cannot know."""
    documented = _documentation(ClusterOutputs)
    for resource in schema["resources"].values():
        for name, output in resource["properties"].items():
            output["description"] = documented[name]
    return {key: _tidy(value) for key, value in schema.items()}


def _documentation(outputs: type) -> dict[str, str]:
    """Output → the text below its annotation."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(outputs)).body if isinstance(node, ast.ClassDef))
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[camel_case(field.target.id)] = str(ast.literal_eval(text.value))
    return found


def _tidy(node: Any) -> Any:
    """Texts without the indentation of their source, names in the spelling of stack files."""
    if isinstance(node, dict):
        return {_spelling().get(key, key): _tidy(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    return inspect.cleandoc(node) if isinstance(node, str) else node


@cache
def _spelling() -> dict[str, str]:
    """Pulumi's spelling of a field → ours, where they differ."""
    fields = [field for part in _parts(Specification) for field in part.model_fields.items()]
    pairs = {camel_case(name): str(field.alias) for name, field in fields}
    return {pulumis: ours for pulumis, ours in pairs.items() if pulumis != ours}


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _parts(field.annotation)
    for inner in get_args(annotation):
        yield from _parts(inner)
