"""Examples: what Hardened is, the supply chain, the pods."""

from __future__ import annotations

from tests.contract import keys
from tests.contract.examples.example import accepted, refused
from tests.contract.specifications import ABSENT, AWS, DEVELOPMENT, PLUGIN, SHA256, TRANSIT

MIRROR = {"image.repository": "registry.example.com/openbao"}

EXAMPLES = [
    refused("baseline.trusted_tls", "tls.mode", {"tls": {"mode": "OperatorManaged"}}),
    refused("baseline.trusted_tls", "tls.mode", {"tls": ABSENT}),
    accepted("baseline.trusted_tls"),
    refused("baseline.external_trust_root", "unseal.type", {"unseal": {"type": "static"}}),
    refused("baseline.external_trust_root", "unseal.type", {"unseal": ABSENT}),
    accepted("baseline.external_trust_root"),
    refused("baseline.self_initialisation", "selfInit", {"selfInit": ABSENT}),
    refused("baseline.self_initialisation", "selfInit", {"selfInit.enabled": False}),
    refused("baseline.self_initialisation", "bootstrap", {"bootstrap": "operatorInit"}),
    accepted("baseline.self_initialisation"),
    refused("baseline.verified_transit", "unseal.tlsSkipVerify", {"unseal": {**TRANSIT, "tlsSkipVerify": True}}),
    accepted("baseline.verified_transit"),
    refused("baseline.minimum_replicas", "replicas", {"replicas": 1}),
    refused("baseline.minimum_replicas", "replicas", {"replicas": 2}),
    accepted("baseline.minimum_replicas", {"replicas": 3}),
    # --- supply chain
    refused("image.server_image_verified", "imageVerification.enabled", {"imageVerification.enabled": False}),
    accepted("image.server_image_verified"),
    refused(
        "image.helper_images_verified",
        "operatorImageVerification.enabled",
        {"operatorImageVerification.enabled": False},
    ),
    accepted("image.helper_images_verified", {"operatorImageVerification.publicKey": keys.PUBLIC_KEY}),
    refused(
        "image.server_image_blocks", "imageVerification.failurePolicy", {"imageVerification.failurePolicy": "Warn"}
    ),
    accepted("image.server_image_blocks", {"imageVerification.failurePolicy": "Block"}),
    refused(
        "image.helper_images_block",
        "operatorImageVerification.failurePolicy",
        {"operatorImageVerification": {"failurePolicy": "Warn"}},
    ),
    accepted("image.helper_images_block"),
    refused("image.one_trust", "imageVerification", MIRROR),
    refused("image.one_trust", "imageVerification.publicKey", {"imageVerification": {"publicKey": "cosign.pub"}}),
    *(
        refused(
            "image.one_trust",
            f"imageVerification.{field}",
            {"imageVerification": {"issuerRegExp": "^https://id$", "subjectRegExp": "^ann$", field: expression}},
        )
        for field, expression in (
            ("issuerRegExp", ".*"),
            ("issuerRegExp", "^https://"),
            ("subjectRegExp", ".+@.+"),
            ("subjectRegExp", "ann|"),
        )
    ),
    refused("image.one_trust", "imageVerification", {"imageVerification": {"publicKey": "k", "issuer": "i"}}),
    refused("image.one_trust", "imageVerification", {"imageVerification": {"issuer": "i"}}),
    refused("image.one_trust", "imageVerification", {"imageVerification": {"issuer": "i", "subjectRegExp": "s"}}),
    refused(
        "image.one_trust",
        "imageVerification.subjectRegExp",
        {"imageVerification": {"issuerRegExp": "i", "subjectRegExp": "("}},
    ),
    refused(
        "image.one_trust",
        "operatorImageVerification",
        {"operatorImageVerification": {"publicKey": "k", "subject": "s"}},
    ),
    accepted("image.one_trust", {**MIRROR, "imageVerification": {"issuer": "i", "subject": "s"}}),
    accepted("image.one_trust"),
    refused("image.signature_seen", "imageVerification", {}),
    accepted("image.signature_seen", {"imageVerification": {"enabled": False}}),
    refused("image.transparency_log", "imageVerification.ignoreTlog", {"imageVerification.ignoreTlog": True}),
    accepted("image.transparency_log"),
    refused("image.own_trust_roots", "imageVerification", {"imageVerification": {"publicKey": keys.PUBLIC_KEY}}),
    accepted("image.own_trust_roots"),
    refused("image.pinned_image", "image.digest", {"image.digest": ABSENT}),
    accepted("image.pinned_image"),
    refused("image.no_placeholders", "image.digest", {"image.digest": f"sha256:{'0' * 64}"}),
    *(
        refused("image.no_placeholders", f"unseal.plugin.{field}", {"unseal": {**AWS, "plugin": {**PLUGIN, **zeros}}})
        for field, zeros in (
            ("image", {"image": f"registry.example.com/kms@sha256:{'0' * 64}"}),
            ("sha256.amd64", {"sha256": {"amd64": "0" * 64}}),
        )
    ),
    accepted("image.no_placeholders"),
    refused("image.plain_repository", "image.repository", {"image.repository": "openbao/openbao:2.7.2"}),
    refused("image.plain_repository", "image.repository", {"image.repository": f"openbao/openbao@sha256:{SHA256}"}),
    refused("image.plain_repository", "image.repository", {"image.repository": "https://docker.io/openbao"}),
    refused("image.plain_repository", "image.tag", {"image.tag": f"2.7.2@sha256:{SHA256}"}),
    accepted("image.plain_repository", {"image.repository": "localhost:5000/openbao/openbao", "image.tag": "2.7.2-x"}),
    refused("image.tag_of_version", "image.tag", {"image.tag": "2.6.2"}),
    accepted("image.tag_of_version", {"image.tag": "2.7.2-alpine"}),
    refused("image.image_with_shell", "image.repository", {"image.repository": "quay.io/openbao/openbao-distroless"}),
    accepted("image.image_with_shell", {"image.repository": "quay.io/openbao/openbao-ubi"}),
    # --- pods
    refused("workload.non_root", "securityContext.runAsNonRoot", {"securityContext.runAsNonRoot": False}),
    refused(
        "workload.non_root",
        "securityContext.runAsNonRoot",
        {"securityContext.runAsNonRoot": False},
        base=DEVELOPMENT,
    ),
    accepted("workload.non_root"),
    *(
        refused("workload.no_root_identity", f"securityContext.{field}", {f"securityContext.{field}": 0})
        for field in ("runAsUser", "runAsGroup", "fsGroup")
    ),
    accepted("workload.no_root_identity", {"securityContext.runAsUser": 1, "securityContext.fsGroup": None}),
    refused(
        "workload.no_root_groups",
        "securityContext.supplementalGroups[1]",
        {"securityContext.supplementalGroups": [5, 0]},
    ),
    accepted("workload.no_root_groups", {"securityContext.supplementalGroups": [5]}),
    refused(
        "workload.seccomp", "securityContext.seccompProfile.type", {"securityContext.seccompProfile.type": "Unconfined"}
    ),
    accepted("workload.seccomp", {"securityContext.seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}),
    refused(
        "workload.seccomp_profile_name",
        "securityContext.seccompProfile.localhostProfile",
        {"securityContext.seccompProfile.type": "Localhost"},
    ),
    refused(
        "workload.seccomp_profile_name",
        "securityContext.seccompProfile.localhostProfile",
        {"securityContext.seccompProfile.localhostProfile": "p"},
    ),
    accepted("workload.seccomp_profile_name"),
    refused(
        "workload.no_sysctls", "securityContext.sysctls", {"securityContext.sysctls": [{"name": "a", "value": "b"}]}
    ),
    accepted("workload.no_sysctls"),
    refused(
        "workload.no_windows_options", "securityContext.windowsOptions", {"securityContext.windowsOptions": {"a": 1}}
    ),
    accepted("workload.no_windows_options"),
    refused("workload.odd_replicas", "replicas", {"replicas": 4}),
    accepted("workload.odd_replicas", {"replicas": 5}),
    refused("workload.spread", "scheduling.spreadOverNodes", {"scheduling.spreadOverNodes": "Preferred"}),
    accepted("workload.spread"),
    refused("workload.requests_within_limits", "resources.requests.memory", {"resources.requests.memory": "2Gi"}),
    refused(
        "workload.requests_within_limits",
        "resources.requests.cpu",
        {"resources": {"requests": {"cpu": "1500m"}, "limits": {"cpu": "1"}}},
    ),
    accepted("workload.requests_within_limits", {"resources.limits.memory": "256Mi", "resources.limits.cpu": "0.1"}),
    refused("workload.amounts", "resources.requests.memory", {"resources.requests.memory": "256m"}),
    refused("workload.amounts", "resources.limits.memory", {"resources": {"limits": {"memory": "512"}}}),
    refused("workload.amounts", "storage.size", {"storage.size": "10"}),
    accepted("workload.amounts"),
    *(
        refused("workload.tolerations", "scheduling.tolerations[0]", {"scheduling.tolerations": [toleration]})
        for toleration in ({}, {"key": "a", "operator": "Exists", "value": "b"}, {"key": "a", "tolerationSeconds": 5})
    ),
    accepted(
        "workload.tolerations",
        {"scheduling.tolerations": [{"operator": "Exists"}, {"key": "node-role.kubernetes.io/vault", "value": ""}]},
    ),
    refused("workload.data_retained", "deletionPolicy", {"deletionPolicy": "DeleteAll"}),
    refused("workload.data_retained", "deletionPolicy", {"deletionPolicy": "DeletePVCs"}),
    accepted("workload.data_retained"),
    refused("workload.own_namespace", "namespace.name", {"namespace.name": "kube-system"}),
    accepted("workload.own_namespace"),
    refused("workload.cluster_domain", "clusterDomain", {"clusterDomain": "cluster.local."}),
    accepted("workload.cluster_domain", {"clusterDomain": "k8s.example.com"}),
]
