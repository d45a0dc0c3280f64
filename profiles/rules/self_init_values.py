"""Values in self-init requests: what OpenBao's configuration reader changes on the way, or dies of.

Seen with OpenBao 2.6.2 and 2.7.2: a list drops booleans, a list of one mapping becomes the mapping, two mappings in a
list stop the server in the middle of its bootstrap, lists in lists do not parse, null becomes "" and [] becomes null.
"""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from profiles.rules.rule import Breach, Case, each, rule
from profiles.rules.self_init import FINAL, access, runs
from profiles.rules.versions import release
from profiles.specification.bootstrap import SelfInitRequest
from profiles.values import Unknown

_TYPES = frozenset({"string", "int", "float64", "bool", "[]string", "map", "any"})
_SOURCES = {
    "env": ("env_var",),
    "file": ("path",),
    "request": ("initialize_name", "request_name", "field_selector"),
    "response": ("initialize_name", "response_name", "field_selector"),
    "cel": ("expression",),
    "template": ("template",),
}
_SINCE_2_6 = frozenset({"cel", "template"})
_READABLE = ("/etc/bao/", "/var/run/secrets/", "/bao/")
_SECRET_NAME = re.compile(r"(pass|password|passphrase|secret|token|jwt|(private|secret)_key|secret_id|credentials?)$")
_LARGEST = 2**63


def _values(case: Case) -> list[tuple[str, Any]]:
    """Every free value of every request with its field."""
    given = access(case)
    found: list[tuple[str, Any]] = []
    for index, request in enumerate(given.requests if given is not None else []):
        at = f"selfInit.requests[{index}]"
        found += [(f"{at}.data.{key}", value) for key, value in request.data.items()]
        if request.auth_method is not None:
            found += [(f"{at}.authMethod.config.{key}", value) for key, value in request.auth_method.config.items()]
    return found


@rule(
    "openbao.self-init.values",
    "Values arrive as they are written",
    since="ours",
    fields=("selfInit.requests",),
    reason=f"OpenBao's reader would change this value or stop at it. {FINAL}",
    way_out="Write it as text, number, true/false, a mapping, or a list of texts and numbers.",
    when=runs,
)
def exact_values(case: Case) -> Iterator[Breach]:
    yield from each(_values(case), lambda _, item: _inexact(*item))


def _inexact(path: str, value: Any) -> Iterator[Breach]:
    match value:
        case Unknown():
            str(value)  # raises NotKnownYet
        case None:
            yield Breach(path, f"An empty value arrives as an empty text. {FINAL}", "Remove the key.")
        case bool() | str():
            return
        case int() | float():
            if value != value or abs(value) >= _LARGEST:  # noqa: PLR0124 - only NaN differs from itself
                yield Breach(path, f"This number does not fit into 64 bits. {FINAL}", "Write it as text.")
        case Mapping():
            yield from each(list(value.items()), lambda _, item: _inexact(f"{path}.{item[0]}", item[1]))
        case list() | tuple():
            yield from _inexact_list(path, value)
        case _:
            yield Breach(path)


def _inexact_list(path: str, items: Any) -> Iterator[Breach]:
    if not items:
        yield Breach(path, f"An empty list arrives as nothing. {FINAL}", "Remove the key.")
    for index, item in enumerate(items):
        if isinstance(item, bool):
            yield Breach(
                f"{path}[{index}]", f"OpenBao drops true and false from lists. {FINAL}", 'Write "true" as text.'
            )
        elif item is None or isinstance(item, Mapping | list | tuple):
            yield Breach(f"{path}[{index}]", f"A list may only hold texts and numbers. {FINAL}", "Flatten it.")
        elif isinstance(item, Unknown):
            str(item)  # raises NotKnownYet


@rule(
    "openbao.self-init.sources",
    "Values from elsewhere can be found there",
    since="ours",
    fields=("selfInit.requests", "version"),
    reason=f"OpenBao could not evaluate this source. {FINAL}",
    way_out="Use eval_source file with a path that is mounted in the pod; typed access methods mount their Secrets.",
    when=runs,
)
def readable_sources(case: Case) -> Iterator[Breach]:
    yield from each(_values(case), lambda _, item: _sources(case, *item))


def _sources(case: Case, path: str, value: Any) -> Iterator[Breach]:
    if not isinstance(value, Mapping):
        return
    if "eval_source" not in value and "eval_type" not in value:
        yield from each(list(value.items()), lambda _, item: _sources(case, f"{path}.{item[0]}", item[1]))
        return
    source, kind = str(value.get("eval_source")), str(value.get("eval_type"))
    if source not in _SOURCES or kind not in _TYPES:
        sources, types = ", ".join(_SOURCES), ", ".join(sorted(_TYPES))
        way_out = f"Choose eval_source of {sources}, and eval_type of {types}."
        yield Breach(path, f"This source or type is not known. {FINAL}", way_out)
        return
    missing = [key for key in _SOURCES[source] if key not in value]
    if missing:
        yield Breach(path, f"This source needs `{missing[0]}`. {FINAL}", "Add it.")
    elif source == "env":
        yield Breach(path, f"The pods have no environment of yours. {FINAL}")
    elif source == "file" and (".." in str(value["path"]) or not str(value["path"]).startswith(_READABLE)):
        yield Breach(path, f"No such file is mounted in the pod. {FINAL}")
    elif source in _SINCE_2_6 and release(case.spec.version) < (2, 6, 0):
        yield Breach(
            path, f"OpenBao {case.spec.version} does not know this source. {FINAL}", "Set version to 2.6.2 or later."
        )


@rule(
    "contract.self-init.inline-secrets",
    "Requests carry no secret in clear text",
    since="ours",
    fields=("selfInit.requests",),
    reason="This looks like a secret; written here it lies in the stack file and in the state.",
    way_out="Use a typed access method with a Secret reference, or a value with eval_source file.",
    advice=True,
    when=runs,
)
def no_inline_secrets(case: Case) -> Iterator[Breach]:
    given = access(case)

    def look(index: int, request: SelfInitRequest) -> Iterator[Breach]:
        yield from _inline_secrets(f"selfInit.requests[{index}].data", request.data)

    yield from each(given.requests if given is not None else [], look)


def _inline_secrets(path: str, data: Mapping[str, Any]) -> Iterator[Breach]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            if "eval_source" not in value:
                yield from _inline_secrets(f"{path}.{key}", value)
        elif _SECRET_NAME.search(key.lower()) and not isinstance(value, list) and str(value):
            yield Breach(f"{path}.{key}")
