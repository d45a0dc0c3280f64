"""The expressions of the annotation `pulumi.com/waitFor`: a condition, or a JSONPath, as `kubectl wait --for` has them.

`condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`, `jsonpath={.status.ingress}`
"""

from __future__ import annotations

import jsonpath_rfc9535 as jsonpath

from sandbox.plugins.base import ProviderError
from sandbox.plugins.kubernetes.directives import WAIT_FOR
from sandbox.plugins.kubernetes.readiness import Verdict, condition
from sandbox.plugins.values import Properties


def verdict(thing: Properties, expressions: list[str]) -> Verdict:
    """Done when all expressions hold. Raises ProviderError for one that can't be read."""
    missing = [reason for expression in expressions if (reason := _missing(thing, expression))]
    if not missing:
        return Verdict(True)
    return Verdict(False, f"Waiting for {missing[0]}", tuple(f"condition not met: {reason}" for reason in missing))


def _missing(thing: Properties, expression: str) -> str:
    """What is still missing for an expression to hold; empty when it does."""
    if expression.startswith("jsonpath="):
        return _missing_path(thing, expression.removeprefix("jsonpath="))
    type, _, wanted = expression.removeprefix("condition=").partition("=")
    found = condition(thing, type)
    seen = found.get("observedGeneration", (thing.get("status") or {}).get("observedGeneration"))
    if seen is not None and seen < thing["metadata"].get("generation", 0):
        return f"condition {type} of the object as it is now"
    if found.get("status", "").lower() == (wanted or "True").lower():
        return ""
    detail = ": ".join(filter(None, [found.get("reason"), found.get("message")]))
    return f"condition {type}={wanted or 'True'}" + (f" ({detail})" if detail else "")


def _missing_path(thing: Properties, text: str) -> str:
    path, wanted = _split(text.strip("'\""))
    try:
        values = jsonpath.find(path, thing).values()
    except jsonpath.JSONPathError as error:
        raise ProviderError(f"annotation {WAIT_FOR}: {text!r} is not a JSONPath: {error}") from None
    if wanted is None:
        return "" if values else f"{path} to exist"
    return "" if values and all(_text(value) == wanted for value in values) else f"{path} to be {wanted}"


def _split(text: str) -> tuple[str, str | None]:
    """(path from the root, wanted value or None): braces and the leading `$` are optional, as for kubectl."""
    if text.startswith("{"):
        path, _, rest = text[1:].rpartition("}")
        wanted = rest.removeprefix("=") if rest.startswith("=") else None
    else:
        path, equals, rest = text.partition("=")
        wanted = rest if equals else None
    if not path.startswith("$"):
        path = "$" + (path if path.startswith((".", "[")) else f".{path}")
    return path, wanted


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
