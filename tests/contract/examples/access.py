"""Examples: logins, policies, lock-out, recovery keys."""

from __future__ import annotations

from typing import Any

from tests.contract import keys
from tests.contract.examples.example import accepted, refused
from tests.contract.specifications import ABSENT, ADMIN

R = "selfInit.requests"
POLICY = 'path "kv/*" { capabilities = ["read"] }'


def _requests(*requests: dict[str, Any]) -> dict[str, Any]:
    return {R: [{"name": f"r{index}", **request} for index, request in enumerate(requests)]}


def _self_init(**blocks: Any) -> dict[str, Any]:
    return {"selfInit": {"policies": [{"name": "admin", "policy": ADMIN}], **blocks}}


def _jwt(**fields: Any) -> dict[str, Any]:
    role = {"name": "ci", "policies": ["admin"], "boundSubject": "x"}
    block = {"validationPubkeys": [keys.PUBLIC_KEY], "roles": [role], **fields}
    return {"selfInit.jwt": {key: value for key, value in block.items() if value is not ABSENT}}


def _oidc(**fields: Any) -> dict[str, Any]:
    role = {"name": "people", "policies": ["admin"], "allowedRedirectUris": ["https://bao.example.com/callback"]}
    block = {"clientId": "c", "clientSecretRef": "s", "defaultRole": "people", "roles": [role]}
    return {"selfInit.oidc": {"issuer": "https://id.example.com", **block, **fields}}


def _kubernetes(names: list[str], namespaces: list[str]) -> dict[str, Any]:
    bound = {"boundServiceAccountNames": names, "boundServiceAccountNamespaces": namespaces}
    return {"selfInit.kubernetes": {"roles": [{"name": "app", "policies": ["admin"], **bound}]}}


def _approle(**fields: Any) -> dict[str, Any]:
    return {"selfInit.approle": {"roles": [{"name": "app", "policies": ["admin"], **fields}]}}


def _recovery(**fields: Any) -> dict[str, Any]:
    recipient = {"name": "ann", "fingerprint": keys.PGP_FINGERPRINT, "pgpPublicKey": keys.PGP_KEY}
    return {"recoveryKeys": {"shares": 1, "threshold": 1, "recipients": [recipient], **fields}}


