"""From a stack's configuration to the arguments of a cluster, with errors that a stack file's author can act on."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi

from profiles.contract import Context
from profiles.errors import Problem, SpecificationError
from profiles.parsing import parse
from profiles.stack_files import TWO_NAMES, has_two_names, secrets_provider

_KEYS: Final = ("cluster", "name")


class WrongStackFileError(SpecificationError, pulumi.RunError):
    """A stack's configuration that is no specification; shown by Pulumi without a traceback."""


RESOURCE: Final = "openbao"
"""Pulumi's name of a stack's one cluster, whatever the cluster's own: another name in the stack file is then a change
of this resource, which the contract refuses, and not a new cluster and the end of the old one."""


def options(specification: Mapping[str, Any]) -> pulumi.ResourceOptions:
    """Finds the resources of stacks from before `RESOURCE`, when they were named after the cluster."""
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(name=specification["name"])])


def stack_specification(config: pulumi.Config) -> dict[str, Any]:
    """The cluster's specification with its name, in shape (the contract is checked by the component).

    Raises:
        WrongStackFileError: with every problem of the file at once.
    """
    subject = f"Pulumi.{pulumi.get_stack()}.yaml"
    problems = _unknown_keys()
    beside = config.get("name")
    cluster = _cluster(config, subject, problems)
    if cluster is not None and has_two_names(beside, cluster):
        problems.append(TWO_NAMES)
    specification = {**(cluster or {}), "name": beside or (cluster or {}).get("name") or RESOURCE}
    try:
        parse(specification, subject=subject) if cluster is not None else None
    except SpecificationError as refused:
        problems += refused.problems
    if problems:
        raise WrongStackFileError(problems, subject)
    return specification


def context() -> Context:
    """What the running program knows about its stack.

    The secrets provider stands in the stack file beside `Pulumi.yaml`. A stack file elsewhere (`--config-file`) or a
    program in another language, whose components run in a plugin, leave it unknown, and nothing is assumed.
    """
    stack = pulumi.get_stack()
    # Asked for in tests, too, where no engine says where the project is.
    folder = pulumi.runtime.settings.SETTINGS.root_directory
    provider = secrets_provider(Path(folder, f"Pulumi.{stack}.yaml")) if folder else None
    return Context(project=pulumi.get_project(), stack=stack, stack_secrets_provider=provider)


def _cluster(config: pulumi.Config, subject: str, problems: list[Problem]) -> dict[str, Any] | None:
    key = config.full_key("cluster")
    try:
        cluster = config.get_object("cluster")
    except pulumi.ConfigTypeError:
        cluster = config.get("cluster")
    if cluster is None:
        way_out = f"Add `config: {{{key}: {{profile: Development}}}}` to {subject}."
        problems.append(Problem(key, "specification.missing", "There is no specification.", way_out))
        return None
    if not isinstance(cluster, dict):
        reason = "The specification must be a mapping of fields, and is not."
        problems.append(Problem(key, "specification.type", reason, "Write its fields below it, one per line."))
        return None
    if pulumi.runtime.config.is_config_secret(key):
        reason = "The specification holds an encrypted value, which would make all of it secret or none."
        way_out = "Put the secret into a Kubernetes Secret and name it by the field that ends in Ref."
        problems.append(Problem(key, "specification.secret", reason, way_out))
    return cluster


def _unknown_keys() -> list[Problem]:
    """Keys of this project that nobody reads: usually a field one level too high, or a typing error."""
    prefix = f"{pulumi.get_project()}:"
    every = pulumi.runtime.config.get_config_env() | dict(pulumi.runtime.config.CONFIG.get())
    given = [key.removeprefix(prefix) for key in every if key.startswith(prefix)]
    problems = []
    for key in given:
        if key in _KEYS:
            continue
        near = difflib.get_close_matches(key, _KEYS, n=1)
        way_out = f"Did you mean {prefix}{near[0]}?" if near else f"Move it below {prefix}cluster, or remove it."
        problems.append(
            Problem(prefix + key, "specification.unknown-field", "This key is not read by anything.", way_out)
        )
    return problems
