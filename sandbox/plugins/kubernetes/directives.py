"""The `pulumi.com/…` annotations, by which a program tells the provider how to treat one object.

Names and meanings: https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ and
provider/pkg/metadata of the official provider. Values are strings, as everywhere in Kubernetes annotations.
"""

from __future__ import annotations

import json

from sandbox.plugins.base import ProviderError
from sandbox.plugins.values import Properties

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
WAIT_FOR = "pulumi.com/waitFor"
TIMEOUT = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"


def read(thing: Properties, name: str) -> str:
    """The annotation's value; empty when it is not there."""
    annotations = (thing.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(name, ""))


def is_true(value: object) -> bool:
    """Truth as annotations and provider settings spell it."""
    return str(value).lower() in ("true", "1")


def flag(thing: Properties, name: str) -> bool:
    """Whether the annotation is set to true."""
    return is_true(read(thing, name))


def timeout_seconds(thing: Properties, custom: float | None, default: float) -> float:
    """How long to wait, in seconds: the program's `customTimeouts`, else the annotation, else the default."""
    if custom:
        return custom
    text = read(thing, TIMEOUT)
    try:
        return float(text) if text else default
    except ValueError:
        raise ProviderError(f'annotation {TIMEOUT} is {text!r}; give a number of seconds such as "300"') from None


def propagation_policy(thing: Properties) -> str:
    """Kubernetes' name of the deletion policy; dependents go first unless the program says otherwise."""
    policy = read(thing, DELETION_PROPAGATION) or "foreground"
    if policy.lower() not in ("foreground", "background", "orphan"):
        raise ProviderError(f"annotation {DELETION_PROPAGATION} is {policy!r}; use foreground, background or orphan")
    return policy.capitalize()


def wait_for(thing: Properties) -> list[str]:
    """The expressions of `waitFor`: one, or a JSON array of several that must all hold."""
    text = read(thing, WAIT_FOR).strip()
    if not text.startswith("["):
        return [text] if text else []
    try:
        expressions = json.loads(text)
    except ValueError as error:
        raise ProviderError(f"annotation {WAIT_FOR} is not a JSON array: {error}") from None
    if not all(isinstance(expression, str) for expression in expressions):
        raise ProviderError(f"annotation {WAIT_FOR} must be a JSON array of strings")
    return list(expressions)
