"""Writes the modules of components/inputs from the specification's models: `python -m tools.component_inputs`.

Pulumi reads a component's schema from the annotations of its arguments, and it reads TypedDicts best. The models stay
the one source; a test compares what is committed. This module imports nothing from `components`, so that it can
always write them anew. What Pulumi cannot express is flattened here: one block whose fields
depend on its `type` or `mode` becomes one class with all fields, and a choice of texts becomes `str` (the parser
refuses what does not belong together, by name).
"""

from __future__ import annotations

import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from profiles.fields import decided_by_profile
from profiles.specification import Specification
from profiles.specification.base import Part
from profiles.values import Leaf

FOLDER = Path(__file__).parents[1] / "components" / "inputs"
ARGUMENTS = "ClusterArgs"
_WIDTH = 110
_SET_BY_THE_CLASS = {"profile"}
_OVERRIDES = {"name": "The cluster's name, a DNS label; names of all objects come from it and are for ever."}
_TEXTS: dict[Any, str] = {str: "str", int: "int", bool: "bool", SecretStr: "str", Any: "Any"}


@dataclass(frozen=True)
class Block:
    """A class to write.

    kinds: the part that it holds, or alternatives by what chooses between them: a value of the field `tag`, or, without
    a tag, a value of the tag of the block around it.
    """

    name: str
    path: str
    kinds: Mapping[str, type[Part]]
    tag: str = ""

    @property
    def module(self) -> str:
        """The module that it is written to."""
        part = next(iter(self.kinds.values()))
        last = part.__module__.rsplit(".", 1)[1]
        return "cluster" if last == "specification" else last

    @property
    def fields(self) -> dict[str, dict[str, FieldInfo]]:
        """Every field by name, as each kind has it; the tag left out."""
        found: dict[str, dict[str, FieldInfo]] = {}
        for kind, part in self.kinds.items():
            for name, field in part.model_fields.items():
                if name != self.tag and not (part is Specification and name in _SET_BY_THE_CLASS):
                    found.setdefault(name, {})[kind] = field
        return found

    def inner(self, name: str) -> Block | None:
        """The class of a field that holds blocks, alone or in a list; None for other fields."""
        owners = self.fields[name]
        parts: dict[type[Part], str] = {}
        for kind, field in owners.items():
            for part in _parts(field.annotation):
                parts.setdefault(part, kind)
        alias = str(next(iter(owners.values())).alias)
        path = f"{self.path}.{alias}" if self.path else alias
        if len(parts) < 2:
            return next((Block(part.__name__, path, {"": part}) for part in parts), None)
        tag = next((tag for tag in ("type", "mode") if all(tag in part.model_fields for part in parts)), "")
        kinds = {_value(part, tag) if tag else kind: part for part, kind in parts.items()}
        return Block(_class_name(name), path, kinds, tag)


@dataclass(frozen=True)
class Line:
    """A field of a class: its annotation and what a reader is told."""

    name: str
    annotation: str
    required: bool
    text: str

    def __str__(self) -> str:
        kind = self.annotation if self.required else f"NotRequired[{self.annotation}]"
        return f"    {self.name}: {kind}\n{_docstring(self.text)}"


def sources() -> dict[str, str]:
    """File name → text of every module of components/inputs."""
    blocks = _blocks()
    by_name = {block.name: block for block in blocks}
    modules: dict[str, list[Block]] = {}
    for block in blocks:
        modules.setdefault(block.module, []).append(block)
    written = {f"{module}.py": _module(module, members, by_name) for module, members in modules.items()}
    return written | {"__init__.py": _package(blocks)}


def _blocks() -> list[Block]:
    """Every class, each after those that it mentions."""
    found: dict[str, Block] = {}

    def visit(block: Block) -> None:
        for name in block.fields:
            inner = block.inner(name)
            if inner is not None and inner.name not in found:
                visit(inner)
        found[block.name] = block

    visit(Block(ARGUMENTS, "", {"": Specification}))
    return list(found.values())


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


def _value(part: type[Part], tag: str) -> str:
    return str(get_args(part.model_fields[tag].annotation)[0])


def _class_name(field: str) -> str:
    return "".join(word.capitalize() for word in field.split("_"))


def _annotation(annotation: Any, inner: Block | None, leaf: bool = False) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is list:
        return f"list[{_annotation(arguments[0], inner)}]"
    if origin is dict:
        return f"dict[str, {_annotation(arguments[1], inner)}]"
    if inner is not None:
        return inner.name
    if origin is typing.Annotated:
        return _annotation(arguments[0], None, leaf or Leaf in arguments[1:])
    if origin in (typing.Union, types.UnionType):
        (one,) = (argument for argument in arguments if argument is not types.NoneType)
        return _annotation(one, None, leaf)
    text = "str" if origin is Literal else _TEXTS[annotation]
    return f"pulumi.Input[{text}]" if leaf or annotation is Any else text


def _lines(block: Block) -> list[Line]:
    lines = [_line(block, name, owners) for name, owners in block.fields.items()]
    return [Line(block.tag, "str", True, _choice(list(block.kinds))), *lines] if block.tag else lines


