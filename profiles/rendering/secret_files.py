"""Which Secret must appear as which file while self-initialisation runs.

Self-init reads secrets from files (`eval_source: file`), so that its requests can stand in a ConfigMap. A file is read
to its last byte: a newline at the end of a password would be part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from profiles import layout
from profiles.layout import Names, bootstrap_secret_file
from profiles.rendering.text import Stanza, known
from profiles.specification import Specification
from profiles.specification.bootstrap import UserpassUser

PROOF_USER = "openbao-proof"
PROOF_SECRET = "proof-login"  # noqa: S105 - the suffix of a Secret's name
PASSWORD_KEY = "password"  # noqa: S105 - a key's name


@dataclass(frozen=True)
class BootstrapSecret:
    """`file` below `layout.BOOTSTRAP_SECRETS_DIR` holds `key` of `secret_name`; `generated`: the component makes it."""

    file: str
    secret_name: str
    key: str
    generated: bool


def bootstrap_secrets(specification: Specification, *, proof_password: bool = True) -> list[BootstrapSecret]:
    """Every Secret key that self-init reads, in a stable order; empty unless `bootstrap` is `selfInit`.

    `proof_password=False` when the proof logs in by its ServiceAccount.
    """
    if specification.bootstrap != "selfInit":
        return []
    secrets = list(_of_access_methods(specification, Names.of(specification)))
    return [*secrets, _proof(specification)] if proof_password else secrets


def generated_secrets(specification: Specification) -> list[BootstrapSecret]:
    """Those of `bootstrap_secrets` that the component makes; known even while names of existing ones are not."""
    if specification.bootstrap != "selfInit":
        return []
    names, access = Names.of(specification), specification.self_init
    users = access.userpass.users if access is not None and access.userpass is not None else []
    made = [_login(user, names) for user in users if user.password_secret_ref is None]
    return [*made, _proof(specification)]


def _proof(specification: Specification) -> BootstrapSecret:
    file = bootstrap_secret_file("userpass", PROOF_USER, "password")
    return BootstrapSecret(file, Names.of(specification).child(PROOF_SECRET), PASSWORD_KEY, generated=True)


def _login(user: UserpassUser, names: Names) -> BootstrapSecret:
    given = user.password_secret_ref
    file = bootstrap_secret_file("userpass", user.username, "password")
    if given is None:
        return BootstrapSecret(file, names.login_secret(user.username), PASSWORD_KEY, generated=True)
    secret_name = known(given, "selfInit.userpass.users.passwordSecretRef")
    return BootstrapSecret(file, secret_name, PASSWORD_KEY, generated=False)


def _of_access_methods(specification: Specification, names: Names) -> Iterator[BootstrapSecret]:
    access = specification.self_init
    if access is None:
        return
    for user in access.userpass.users if access.userpass else []:
        yield _login(user, names)
    if access.oidc is not None:
        yield BootstrapSecret(
            bootstrap_secret_file("oidc", access.oidc.client_id, "client-secret"),
            known(access.oidc.client_secret_ref, "selfInit.oidc.clientSecretRef"),
            "clientSecret",
            generated=False,
        )
    for role in access.approle.roles if access.approle else []:
        if role.secret_id_secret_ref is not None:
            yield BootstrapSecret(
                bootstrap_secret_file("approle", role.name, "secret-id"),
                known(role.secret_id_secret_ref, "selfInit.approle.roles.secretIdSecretRef"),
                "secretId",
                generated=False,
            )


def from_file(method: str, subject: str, field: str) -> Stanza:
    """The value source that reads this secret; never the secret itself."""
    path = f"{layout.BOOTSTRAP_SECRETS_DIR}/{bootstrap_secret_file(method, subject, field)}"
    return {"eval_type": "string", "eval_source": "file", "path": path}
