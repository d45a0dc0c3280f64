"""JSON Schema of a stack file, for editors (`# yaml-language-server: $schema=…`)."""

from __future__ import annotations

from typing import Any

from profiles.specification import Specification
from profiles.stack_files import CONFIG_KEY

_ENCRYPTED = {
    "type": "object",
    "properties": {"secure": {"type": "string", "description": "Written by `pulumi config set --secret`."}},
    "required": ["secure"],
    "additionalProperties": False,
}


def json_schema() -> dict[str, Any]:
    """A stack file whose `config` holds a specification; other configuration keys are not judged."""
    specification = Specification.model_json_schema(by_alias=True)
    definitions = _let_secrets_be_encrypted(specification.pop("$defs", {}))
    definitions["Specification"] = _let_secrets_be_encrypted(specification)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pulumi stack file of an OpenBao cluster",
        "type": "object",
        "properties": {
            "config": {"type": "object", "properties": {CONFIG_KEY: {"$ref": "#/$defs/Specification"}}},
            "secretsprovider": {"type": "string"},
        },
        "$defs": definitions,
    }


def _let_secrets_be_encrypted(node: Any) -> Any:
    """Secret fields may hold what Pulumi encrypted in the stack file."""
    if isinstance(node, dict):
        if node.get("format") == "password":
            return {"anyOf": [{"type": "string"}, _ENCRYPTED]}
        return {key: _let_secrets_be_encrypted(value) for key, value in node.items()}
    return [_let_secrets_be_encrypted(item) for item in node] if isinstance(node, list) else node