def _line(block: Block, name: str, owners: Mapping[str, FieldInfo]) -> Line:
    inner = block.inner(name)
    annotation = _common(_annotation(field.annotation, inner, Leaf in field.metadata) for field in owners.values())
    texts = dict.fromkeys(_explained(name, field, not block.path) for field in owners.values())
    text = " ".join(text for text in texts if text)
    if len(block.kinds) == 1:
        required = all(field.is_required() for field in owners.values())
        return Line(name, annotation, required, text)
    return Line(name, annotation, False, f"{_where(owners, block)} {text}".strip())


def _common(annotations: Iterable[str]) -> str:
    """The annotation that all kinds of a block can live with: where one takes an Input, the field does."""
    different = sorted(set(annotations), key=len)
    if len({annotation.replace("pulumi.Input", "").replace("[", "").replace("]", "") for annotation in different}) > 1:
        raise TypeError(f"one name, several types: {', '.join(different)}")
    return different[-1]


def _where(owners: Mapping[str, FieldInfo], block: Block) -> str:
    """Which kinds have the field."""
    required = [kind for kind, field in owners.items() if field.is_required()]
    optional = [kind for kind in owners if kind not in required]
    others = [kind for kind in block.kinds if kind not in owners]
    if not required and len(others) == 1:
        return f"For all but `{others[0]}`."
    groups = [f"{_either(required)} (required)"] if required else []
    return f"For {'; '.join([*groups, _either(optional)] if optional else groups)}." if others else ""


def _either(kinds: list[str]) -> str:
    return " or ".join(f"`{kind}`" for kind in kinds)


def _explained(name: str, field: FieldInfo, top: bool) -> str:
    parts = [_OVERRIDES[name] if top and name in _OVERRIDES else field.description or ""]
    if parts[0] and parts[0][-1] not in ".)":
        parts[0] += "."
    if choice := _literals(field.annotation):
        parts.append(_choice(choice))
    parts.append(_default(name, field, top))
    return " ".join(part for part in parts if part)


def _choice(values: list[str]) -> str:
    return f"One of {', '.join(f'`{value}`' for value in values)}."


def _literals(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in (typing.Annotated, typing.Union, types.UnionType, list):
        return next((found for inner in get_args(annotation) if (found := _literals(inner))), [])
    return []


def _default(name: str, field: FieldInfo, top: bool) -> str:
    if top and name == "name":
        return "Default: the resource's name."
    if top and field.alias in decided_by_profile():
        return "Default: decided by the profile."
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or isinstance(value, (Part, list, dict)):
        return ""
    return f"Default: `{str(value).lower() if isinstance(value, bool) else value}`."


def _module(module: str, members: list[Block], known: Mapping[str, Block]) -> str:
    used: dict[str, set[str]] = {}
    body = []
    for block in members:
        for inner in filter(None, map(block.inner, block.fields)):
            if inner.module != module:
                used.setdefault(known[inner.name].module, set()).add(inner.name)
        lines = "".join(map(str, _lines(block)))
        body.append(f"class {block.name}(TypedDict):\n{_docstring(_summary(block))}\n{lines}")
    return _imports(module, used, "".join(body)) + "".join(f"\n\n{text}" for text in body)


def _summary(block: Block) -> str:
    own = {kind: " ".join(inspect.cleandoc(part.__doc__ or "").split()) for kind, part in block.kinds.items()}
    if not block.path:
        return _WHOLE
    if len(own) == 1:
        return next(iter(own.values())) or f"The block `{block.path}`."
    by = f"by its `{block.tag}`" if block.tag else "by the block around it"
    return " ".join([f"The block `{block.path}`, {by}.", *(f"`{kind}`: {text}" for kind, text in own.items())])


_WHOLE = "Arguments of both clusters. Blocks decide what is created and must be plain; other values take an Input."


def _imports(module: str, used: dict[str, set[str]], body: str) -> str:
    typing_names = [name for name in ("Any", "NotRequired", "TypedDict") if re.search(rf"\b{name}[])[]", body)]
    lines = [
        f'"""Arguments of the components, from profiles/specification ({module}) by tools/component_inputs.py."""',
        "",
    ]
    lines += [f"from typing import {', '.join(typing_names)}", ""]
    lines += ["import pulumi", ""] if "pulumi." in body else []
    lines += [_import(other, sorted(used[other])) for other in sorted(used)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _import(module: str, names: list[str]) -> str:
    line = f"from components.inputs.{module} import {', '.join(names)}"
    if len(line) <= 120:
        return line
    return f"from components.inputs.{module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _package(blocks: list[Block]) -> str:
    """The module that others import from."""
    modules: dict[str, list[str]] = {}
    for block in blocks:
        modules.setdefault(block.module, []).append(block.name)
    imports = "\n".join(_import(module, sorted(modules[module])) for module in sorted(modules))
    names = "".join(f'    "{block.name}",\n' for block in sorted(blocks, key=lambda block: block.name))
    return (
        '"""Arguments of the components as typed dictionaries, made from the models by tools/component_inputs.py."""'
        f"\n\n{imports}\n\n__all__ = [\n{names}]\n"
    )


def _docstring(text: str) -> str:
    if not text:
        return ""
    if '"""' in text or "\\" in text:
        raise ValueError(f"not fit for a docstring: {text}")
    lines = textwrap.wrap(text, _WIDTH)
    if len(lines) == 1:
        return f'    """{text}"""\n'
    return f'    """{lines[0]}\n' + "".join(f"    {line}\n" for line in lines[1:]) + '    """\n'


if __name__ == "__main__":
    for file, source in sources().items():
        (FOLDER / file).write_text(source)
