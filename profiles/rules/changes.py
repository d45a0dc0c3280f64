"""Changes of a cluster that lives: what can never be changed in place, and what does nothing any more."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from profiles.rules.rule import Breach, Case, rule
from profiles.rules.versions import release
from profiles.rules.workload import quantity
from profiles.specification import Specification
from profiles.specification.base import Part
from profiles.specification.unseal import StaticUnseal
from profiles.values import Unknown


def _has_previous(case: Case) -> bool:
    return case.previous is not None


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal; raises `NotKnownYet` where one is not known, unless both are absent."""
    for value in (left, right):
        if isinstance(value, Unknown):
            str(value)
    if isinstance(left, Part) and isinstance(right, Part):
        fields = type(left).model_fields
        return type(left) is type(right) and all(same(getattr(left, name), getattr(right, name)) for name in fields)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


@rule(
    "contract.profile.promotion",
    "A profile is chosen once",
    since="S",
    fields=("profile",),
    reason="A cluster that began in Development was open from its start; no later setting makes its trust path strong.",
    way_out="Create a new Hardened cluster beside it and move the data: the applications write it again, or export "
    "and import.",
    when=_has_previous,
)
def promotion(case: Case) -> Iterator[Breach]:
    if case.previous is None or case.previous.profile == case.spec.profile:
        return
    if case.spec.profile == "Hardened":
        yield Breach("profile")
    else:
        reason = "A Hardened cluster may not be weakened in place: what relied on its contract still trusts it."
        yield Breach("profile", reason, "Create a new Development cluster with data of its own.")


@rule(
    "contract.version.downgrade",
    "Versions go forward",
    since="N",
    fields=("version",),
    reason="OpenBao never reads the storage of a later version; nodes would fail one by one.",
    way_out="Keep the running version; to go back, restore a snapshot from before the upgrade into a new cluster.",
    when=_has_previous,
)
def downgrade(case: Case) -> Iterator[Breach]:
    if case.previous is not None and release(case.spec.version) < release(case.previous.version):
        yield Breach("version")


@rule(
    "contract.storage.class",
    "The storage class stays",
    since="S",
    fields=("storage.storageClassName",),
    reason="Volumes cannot change their class; the StatefulSet would be replaced and its pods with it.",
    way_out="Keep storage.storageClassName, or move to a new cluster by snapshot.",
    when=_has_previous,
)
def storage_class(case: Case) -> Iterator[Breach]:
    if case.previous is None:
        return
    if not same(case.previous.storage.storage_class_name, case.spec.storage.storage_class_name):
        yield Breach("storage.storageClassName")


@rule(
    "contract.storage.size",
    "Volumes do not shrink",
    since="S",
    fields=("storage.size",),
    reason="No storage can shrink a volume in use.",
    way_out="Keep storage.size or raise it.",
    when=_has_previous,
)
def storage_size(case: Case) -> Iterator[Breach]:
    if case.previous is not None and quantity(case.spec.storage.size) < quantity(case.previous.storage.size):
        yield Breach("storage.size")


@rule(
    "openbao.storage.growth",
    "Volumes that exist keep their size",
    since="ours",
    fields=("storage.size",),
    reason="Kubernetes changes no volume of a StatefulSet that exists: this change alone makes none larger.",
    way_out='Grow each volume by hand, as docs/operations.md says under "Larger volumes".',
    advice=True,
    when=_has_previous,
)
def storage_growth(case: Case) -> Iterator[Breach]:
    if case.previous is not None and quantity(case.spec.storage.size) > quantity(case.previous.storage.size):
        yield Breach("storage.size")


@rule(
    "contract.static-key.source",
    "A static key is rotated, never swapped",
    since="N",
    fields=("unseal.secretName", "unseal.keyId", "unseal.previous"),
    reason="The data is sealed with the old key; with another one alone the cluster stays sealed for ever.",
    way_out="Name the old key in unseal.previous (secretName and keyId) while the new one rolls out.",
    when=lambda case: case.previous is not None and isinstance(case.previous.unseal, StaticUnseal),
)
def static_source(case: Case) -> Iterator[Breach]:
    old = case.previous.unseal if case.previous is not None else None
    new = case.spec.unseal
    if not isinstance(old, StaticUnseal) or not isinstance(new, StaticUnseal):
        return
    if same(old.secret_name, new.secret_name) and same(old.key_id, new.key_id):
        return
    generated = f"{case.spec.name}-unseal-key"
    kept = new.previous is not None and same(new.previous.secret_name, old.secret_name or generated)
    if not kept or (old.key_id is not None and new.previous is not None and not same(new.previous.key_id, old.key_id)):
        yield Breach("unseal.secretName")


@rule(
    "openbao.seal.change",
    "The seal's kind stays",
    since="ours",
    fields=("unseal.type",),
    reason="Another kind of seal cannot open what this one closed; OpenBao needs a seal migration with recovery keys.",
    way_out="Keep unseal.type, or migrate by hand with recovery keys (docs of OpenBao: seal migration), or by a new "
    "cluster.",
    when=_has_previous,
)
def seal_kind(case: Case) -> Iterator[Breach]:
    if _seal_type(case.previous) != _seal_type(case.spec):
        yield Breach("unseal.type")


