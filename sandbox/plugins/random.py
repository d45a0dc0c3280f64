"""Stand-in for the official Pulumi random provider: values made once, from the system's random source, and kept.

Not the official plugin, though its results have the same form. Every input forces a new value, `keepers` above all.
Source of the rules: github.com/terraform-providers/terraform-provider-random 3.x, which the official one bridges.
"""
# ruff: noqa: D102 - what the methods mean stands in Provider

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable

import bcrypt

from sandbox.plugins.base import Failure, Operation, Provider, Resource
from sandbox.plugins.server import serve
from sandbox.plugins.values import UNKNOWN, Properties, has_unknown, secret

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_CLASSES = {"lower": string.ascii_lowercase, "upper": string.ascii_uppercase, "numeric": string.digits}
_BCRYPT_BYTES = 72  # bcrypt reads no further

Made = tuple[str, Properties]
"""(id, outputs beside the inputs)"""


def _characters(inputs: Properties) -> dict[str, str]:
    """The allowed characters by class."""
    classes = dict(_CLASSES, special=inputs.get("overrideSpecial") or _SPECIAL)
    return {name: characters for name, characters in classes.items() if inputs.get(name, True)}


def _minimum(inputs: Properties, name: str) -> int:
    return int(inputs.get(f"min{name.capitalize()}") or 0)


def _text(inputs: Properties) -> str:
    """Random characters: as many of each class as asked for, the rest from all, in random order."""
    classes = _characters(inputs)
    drawn = [secrets.choice(classes[name]) for name in classes for _ in range(_minimum(inputs, name))]
    everything = "".join(classes.values())
    drawn += [secrets.choice(everything) for _ in range(inputs["length"] - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _password(inputs: Properties) -> Made:
    text = _text(inputs)
    digest = bcrypt.hashpw(text.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(10)).decode()
    return "none", {"result": secret(text), "bcryptHash": secret(digest)}


def _string(inputs: Properties) -> Made:
    text = _text(inputs)
    return text, {"result": text}


def _bytes(inputs: Properties) -> Made:
    drawn = secrets.token_bytes(inputs["length"])
    encoded = base64.b64encode(drawn).decode()
    return "none", {"base64": secret(encoded), "hex": secret(drawn.hex())}


def _id(inputs: Properties) -> Made:
    drawn, prefix = secrets.token_bytes(inputs["byteLength"]), inputs.get("prefix", "")
    url_safe = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    forms = {
        "b64Std": base64.b64encode(drawn).decode(),
        "b64Url": url_safe,
        "dec": str(int.from_bytes(drawn)),
        "hex": drawn.hex(),
    }
    return url_safe, {name: prefix + form for name, form in forms.items()}


def _uuid(_: Properties) -> Made:
    drawn = str(uuid.uuid4())
    return drawn, {"result": drawn}


_KINDS: dict[str, tuple[Callable[[Properties], Made], tuple[str, ...]]] = {
    "RandomBytes": (_bytes, ("base64", "hex")),
    "RandomId": (_id, ("b64Std", "b64Url", "dec", "hex")),
    "RandomPassword": (_password, ("result", "bcryptHash")),
    "RandomString": (_string, ("result",)),
    "RandomUuid": (_uuid, ("result",)),
}


class RandomProvider(Provider):
    """RandomBytes, RandomId, RandomPassword, RandomString and RandomUuid."""

    name = "random"

    def check(self, operation: Operation, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:  # noqa: ARG002
        if operation.kind not in _KINDS:
            return news, [("", self._unknown(operation.type))]
        if has_unknown(news) or operation.kind not in ("RandomPassword", "RandomString"):
            return news, []
        classes = _characters(news)
        if not classes:
            return news, [("special", "at least one of lower, upper, numeric and special must be allowed")]
        needed = sum(_minimum(news, name) for name in classes)
        if needed > news["length"]:
            return news, [
                ("length", f"is {news['length']}, but the minimums of the character classes add up to {needed}")
            ]
        return news, []

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        make, names = _KINDS[operation.kind]
        if operation.preview:
            return "", {**inputs, **dict.fromkeys(names, UNKNOWN)}
        id, made = make(inputs)
        return id, {**inputs, **made}

    def update(self, operation: Operation, old: Resource, inputs: Properties) -> Properties:  # noqa: ARG002
        return {**old.outputs, **inputs}


if __name__ == "__main__":
    serve(RandomProvider())
