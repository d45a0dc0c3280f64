"""The live object, seen through the fields that the program set: what a refresh may call drift.

The API server fills in defaults, drops empty values and rewrites quantities; none of that is drift.
"""
# mypy: allow-untyped-calls

from __future__ import annotations

import base64
import copy
import re
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from sandbox.plugins.values import UNKNOWN, Properties, secret

_QUANTITIES = ("requests", "limits", "capacity", "hard", "sizeLimit", "minAvailable", "maxUnavailable")
_SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_PATH_STEP = re.compile(r'\[(\d+)\]|\["([^"]+)"\]|([^.\[]+)')
_NOTHING = object()


def outputs(live: Properties) -> Properties:
    """What the state keeps of a live object; a Secret's content as a secret."""
    kept = copy.deepcopy(live)
    kept["metadata"].pop("managedFields", None)
    return _covered(kept)


def _covered(thing: Properties) -> Properties:
    """A Secret with its content marked as a secret; anything else as it is."""
    if thing["kind"] == "Secret":
        annotations = thing["metadata"].get("annotations")
        if isinstance(annotations, dict):  # not unknown
            annotations.pop(_LAST_APPLIED, None)  # kubectl's copy of all of it
        for name in ("data", "stringData"):
            if name in thing:
                thing[name] = secret(thing[name])
    return thing


def previewed(dry_run: Properties, inputs: Properties) -> Properties:
    """The outputs of an object that is still to be made: what only the real request will tell is unknown."""
    guess = outputs(dry_run)
    guess["metadata"].update(uid=UNKNOWN, resourceVersion=UNKNOWN, creationTimestamp=UNKNOWN)
    guess["status"] = UNKNOWN
    spec = guess.get("spec", {})
    if guess["kind"] == "Service" and spec != UNKNOWN and "clusterIP" not in (inputs.get("spec") or {}):
        guess["spec"] = {**spec, "clusterIP": UNKNOWN, "clusterIPs": UNKNOWN}
    return guess


def inputs_of(live: Properties) -> Properties:
    """Inputs for an object that the program did not write: an import, or a `.get()`."""
    kept = {key: value for key, value in copy.deepcopy(live).items() if key != "status"}
    for name in _SERVER_METADATA:
        kept["metadata"].pop(name, None)
    return _covered(kept)


def seen_through(inputs: Properties, live: Properties) -> Properties:
    """The recorded inputs with the live values in them; equal to them when nothing drifted."""
    seen: Properties = _project(inputs, live, "")
    if "stringData" in inputs:  # write-only: the server shows it as data
        data = live.get("data") or {}
        seen["stringData"] = {
            key: base64.b64decode(data[key]).decode(errors="replace") for key in inputs["stringData"] if key in data
        }
    return seen


def _project(wanted: Any, live: Any, parent: str) -> Any:
    if isinstance(wanted, dict) and isinstance(live, dict):
        kept = {}
        for key, value in wanted.items():
            if key in live:
                kept[key] = _project(value, live[key], parent if parent in _QUANTITIES else key)
            elif not value:  # the server leaves out what is empty, false or zero
                kept[key] = value
        return kept
    if isinstance(wanted, list) and isinstance(live, list):
        return _project_list(wanted, live, parent)
    if parent in _QUANTITIES and _quantity(wanted) == _quantity(live) != _NOTHING:
        return wanted
    return wanted if wanted == live else live


def _project_list(wanted: list[Any], live: list[Any], parent: str) -> list[Any]:
    """Named items (containers, volumes, ports, …) are matched by name, others by place; strange ones stay whole."""
    named = all(isinstance(item, dict) and "name" in item for item in [*wanted, *live])
    partners = {item["name"]: item for item in wanted} if named else dict(enumerate(wanted))
    keys = [item["name"] if named else index for index, item in enumerate(live)]
    return [
        _project(partners[key], item, parent) if key in partners else item for key, item in zip(keys, live, strict=True)
    ]


def _quantity(value: Any) -> Decimal | object:
    try:
        return Decimal(parse_quantity(value))
    except (ValueError, TypeError, ArithmeticError):
        return _NOTHING


def keep_ignored(inputs: Properties, live: Properties, paths: tuple[str, ...]) -> Properties:
    """The inputs with the live values at the paths that `ignoreChanges` names (an autoscaler's replicas, say)."""
    kept = copy.deepcopy(inputs)
    for path in paths:
        steps = [int(index) if index else quoted or plain for index, quoted, plain in _PATH_STEP.findall(path)]
        value = _at(live, steps)
        holder = _at(kept, steps[:-1])
        if value is not _NOTHING and isinstance(holder, dict | list):
            holder[steps[-1]] = value
    return kept


def _at(value: Any, steps: list[Any]) -> Any:
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return value
