"""The specification of a cluster: what a user writes, typed.

One model for both profiles; what a profile refuses is a rule, not a missing field, so that the refusal can say why.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from profiles.specification.base import Part
from profiles.specification.bootstrap import RecoveryKeys, SelfInit
from profiles.specification.network import ClientService, Gateway, Ingress, Network
from profiles.specification.server import AuditDevice, Configuration, Telemetry
from profiles.specification.tls import Tls
from profiles.specification.unseal import Unseal
from profiles.specification.workload import (
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
from profiles.values import Name, Text

Profile = Literal["Hardened", "Development"]
Bootstrap = Literal["selfInit", "operatorInit", "manual"]
DeletionPolicy = Literal["Retain", "DeletePVCs", "DeleteAll"]
DEFAULT_VERSION = "2.7.2"
_RELEASE = r"^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})$"


class Specification(Part):
    """A cluster under one of the two security profiles. Defaults that depend on the profile are filled by `parse`."""

    profile: Profile
    name: Name = "openbao"
    namespace: Namespace = Field(default_factory=Namespace.defaults)
    cluster_domain: Text = "cluster.local"
    version: Annotated[str, Field(pattern=_RELEASE)] = DEFAULT_VERSION
    image: Image = Field(default_factory=Image.defaults)
    helper_images: HelperImages = Field(default_factory=HelperImages.defaults)
    image_verification: Verification | None = None
    operator_image_verification: Verification | None = None
    replicas: int = Field(default=3, ge=1, le=7)
    unseal: Unseal | None = None
    tls: Tls | None = None
    bootstrap: Bootstrap = "selfInit"
    self_init: SelfInit | None = None
    recovery_keys: RecoveryKeys | None = None
    audit: list[AuditDevice] = Field(default_factory=lambda: [AuditDevice.defaults()])
    storage: Storage = Field(default_factory=Storage.defaults)
    network: Network = Field(default_factory=Network.defaults)
    service: ClientService = Field(default_factory=ClientService.defaults)
    gateway: Gateway | None = None
    ingress: Ingress | None = None
    configuration: Configuration = Field(default_factory=Configuration.defaults)
    telemetry: Telemetry = Field(default_factory=Telemetry.defaults)
    security_context: SecurityContext = Field(default_factory=SecurityContext.defaults)
    resources: Resources = Field(default_factory=Resources.defaults)
    scheduling: Scheduling = Field(default_factory=Scheduling.defaults)
    backup: Backup | None = None
    deletion_policy: DeletionPolicy = "Retain"

    @property
    def namespace_name(self) -> str:
        """The namespace that everything lives in."""
        return self.namespace.name or self.name
