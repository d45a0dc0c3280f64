"""The pods: what they may be on their nodes, how many, where, and what is left at the end."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from profiles.addresses import is_dns_name
from profiles.rules.rule import Breach, Case, each, rule
from profiles.specification.workload import Toleration

_RESTRICTED = "Pod Security `restricted` holds in both profiles"
_SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_FACTORS = {"m": Decimal("0.001"), "": Decimal(1)} | {
    unit: Decimal(base) ** power
    for base, units in ((1000, ("k", "M", "G", "T", "P")), (1024, ("Ki", "Mi", "Gi", "Ti", "Pi")))
    for power, unit in enumerate(units, start=1)
}


def quantity(text: str) -> Decimal:
    """A Kubernetes quantity as a number: `500m` is 0.5, `1Ki` is 1024."""
    match = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text))
    assert match is not None, "the model's pattern lets only quantities through"  # noqa: S101
    return Decimal(match[1]) * _FACTORS[match[2]]


@rule(
    "hardened.security-context.run-as-non-root",
    "No process runs as root",
    since="0.2",
    fields=("securityContext.runAsNonRoot",),
    reason=f"A root process that breaks out owns its node; {_RESTRICTED}.",
    way_out="Remove securityContext.runAsNonRoot; it is true by default.",
)
def non_root(case: Case) -> Iterator[Breach]:
    if not case.spec.security_context.run_as_non_root:
        yield Breach("securityContext.runAsNonRoot")


@rule(
    "hardened.security-context.root-identity",
    "No root user or group",
    since="0.2",
    fields=("securityContext.runAsUser", "securityContext.runAsGroup", "securityContext.fsGroup"),
    reason=f"Id 0 is root, whatever runAsNonRoot says; {_RESTRICTED}.",
    way_out="Remove the field, or use an id above 0 (the image's own are 100 and 1000).",
)
def no_root_identity(case: Case) -> Iterator[Breach]:
    context = case.spec.security_context
    identities = [
        ("runAsUser", context.run_as_user),
        ("runAsGroup", context.run_as_group),
        ("fsGroup", context.fs_group),
    ]

    def look(_: int, identity: tuple[str, int | None]) -> Iterator[Breach]:
        name, value = identity
        if value is not None and value <= 0:
            yield Breach(f"securityContext.{name}")

    yield from each(identities, look)


@rule(
    "hardened.security-context.root-supplemental-groups",
    "No root group in passing",
    since="0.2",
    scope="Hardened",
    fields=("securityContext.supplementalGroups",),
    reason="Group 0 may read files of root.",
    way_out="Remove 0 from securityContext.supplementalGroups.",
)
def no_root_groups(case: Case) -> Iterator[Breach]:
    def look(index: int, group: int) -> Iterator[Breach]:
        if group == 0:
            yield Breach(f"securityContext.supplementalGroups[{index}]")

    yield from each(case.spec.security_context.supplemental_groups, look)


@rule(
    "hardened.security-context.seccomp",
    "System calls are filtered",
    since="0.2",
    fields=("securityContext.seccompProfile.type",),
    reason=f"Unconfined opens every system call of the node's kernel; {_RESTRICTED}.",
    way_out="Remove securityContext.seccompProfile, or set its type to RuntimeDefault or Localhost.",
)
def seccomp(case: Case) -> Iterator[Breach]:
    if case.spec.security_context.seccomp_profile.type == "Unconfined":
        yield Breach("securityContext.seccompProfile.type")


@rule(
    "contract.security-context.seccomp-profile",
    "A local seccomp profile has a name",
    since="ours",
    fields=("securityContext.seccompProfile",),
    reason="Localhost needs localhostProfile, the other types do not allow it; Kubernetes refuses the pods.",
    way_out="Set securityContext.seccompProfile.localhostProfile together with type Localhost, or neither.",
)
def seccomp_profile_name(case: Case) -> Iterator[Breach]:
    profile = case.spec.security_context.seccomp_profile
    if (profile.type == "Localhost") != (profile.localhost_profile is not None):
        yield Breach("securityContext.seccompProfile.localhostProfile")


@rule(
    "hardened.security-context.sysctls",
    "Kernel settings stay as they are",
    since="0.2",
    scope="Hardened",
    fields=("securityContext.sysctls",),
    reason="A pod's sysctls change the kernel that others share.",
    way_out="Remove securityContext.sysctls; OpenBao needs none.",
)
def no_sysctls(case: Case) -> Iterator[Breach]:
    if case.spec.security_context.sysctls:
        yield Breach("securityContext.sysctls")


@rule(
    "hardened.security-context.windows-options",
    "No Windows options",
    since="0.2",
    scope="Hardened",
    fields=("securityContext.windowsOptions",),
    reason="OpenBao's images are Linux images; Windows options can only weaken the pod.",
    way_out="Remove securityContext.windowsOptions.",
)
def no_windows_options(case: Case) -> Iterator[Breach]:
    if case.spec.security_context.windows_options is not None:
        yield Breach("securityContext.windowsOptions")


@rule(
    "contract.replicas.odd",
    "An odd number of voters",
    since="ours",
    fields=("replicas",),
    reason="An even number of Raft voters survives no more losses than one voter fewer, and two survive none.",
    way_out="Set replicas to 1, 3, 5 or 7.",
    advice=True,
)
def odd_replicas(case: Case) -> Iterator[Breach]:
    if case.spec.replicas % 2 == 0:
        yield Breach("replicas")


@rule(
    "contract.scheduling.spread",
    "A lost node takes one voter",
    since="ours",
    scope="Hardened",
    fields=("scheduling.spreadOverNodes", "replicas"),
    reason="With Preferred two pods may share a node, and its loss may cost the quorum.",
    way_out="Remove scheduling.spreadOverNodes, unless the cluster has fewer nodes than replicas.",
    advice=True,
    when=lambda case: case.spec.profile == "Hardened",
)
def spread(case: Case) -> Iterator[Breach]:
    if case.spec.scheduling.spread_over_nodes == "Preferred":
        yield Breach("scheduling.spreadOverNodes")


@rule(
    "contract.resources",
    "Requests fit into limits",
    since="ours",
    fields=("resources.requests", "resources.limits"),
    reason="Kubernetes refuses a pod that requests more than its limit.",
    way_out="Raise the limit or lower the request.",
)
def requests_within_limits(case: Case) -> Iterator[Breach]:
    requests, limits = case.spec.resources.requests, case.spec.resources.limits

    def look(_: int, kind: str) -> Iterator[Breach]:
        request, limit = getattr(requests, kind), getattr(limits, kind)
        if request is not None and limit is not None and quantity(request) > quantity(limit):
            yield Breach(f"resources.requests.{kind}")

    yield from each(("cpu", "memory"), look)


@rule(
    "contract.resources.units",
    "Amounts have their units",
    since="ours",
    fields=("resources.requests.memory", "resources.limits.memory", "storage.size"),
    reason="This is less than a mebibyte; `m` means a thousandth of a byte, and no unit means bytes.",
    way_out="Write the unit that you mean, as in `512Mi` or `10Gi`.",
)
def amounts(case: Case) -> Iterator[Breach]:
    resources = case.spec.resources
    given = [
        ("resources.requests.memory", resources.requests.memory),
        ("resources.limits.memory", resources.limits.memory),
        ("storage.size", case.spec.storage.size),
    ]

    def look(_: int, amount: tuple[str, str | None]) -> Iterator[Breach]:
        path, text = amount
        if text is not None and quantity(text) < quantity("1Mi"):
            yield Breach(path)

    yield from each(given, look)


@rule(
    "contract.scheduling.tolerations",
    "Tolerations that Kubernetes accepts",
    since="ours",
    fields=("scheduling.tolerations",),
    reason="Kubernetes refuses the pods with this toleration.",
    way_out="Set key and value; or operator Exists, without value; tolerationSeconds only with effect NoExecute.",
)
def tolerations(case: Case) -> Iterator[Breach]:
    def look(index: int, one: Toleration) -> Iterator[Breach]:
        exists = one.operator == "Exists"
        late = one.toleration_seconds is not None and one.effect != "NoExecute"
        if (one.key is None and not exists) or (one.value is not None and exists) or late:
            yield Breach(f"scheduling.tolerations[{index}]")

    yield from each(case.spec.scheduling.tolerations, look)


@rule(
    "contract.deletion-policy",
    "Production data outlives its stack",
    since="ours",
    scope="Hardened",
    fields=("deletionPolicy",),
    reason="Hardened keeps volumes and keys when the stack is destroyed: a mistake must not be final.",
    way_out="Remove deletionPolicy (Retain is the default) and delete the volumes by hand when you mean it.",
)
def data_retained(case: Case) -> Iterator[Breach]:
    if case.spec.deletion_policy != "Retain":
        yield Breach("deletionPolicy")


@rule(
    "contract.names.namespace",
    "A namespace of its own",
    since="ours",
    fields=("namespace.name", "name"),
    reason="This namespace belongs to Kubernetes itself; its labels, policies and readers are not yours.",
    way_out="Choose another namespace.name, as in `openbao`.",
)
def own_namespace(case: Case) -> Iterator[Breach]:
    if case.spec.namespace_name in _SYSTEM_NAMESPACES:
        yield Breach("namespace.name")


@rule(
    "contract.names.cluster-domain",
    "The cluster's domain is a domain",
    since="ours",
    fields=("clusterDomain",),
    reason="Pods find each other, and certificates name them, under this domain.",
    way_out="Write it like `cluster.local`: no scheme, no dot at either end.",
)
def cluster_domain(case: Case) -> Iterator[Breach]:
    if not is_dns_name(str(case.spec.cluster_domain)):
        yield Breach("clusterDomain")
