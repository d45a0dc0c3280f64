"""JSON Schema of a stack file, for editors (`# yaml-language-server: $schema=…`)."""

from __future__ import annotations

from typing import Any

from profiles.specification import Specification
from profiles.stack_files import CONFIG_KEY
from profiles.values import LEAF_MARK

_ENCRYPTED = {
    "type": "object",
    "properties": {"secure": {"type": "string", "description": "Written by `pulumi config set --secret`."}},
    "required": ["secure"],
    "additionalProperties": False,
}


def json_schema() -> dict[str, Any]:
    """A stack file whose `config` holds a specification; other configuration keys are not judged."""
    specification = Specification.model_json_schema(by_alias=True)
    definitions = specification.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pulumi stack file of an OpenBao cluster",
        "type": "object",
        "properties": {
            "config": {"type": "object", "properties": {CONFIG_KEY: {"$ref": "#/$defs/Specification"}}},
            "secretsprovider": {"type": "string"},
        },
        "$defs": {**_for_editors(definitions), "Specification": _for_editors(specification), "Encrypted": _ENCRYPTED},
    }


def _for_editors(node: Any) -> Any:
    """Every leaf may hold what Pulumi encrypted in the stack file, and a block that comes in kinds says which it is."""
    if isinstance(node, list):
        return [_for_editors(item) for item in node]
    if not isinstance(node, dict):
        return node
    known = {key: _for_editors(value) for key, value in node.items() if key != LEAF_MARK}
    if node.get(LEAF_MARK):
        described = {key: known.pop(key) for key in ("title", "description", "default") if key in known}
        return {**described, "anyOf": [known, {"$ref": "#/$defs/Encrypted"}]}
    properties = known.get("properties")
    tags = [name for name, value in properties.items() if "const" in value] if isinstance(properties, dict) else []
    return {**known, "required": sorted({*known.get("required", []), *tags})} if tags else known
