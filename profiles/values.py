"""Leaf types of a specification, and the value that is not known yet.

A Pulumi program may pass an `Output` for any leaf (a key id, an address). While it is unresolved it stands in the
specification as an `Unknown`: parsing lets it through, and whatever looks at it raises `NotKnownYet`, so that a rule
about it is "not known yet" instead of silently held. Fields that decide *which* resources exist take no `Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, SecretStr, StringConstraints
from pydantic_core.core_schema import CoreSchema, no_info_wrap_validator_function


class NotKnownYet(Exception):  # noqa: N818 - it is no error, only too early
    """A decision needs a value that is only known while the update runs. `path` is the field in question."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Unknown:
    """Placeholder for a value that is not known yet; any use of it raises `NotKnownYet`."""

    def __init__(self, path: str) -> None:
        object.__setattr__(self, "_path", path)

    def _raise(self, *_: object) -> NoReturn:
        raise NotKnownYet(object.__getattribute__(self, "_path"))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._raise()

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __len__ = __iter__ = __contains__ = _raise
    __str__ = __format__ = __getitem__ = __add__ = __radd__ = __hash__ = _raise

    def __repr__(self) -> str:
        return f"<not known yet: {object.__getattribute__(self, '_path')}>"


def _let_unknown_pass(value: Any, handler: Callable[[Any], Any]) -> Any:
    return value if isinstance(value, Unknown) else handler(value)


LEAF_MARK = "x-leaf"
"""How a leaf is marked in a JSON Schema, for who makes an editor's schema of it."""


class _Leaf:
    """As `WrapValidator`, which would look at the function's signature anew for each of some 250 fields."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_wrap_validator_function(_let_unknown_pass, handler(source))

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core_schema), LEAF_MARK: True}


Leaf = _Leaf()
"""Marks a field that may be an `Unknown` (a Pulumi `Input`)."""

Text = Annotated[str, StringConstraints(min_length=1), Leaf]
AnyText = Annotated[str, Leaf]
"""A text that may be empty, such as the value of an annotation."""
LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"), Leaf]
"""Value of a Kubernetes label; it may be empty."""
Flag = Annotated[bool, Leaf]
Count = Annotated[int, Leaf]
Secret = Annotated[SecretStr, Leaf]
"""A value that must never be shown: kept as `SecretStr`, rendered only into Kubernetes Secrets."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")]
"""Kubernetes object name that child names are derived from: a DNS label, at most 40 characters."""

SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"), Leaf]
"""Name of an existing Secret in the cluster's namespace."""

Duration = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{1,12}(\.[0-9]+)?ms|[0-9]{1,9}(\.[0-9]+)?[sm]|[0-9]{1,6}(\.[0-9]+)?h){1,4}$"),
    Leaf,
]
"""A duration as Go writes it: `30s`, `720h`, `1h30m`. Go counts up to 292 years, hence the digits."""

Quantity = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"), Leaf]
"""A Kubernetes quantity: `100m`, `512Mi`, `10Gi`."""