EXAMPLES = [
    # --- logins
    *(
        refused("access.issuers", "selfInit.oidc.issuer", _oidc(issuer=issuer))
        for issuer in (
            "http://id.example.com",
            "https://id.example.com/.well-known/openid-configuration",
            "https://a@id.example.com",
            "https://id.example.com?x",
            "https://localhost",
            "https://169.254.1.1",
        )
    ),
    refused("access.issuers", "selfInit.jwt.jwksUrl", _jwt(validationPubkeys=ABSENT, jwksUrl="http://id.example.com")),
    accepted("access.issuers", _oidc()),
    accepted("access.issuers", _jwt(validationPubkeys=ABSENT, jwksUrl="https://id.example.com/.well-known/jwks")),
    refused("access.login_names", "selfInit.userpass.users[0]", {"selfInit.userpass.users[0].username": "a@b.example"}),
    refused("access.login_names", "selfInit.userpass.users[0]", {"selfInit.userpass.users[0].username": "ends."}),
    refused(
        "access.login_names",
        f"{R}[0]",
        _requests({"path": "auth/userpass/users/admin/policies", "data": {"token_policies": "default"}}),
    ),
    refused(
        "access.login_names",
        "selfInit.userpass.users[1]",
        {"selfInit.userpass.users": [{"username": n, "policies": ["admin"]} for n in ("ann", "Ann")]},
    ),
    accepted("access.login_names", {"selfInit.userpass.users[0].username": "ann.b-c_d"}),
    refused("access.jwt_keys", "selfInit.jwt", _jwt(validationPubkeys=ABSENT)),
    refused("access.jwt_keys", "selfInit.jwt", _jwt(jwksUrl="https://id.example.com")),
    refused("access.jwt_keys", "selfInit.jwt.validationPubkeys[0]", _jwt(validationPubkeys=["abc"])),
    accepted("access.jwt_keys", _jwt()),
    refused("access.jwt_roles", "selfInit.jwt.roles[0]", _jwt(roles=[{"name": "ci", "policies": ["admin"]}])),
    refused(
        "access.jwt_roles",
        "selfInit.oidc.roles[0].allowedRedirectUris",
        _oidc(roles=[{"name": "people", "policies": ["admin"]}]),
    ),
    refused("access.jwt_roles", "selfInit.oidc.defaultRole", _oidc(defaultRole="staff")),
    accepted("access.jwt_roles", {**_jwt(), **_oidc()}),
    refused(
        "access.kubernetes_roles",
        "selfInit.kubernetes.roles[0].boundServiceAccountNames",
        _kubernetes(["*", "app"], ["apps"]),
    ),
    accepted("access.kubernetes_roles", _kubernetes(["*"], ["apps"])),
    refused("access.not_everybody", "selfInit.kubernetes.roles[0]", _kubernetes(["*"], ["*"])),
    refused("access.not_everybody", "selfInit.kubernetes.roles[0]", _kubernetes(["**"], ["*"])),
    refused(
        "access.not_everybody",
        f"{R}[0]",
        _requests(
            {
                "path": "auth/kubernetes/role/app",
                "data": {"bound_service_account_names": "*", "bound_service_account_namespaces": ["*"]},
            }
        ),
    ),
    accepted("access.not_everybody", _kubernetes(["app"], ["*"])),
    refused("access.approles", "selfInit.approle.roles[0].boundCidrs[0]", _approle(boundCidrs=["everywhere"])),
    refused(
        "access.approles",
        "selfInit.approle.roles[1].roleId",
        {"selfInit.approle": {"roles": [{"name": n, "policies": ["admin"], "roleId": "same"} for n in "ab"]}},
    ),
    accepted("access.approles", _approle(boundCidrs=["10.0.0.0/8"], roleId="app")),
    refused(
        "access.certificates",
        "selfInit.cert.roles[0].certificate",
        {"selfInit.cert": {"roles": [{"name": "c", "policies": ["admin"], "certificate": keys.PUBLIC_KEY}]}},
    ),
    accepted(
        "access.certificates",
        {"selfInit.cert": {"roles": [{"name": "c", "policies": ["admin"], "certificate": keys.CERTIFICATE}]}},
    ),
    # --- policies and lock-out
    *(
        refused("lock_out.policy_syntax", "selfInit.policies[0].policy", {"selfInit.policies[0].policy": text})
        for text in (
            'path "*" { capabilities = ["write"] }',
            'path "*" {',
            "nonsense",
            'path "a" { capability = [] }',
            'path "a/+*" { capabilities = ["read"] }',
        )
    ),
    refused(
        "lock_out.policy_syntax",
        f"{R}[0].policy",
        _requests({"path": "sys/policies/acl/x", "policy": 'path "x" { capabilities = "read" }'}),
    ),
    accepted("lock_out.policy_syntax"),
    refused("lock_out.policy_names", "selfInit.policies[0]", {"selfInit.policies[0].name": "root"}),
    refused("lock_out.policy_names", "selfInit.policies[0]", {"selfInit.policies[0].name": "openbao-proof"}),
    refused(
        "lock_out.policy_names",
        "selfInit.policies[1]",
        {"selfInit.policies": [{"name": "admin", "policy": ADMIN}, {"name": "ADMIN", "policy": POLICY}]},
    ),
    accepted("lock_out.policy_names"),
    refused("lock_out.login_policies", "selfInit.userpass.users[0]", {"selfInit.userpass.users[0].policies": ["admn"]}),
    refused("lock_out.login_policies", "selfInit.userpass.users[0]", {"selfInit.userpass.users[0].policies": ["root"]}),
    refused(
        "lock_out.login_policies",
        "selfInit.userpass.users[0]",
        {"selfInit.policies[0].policy": 'path "*" { capabilities = ["deny"] }'},
    ),
    accepted("lock_out.login_policies", {"selfInit.userpass.users[0].policies": ["default", "Admin"]}),
    refused("lock_out.somebody_gets_in", "selfInit", {"selfInit.userpass.users[0].policies": ["default"]}),
    refused(
        "lock_out.somebody_gets_in", "selfInit", _self_init(approle={"roles": [{"name": "a", "policies": ["admin"]}]})
    ),
    refused("lock_out.somebody_gets_in", "selfInit", _self_init(requests=[{"name": "r", "path": "sys/quotas/config"}])),
    accepted("lock_out.somebody_gets_in"),
    accepted(
        "lock_out.somebody_gets_in",
        _self_init(
            requests=[
                {"name": "mount", "path": "sys/auth/up", "authMethod": {"type": "userpass"}},
                {"name": "user", "path": "auth/up/users/ann", "data": {"token_policies": ["admin"]}},
            ]
        ),
    ),
    refused("lock_out.somebody_administers", "selfInit", {"selfInit.policies[0].policy": POLICY}),
    accepted("lock_out.somebody_administers"),
    accepted("lock_out.somebody_administers", {"selfInit.policies[0].policy": POLICY, **_recovery()}),
    accepted(
        "lock_out.somebody_administers",
        {"selfInit.policies[0].policy": 'path "sys/policies/acl/+" { capabilities = ["update"] }'},
    ),
    # --- recovery keys
    refused("recovery.recovery_bootstrap", "recoveryKeys", {**_recovery(), "bootstrap": "manual"}),
    accepted("recovery.recovery_bootstrap", _recovery()),
    refused("recovery.recovery_shares", "recoveryKeys.shares", _recovery(shares=2, threshold=2)),
    refused("recovery.recovery_shares", "recoveryKeys.threshold", _recovery(threshold=2)),
    accepted("recovery.recovery_shares", _recovery()),
    *(
        refused(
            "recovery.recovery_recipients",
            f"recoveryKeys.recipients[0].{field}",
            {**_recovery(), f"recoveryKeys.recipients[0].{field}": value},
        )
        for field, value in (
            ("pgpPublicKey", keys.PGP_SIGN_ONLY_KEY),
            ("pgpPublicKey", "not base64!"),
            ("pgpPublicKey", "YWJj"),
            ("pgpPublicKey", "Schlüssel"),
            ("pgpPublicKey", "-----BEGIN PGP PUBLIC KEY BLOCK-----"),
            ("fingerprint", "0" * 40),
        )
    ),
    accepted("recovery.recovery_recipients", _recovery()),
    refused("recovery.recovery_missing", "recoveryKeys"),
    accepted("recovery.recovery_missing", _recovery()),
]
