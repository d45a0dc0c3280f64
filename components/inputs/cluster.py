"""Arguments of the components, from profiles/specification (cluster) by tools/component_inputs.py."""

from typing import NotRequired, TypedDict

import pulumi

from components.inputs.bootstrap import RecoveryKeys, SelfInit
from components.inputs.network import ClientService, Gateway, Ingress, Network
from components.inputs.server import AuditDevice, Configuration, Telemetry
from components.inputs.tls import Tls
from components.inputs.unseal import Unseal
from components.inputs.workload import (
    Backup,
    HelperImages,
    Image,
    Namespace,
    Resources,
    Scheduling,
    SecurityContext,
    Storage,
    Verification,
)


class ClusterArgs(TypedDict):
    """Arguments of both clusters. Blocks decide what is created and must be plain; other values take an Input."""

    name: NotRequired[str]
    """The cluster's name, a DNS label; names of all objects come from it and are for ever. Default: the resource's
    name.
    """
    namespace: NotRequired[Namespace]
    cluster_domain: NotRequired[pulumi.Input[str]]
    """Default: `cluster.local`."""
    version: NotRequired[str]
    """Default: `2.7.2`."""
    image: NotRequired[Image]
    helper_images: NotRequired[HelperImages]
    image_verification: NotRequired[Verification]
    """Default: decided by the profile."""
    operator_image_verification: NotRequired[Verification]
    replicas: NotRequired[int]
    """Default: decided by the profile."""
    unseal: NotRequired[Unseal]
    """Default: decided by the profile."""
    tls: NotRequired[Tls]
    """Default: decided by the profile."""
    bootstrap: NotRequired[str]
    """One of `selfInit`, `operatorInit`, `manual`. Default: `selfInit`."""
    self_init: NotRequired[SelfInit]
    """Default: decided by the profile."""
    recovery_keys: NotRequired[RecoveryKeys]
    audit: NotRequired[list[AuditDevice]]
    storage: NotRequired[Storage]
    network: NotRequired[Network]
    service: NotRequired[ClientService]
    gateway: NotRequired[Gateway]
    ingress: NotRequired[Ingress]
    configuration: NotRequired[Configuration]
    telemetry: NotRequired[Telemetry]
    security_context: NotRequired[SecurityContext]
    resources: NotRequired[Resources]
    scheduling: NotRequired[Scheduling]
    """Default: decided by the profile."""
    backup: NotRequired[Backup]
    deletion_policy: NotRequired[str]
    """One of `Retain`, `DeletePVCs`, `DeleteAll`. Default: decided by the profile."""
