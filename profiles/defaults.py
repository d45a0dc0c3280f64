"""What a profile fills in where the user said nothing. The only place that knows."""

from __future__ import annotations

from typing import Any

from profiles.specification import Specification
from profiles.specification.bootstrap import SelfInit, SelfInitPolicy, UserpassAccess, UserpassUser
from profiles.specification.tls import OperatorManagedTls
from profiles.specification.unseal import AwsKmsUnseal, GcpCkmsUnseal, StaticUnseal
from profiles.specification.workload import Verification
from profiles.values import NotKnownYet

ADMIN = "admin"
MADE_LATER = "made-by-the-update"
FULL_ACCESS = """path "*" {
  capabilities = ["create", "read", "update", "patch", "delete", "list", "scan", "sudo"]
}
"""

UPSTREAM_REPOSITORIES = frozenset(
    f"{registry}{image}"
    for registry in ("", "docker.io/", "index.docker.io/", "ghcr.io/", "quay.io/")
    for image in ("openbao/openbao", "openbao/openbao-ubi", "openbao/openbao-distroless")
)
UPSTREAM_ISSUER = r"^https://token\.actions\.githubusercontent\.com$"
UPSTREAM_SUBJECT = (
    r"^https://github\.com/openbao/openbao/\.github/workflows/release\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+$"
)
"""OpenBao's releases are signed keyless by their release workflow at the tag (the operator's built-in trust)."""


def with_profile_defaults(specification: Specification) -> Specification:
    """The specification with every field filled that the user left to the profile."""
    fill = _development if specification.profile == "Development" else _hardened
    return specification.model_copy(update=fill(specification))


def with_placeholders(specification: Specification) -> Specification:
    """The specification with names for the keys that only an update makes, to look at its configuration beforehand."""
    unseal = specification.unseal
    made: dict[str, Any] = {}
    match unseal:
        case StaticUnseal(key_id=None):
            made = {"key_id": MADE_LATER}
        case AwsKmsUnseal(kms_key_id=None):
            made = {"kms_key_id": MADE_LATER}
        case GcpCkmsUnseal(crypto_key=None):
            made = {"crypto_key": MADE_LATER, "key_ring": unseal.key_ring or MADE_LATER}
    if unseal is None or not made:
        return specification
    return specification.model_copy(update={"unseal": unseal.model_copy(update=made)})


def _development(spec: Specification) -> dict[str, Any]:
    given = spec.model_fields_set
    filled: dict[str, Any] = {}
    if "replicas" not in given:
        filled["replicas"] = 1
    if "deletion_policy" not in given:
        filled["deletion_policy"] = "DeleteAll"
    if spec.unseal is None:
        filled["unseal"] = StaticUnseal.defaults()
    if spec.tls is None:
        filled["tls"] = OperatorManagedTls.defaults()
    if spec.self_init is None and spec.bootstrap == "selfInit":
        filled["self_init"] = _admin_login()
    return filled | _spread(spec, "Preferred")


def _hardened(spec: Specification) -> dict[str, Any]:
    verification = spec.image_verification or Verification.defaults()
    return {"image_verification": _with_upstream_trust(spec, verification), **_spread(spec, "Required")}


def _spread(spec: Specification, over_nodes: str) -> dict[str, Any]:
    if spec.scheduling.spread_over_nodes is not None:
        return {}
    return {"scheduling": spec.scheduling.model_copy(update={"spread_over_nodes": over_nodes})}


def _with_upstream_trust(spec: Specification, verification: Verification) -> Verification:
    """Trust OpenBao's own releases where nothing else is trusted; a mirror needs trust of its own."""
    given = (verification.public_key, verification.issuer, verification.subject)
    expressions = (verification.issuer_reg_exp, verification.subject_reg_exp)
    if any(value is not None for value in given + expressions) or not _is_upstream(spec):
        return verification
    return verification.model_copy(update={"issuer_reg_exp": UPSTREAM_ISSUER, "subject_reg_exp": UPSTREAM_SUBJECT})


def _is_upstream(spec: Specification) -> bool:
    try:
        return spec.image.repository in UPSTREAM_REPOSITORIES
    except NotKnownYet:
        return False


def _admin_login() -> SelfInit:
    """One person who may do everything, by a random password that the component makes."""
    return SelfInit.model_construct(
        policies=[SelfInitPolicy.model_construct(name=ADMIN, policy=FULL_ACCESS)],
        userpass=UserpassAccess.model_construct(users=[UserpassUser.model_construct(username=ADMIN, policies=[ADMIN])]),
    )