def _seal_type(specification: Specification | None) -> str | None:
    unseal = specification.unseal if specification is not None else None
    return unseal.type if unseal is not None else None


KEY_FIELDS: dict[str, tuple[str, ...]] = {
    "transit": ("address", "key_name", "mount_path", "namespace"),
    "awskms": ("region", "kms_key_id"),
    "gcpckms": ("project", "region", "key_ring", "crypto_key"),
    "azurekeyvault": ("vault_name", "key_name"),
    "ocikms": ("key_id", "crypto_endpoint"),
    "kmip": ("kms_key_id",),
    "pkcs11": ("slot", "token_label", "key_label", "key_id"),
}
"""By seal: the fields that say which key it is."""


@rule(
    "openbao.seal.key-change",
    "The seal's key changes with care",
    since="ours",
    fields=("unseal",),
    reason="The data is still sealed with the old key; without it the next restart stays sealed.",
    way_out="Keep the old key usable, roll out, then call `sys/rotate/root` before the old key goes.",
    advice=True,
    when=lambda case: case.previous is not None and _seal_type(case.previous) == _seal_type(case.spec),
)
def seal_key(case: Case) -> Iterator[Breach]:
    old, new = case.previous.unseal if case.previous is not None else None, case.spec.unseal
    for field in KEY_FIELDS.get(_seal_type(case.spec) or "", ()):
        if not same(getattr(old, field), getattr(new, field)):
            alias = type(new).model_fields[field].alias if new is not None else field
            yield Breach(f"unseal.{alias}")


@rule(
    "openbao.tls.mode-change",
    "Who signs the certificates changes with care",
    since="ours",
    fields=("tls.mode",),
    reason="While the pods are replaced, some serve the old CA's certificate and some the new one's: clients that "
    "trust one of them are refused by the others, and a pod whose volume is lost may not join until all are replaced.",
    way_out="Give clients both CAs first, change nothing else in the same `up`, and take the old CA from them once all "
    "pods are replaced.",
    advice=True,
    when=_has_previous,
)
def tls_mode(case: Case) -> Iterator[Breach]:
    # No refusal: members replicate over 8201 with certificates of OpenBao's own; a listener's CA matters to joins only.
    old, new = case.previous.tls if case.previous is not None else None, case.spec.tls
    if old is not None and new is not None and old.mode != new.mode:
        yield Breach("tls.mode")


@rule(
    "contract.names.change",
    "Names are for ever",
    since="ours",
    fields=("name", "namespace.name", "clusterDomain"),
    reason="Pods, volumes and peers are known by this name; with another one everything would be made anew, without "
    "its data.",
    way_out="Keep it, or create a second cluster and move the data.",
    when=_has_previous,
)
def names_kept(case: Case) -> Iterator[Breach]:
    previous = case.previous
    if previous is None:
        return
    if previous.name != case.spec.name:
        yield Breach("name")
    if previous.namespace_name != case.spec.namespace_name and previous.namespace.name != case.spec.namespace.name:
        yield Breach("namespace.name")
    if not same(previous.cluster_domain, case.spec.cluster_domain):
        yield Breach("clusterDomain")


@rule(
    "contract.namespace.kept",
    "The namespace stays",
    since="ours",
    fields=("namespace.create", "deletionPolicy"),
    reason="A namespace that is no longer this stack's is deleted, and everything in it, the data too.",
    way_out="Keep namespace.create, or set deletionPolicy: Retain in an `up` of its own before: then it stays.",
    when=_has_previous,
)
def namespace_kept(case: Case) -> Iterator[Breach]:
    previous = case.previous
    if previous is None or previous.deletion_policy == "Retain":
        return
    if previous.namespace.create and not case.spec.namespace.create:
        yield Breach("namespace.create")


@rule(
    "openbao.replicas.shrink",
    "A majority always stays",
    since="ours",
    fields=("replicas",),
    reason="Taking away so many voters at once leaves no majority, and the cluster stops for good.",
    way_out="Lower replicas in steps of one or two, and wait for autopilot to forget the voters that went.",
    when=_has_previous,
)
def shrink(case: Case) -> Iterator[Breach]:
    if case.previous is not None and case.spec.replicas < case.previous.replicas // 2 + 1:
        yield Breach("replicas")


@rule(
    "openbao.self-init.once",
    "Self-initialisation ran already",
    since="ours",
    fields=("selfInit", "recoveryKeys", "bootstrap"),
    reason="Self-initialisation runs once in the life of a cluster; this change does nothing to one that lives.",
    way_out="Make the same change through OpenBao's API, and keep the specification in step for the next cluster.",
    advice=True,
    when=_has_previous,
)
def once(case: Case) -> Iterator[Breach]:
    if case.previous is None:
        return
    if not same(case.previous.self_init, case.spec.self_init):
        yield Breach("selfInit")
    if not same(case.previous.recovery_keys, case.spec.recovery_keys):
        yield Breach("recoveryKeys")
    if case.previous.bootstrap != case.spec.bootstrap:
        yield Breach("bootstrap")
