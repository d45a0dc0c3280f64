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
    names = Names.of(specification)
    secrets = list(_of_access_methods(specification, names))
    if proof_password:
        file = bootstrap_secret_file("userpass", PROOF_USER, "password")
        secrets.append(BootstrapSecret(file, names.child(PROOF_SECRET), PASSWORD_KEY, generated=True))
    return secrets


def _of_access_methods(specification: Specification, names: Names) -> Iterator[BootstrapSecret]:
    access = specification.self_init
    if access is None:
        return
    for user in access.userpass.users if access.userpass else []:
        given = user.password_secret_ref
        yield BootstrapSecret(
            bootstrap_secret_file("userpass", user.username, "password"),
            known(given, "selfInit.userpass.users.passwordSecretRef")
            if given is not None
            else names.login_secret(user.username),
            PASSWORD_KEY,
            generated=given is None,
        )
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
