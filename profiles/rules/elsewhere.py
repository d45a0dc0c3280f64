"""Rules of the operator's contract that only make sense inside an operator, and why.

They are listed so that nobody has to wonder whether one was forgotten.
"""

from __future__ import annotations

from profiles.rules.rule import NotHere

ELSEWHERE: tuple[NotHere, ...] = (
    NotHere(
        "hardened.runtime.tls-enabled",
        "TLS is on at run time",
        "N",
        "tls",
        "The listener is only ever rendered with TLS (hardened.listener-tls), and the proof logs in over it.",
    ),
    NotHere(
        "acme.domain xor acme.domains",
        "One spelling of the ACME names",
        "S",
        "tls.domains",
        "There is only tls.domains; `domain` is refused as an unknown field.",
    ),
    NotHere(
        "OperatorManaged needs rotationPeriod",
        "Managed certificates rotate",
        "S",
        "tls.rotationPeriod",
        "The field has a default and a checked form (specification.value).",
    ),
    NotHere(
        "profile is required",
        "A profile is chosen",
        "N",
        "profile",
        "The field is required by the model itself (specification.required).",
    ),
    NotHere(
        "unseal.kmip.tlsSkipVerify",
        "The KMIP server is verified",
        "S",
        "unseal",
        "OpenBao has no such option; the field is refused as unknown.",
    ),
    NotHere(
        "transit client certificate and key together",
        "Transit client certificates are complete",
        "N",
        "unseal.credentialsSecretRef",
        "They come as two keys of one Secret, which Kubernetes mounts as one.",
    ),
    NotHere(
        "self-init on the operator's own mount",
        "auth/jwt-operator exists before it is used",
        "S",
        "selfInit.requests",
        "There is no operator login; openbao.self-init.mounts covers every auth method.",
    ),
    NotHere(
        "initContainer is enabled",
        "The operator's init container runs",
        "S",
        "-",
        "No init container renders configuration here: identity comes by environment.",
    ),
    NotHere(
        "upgrade.strategy changes only when idle",
        "A roll is not overtaken",
        "N",
        "-",
        "Pulumi serialises updates of a stack, and there is one strategy: rolling.",
    ),
    NotHere(
        "BlueGreen needs jwtAuthRole or OIDC",
        "Blue/green can promote",
        "N",
        "-",
        "There is no blue/green upgrade.",
    ),
    NotHere(
        "preUpgradeSnapshot needs backup",
        "Snapshots before upgrades have a target",
        "N",
        "-",
        "There is no automatic snapshot before an upgrade; rule hardened.network.operation-egress-required covers "
        "backups.",
    ),
    NotHere(
        "the target of a running roll cannot be lowered",
        "A roll goes forward",
        "N",
        "version",
        "A Pulumi update ends before the next begins; contract.version.downgrade covers the step itself.",
    ),
    NotHere(
        "hardened.authorization (other verbs)",
        "Authors hold permissions for executables, identities and exposure",
        "N",
        "-",
        "There is no admission request to ask; the Kubernetes and cloud rights of who runs Pulumi decide, and the "
        "policy pack.",
    ),
    NotHere(
        "use and get on referenced objects",
        "Authors may use what they reference",
        "N",
        "-",
        "The API server asks the same of who runs Pulumi, when the objects are created.",
    ),
    NotHere(
        "OpenBaoRestore: overrideOperationLock needs force; endpoint rules",
        "Restores are deliberate",
        "S",
        "-",
        "Restores are not built; there is no restore object.",
    ),
    NotHere(
        "OpenBaoTenant targets its own namespace",
        "Tenants stay apart",
        "S",
        "-",
        "There are no tenants; a stack creates one namespace.",
    ),
    NotHere(
        "openbao-lock-managed-resources, openbao-lock-statefulset-mutation",
        "Managed objects are not edited by hand",
        "S",
        "-",
        "`pulumi refresh` and `pulumi up` show and undo such edits; nothing watches in between.",
    ),
    NotHere(
        "provisioner and controller restrictions",
        "The operator's own rights are limited",
        "S",
        "-",
        "No controller runs in the cluster.",
    ),
)
