"""What both profiles have in common: one constructor that reads as the life of a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, get_args

import pulumi

from components import outputs, record
from components.arguments import accept
from components.bootstrap import advice, steps
from components.kubernetes import access, edge, monitoring, network, services
from components.kubernetes.configuration import config_map, secret_config, secret_file, workload_needs
from components.kubernetes.objects import Objects
from components.kubernetes.workload import awaiting, stateful_set
from components.stack import context
from components.tls import certificates
from components.unseal import TrustRoot, filled_in, trust_root
from profiles.rendering import dump, server_configuration
from profiles.specification import Profile, Specification


def _token(profile: Profile) -> str:
    return f"openbao:index:{profile}VaultCluster"


def _one_cluster(profile: Profile) -> pulumi.ResourceOptions:
    """To the engine both profiles are the same resource.

    Otherwise a changed profile would look like a new cluster and the removal of the old one: nothing could refuse it
    (components/record.py does).
    """
    others = [other for other in get_args(Profile) if other != profile]
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=_token(other)) for other in others])


def _undestroyed(specification: Specification) -> pulumi.ResourceOptions:
    """Protected where data is retained. Destroying goes from last to first: the last one must refuse, too."""
    return pulumi.ResourceOptions(protect=specification.deletion_policy == "Retain" or None)


class VaultCluster(pulumi.ComponentResource, outputs.ClusterOutputs):
    """An OpenBao cluster under a security profile. Use one of its two subclasses."""

    _profile: ClassVar[Profile]  # private: Pulumi would take a public annotation for an output

    def __init__(self, name: str, args: Mapping[str, Any] | None, opts: pulumi.ResourceOptions | None) -> None:
        # validate
        known = context()
        accepted = accept(name, self._profile, args, known)
        guard = record.guarded(name, known)
        options = pulumi.ResourceOptions.merge(_one_cluster(self._profile), guard)
        super().__init__(
            _token(self._profile), name, record.inputs(accepted), pulumi.ResourceOptions.merge(options, opts)
        )
        spec, resolved = accepted.specification, accepted.resolved
        objects = Objects(self, spec, resolved)
        outputs.warn(self, accepted)
        record.begin(objects, accepted, guard)
        # trust root
        root = trust_root(objects, spec, resolved)
        complete = filled_in(resolved, root)
        # TLS
        certs = certificates(objects, spec, resolved)
        # workload
        configuration = complete.apply(lambda known: dump(server_configuration(known)))
        secret = secret_file(objects, complete, certs)
        needs = workload_needs(objects, complete, configuration, secret, certs)
        before = [
            *root.resources,
            *certs.resources,
            config_map(objects, needs, configuration),
            *secret_config(objects, secret),
            *self._access(objects, spec, root),
            *self._network(objects, spec),
            *edge.routes(objects, spec),
            *steps.before_pods(objects, spec, resolved),
        ]
        pods = self._pods(objects, spec, pulumi.Output.all(known=complete, needs=needs), before)
        monitoring.monitors(objects, spec, certs)
        # bootstrap and proof
        proven = steps.after_pods(objects, spec, [pods], configuration)
        last = [pods, *proven]
        public = objects.make("Service", "public", services.public_service, after=last, options=_undestroyed(spec))
        # outputs
        self.publish(accepted, root, certs, after=[*proven, public])

    def _access(self, objects: Objects, spec: Specification, root: TrustRoot) -> list[pulumi.Resource]:
        # The token is projected into the server's pod only, never mounted by default.
        account = {"automountServiceAccountToken": False}
        made: list[pulumi.Resource] = [
            objects.make_from("ServiceAccount", "serviceaccount", account, annotations=root.account_annotations),
        ]
        if spec.configuration.service_registration:
            made.append(objects.make("Role", "role", access.role))
            made.append(objects.make("RoleBinding", "rolebinding", access.own_role_binding))
        if spec.self_init is not None and spec.self_init.kubernetes is not None:
            made.append(objects.make("ClusterRoleBinding", "token-review", access.token_review_binding))
        return made

    def _network(self, objects: Objects, spec: Specification) -> list[pulumi.Resource]:
        made: list[pulumi.Resource] = [
            objects.make("NetworkPolicy", "network-policy", network.network_policy),
            objects.make("NetworkPolicy", "jobs-network-policy", network.jobs_network_policy),
            objects.make("Service", "", services.headless_service),
        ]
        if spec.configuration.service_registration:
            made.append(objects.make("Service", "active", services.active_service))
        if spec.replicas >= 3:
            made.append(objects.make("PodDisruptionBudget", "pdb", network.disruption_budget))
        return made

    def _pods(
        self,
        objects: Objects,
        spec: Specification,
        parts: pulumi.Output[Any],
        before: Sequence[pulumi.Resource],
    ) -> pulumi.CustomResource:
        body = {"spec": parts.apply(lambda both: stateful_set(both["known"], both["needs"]))}
        # Two years of data hang on this object: what would replace it is refused, whatever asks for it.
        kept = pulumi.ResourceOptions(
            protect=_undestroyed(spec).protect,
            ignore_changes=["spec.volumeClaimTemplates"],
            custom_timeouts=pulumi.CustomTimeouts(create="10m", update="15m"),
        )
        options = pulumi.ResourceOptions.merge(kept, advice.while_pods_start(objects))
        return objects.make_from("StatefulSet", "", body, annotations=awaiting(spec), after=before, options=options)
