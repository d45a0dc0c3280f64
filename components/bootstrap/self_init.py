"""Self-initialisation: the stanza that only pod 0 of an unproven cluster sees, its secrets, and the latch.

Every container start of a pod mounts `$(BOOTSTRAP_STATE)/$(POD_NAME)` of the stanza's volume. The variable is `pending`
until the proof succeeded and `proven` from then on, so a pod that lost its volume later finds an empty configuration
there, nothing to initialise with: it can only join (openbao-behaviour: a node with the stanza and empty storage always
founds a new cluster).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi

from components.kubernetes.objects import Objects
from components.kubernetes.volumes import BOOTSTRAP_STATE, NOTHING_FILE, PENDING, PROVEN
from profiles.layout import BOOTSTRAP_FILE
from profiles.rendering import BootstrapSecret, bootstrap_configuration, dump, generated_secrets
from profiles.specification import Specification

_PASSWORD_LENGTH: Final = 32
_PASSWORD_INPUTS: Final = ["length", "special", "upper", "lower", "numeric", "keepers"]


def prepare(
    objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]
) -> list[pulumi.Resource]:
    """Everything that must exist before pod 0 starts for the first time."""
    # A Secret, since raw requests may carry what should not lie in a ConfigMap.
    stanza = resolved.apply(lambda known: dump(bootstrap_configuration(known) or {}))
    made: list[pulumi.Resource] = [
        objects.make_secret("config-init", string_data={BOOTSTRAP_FILE: stanza, NOTHING_FILE: "{}"}),
        objects.make("ConfigMap", "bootstrap-pending", lambda _: {"data": {BOOTSTRAP_STATE: PENDING}}),
    ]
    return made + [_generated_login(objects, specification, secret) for secret in generated_secrets(specification)]


def _generated_login(objects: Objects, specification: Specification, secret: BootstrapSecret) -> pulumi.CustomResource:
    """A random password, made once and kept: changing its inputs later must not lock anybody out."""
    import pulumi_random

    suffix = secret.secret_name.removeprefix(f"{specification.name}-")
    password = pulumi_random.RandomPassword(
        objects.resource(suffix),
        length=_PASSWORD_LENGTH,
        special=False,
        opts=objects.options(options=pulumi.ResourceOptions(ignore_changes=_PASSWORD_INPUTS)),
    )
    return objects.make_secret(
        suffix,
        name=secret.secret_name,
        string_data={"username": _username(secret), secret.key: password.result},
        options=kept(specification),
    )


def _username(secret: BootstrapSecret) -> str:
    return secret.file.removeprefix("userpass-").removesuffix(f"-{secret.key}")


def close(objects: Objects, specification: Specification, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
    """The latch: made after the proof, obeyed by every later start of any pod."""
    return objects.make(
        "ConfigMap",
        "bootstrap-proven",
        lambda _: {"data": {BOOTSTRAP_STATE: PROVEN}},
        after=after,
        options=kept(specification),
    )


def kept(specification: Specification) -> pulumi.ResourceOptions:
    """Options of what belongs to the data and outlives the stack with it (`deletionPolicy: Retain`)."""
    return pulumi.ResourceOptions(retain_on_delete=specification.deletion_policy == "Retain")
