"""Where snapshots go: checked now, so that the target is safe before the first one leaves the cluster."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.addresses import is_local_host, split_url
from profiles.rules.rule import Breach, Case, each, rule

_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,?#L-]+")
_RESERVED_ENDINGS = ("-unseal-key", "-root-token", "-tls-ca", "-tls-server")


def _has_backup(case: Case) -> bool:
    return case.spec.backup is not None


@rule(
    "hardened.network.operation-egress-required",
    "Backups know where they may go",
    since="S",
    scope="Hardened",
    fields=("backup", "network.egressRules"),
    reason="A backup leaves the cluster, and the NetworkPolicy lets nothing out that no egress rule names.",
    way_out="Add the storage's addresses and port 443 to network.egressRules.",
    when=_has_backup,
)
def backup_egress(case: Case) -> Iterator[Breach]:
    if not case.spec.network.egress_rules:
        yield Breach("network.egressRules")


@rule(
    "hardened.backup.endpoint-scheme",
    "Backups travel encrypted",
    since="S",
    scope="Hardened",
    fields=("backup.target.endpoint",),
    reason="A snapshot must not travel in clear text.",
    way_out="Write the endpoint with `https://` or `s3://`.",
    when=_has_backup,
)
def backup_scheme(case: Case) -> Iterator[Breach]:
    endpoint = case.spec.backup.target.endpoint if case.spec.backup else None
    if endpoint is not None and not str(endpoint).startswith(("https://", "s3://")):
        yield Breach("backup.target.endpoint")


@rule(
    "hardened.storage.tls-verification",
    "The storage's certificate is verified",
    since="N",
    scope="Hardened",
    fields=("backup.target.insecureSkipVerify",),
    reason="Without verification anybody on the path can take the snapshots.",
    way_out="Remove backup.target.insecureSkipVerify and trust the storage's CA.",
    when=_has_backup,
)
def backup_verification(case: Case) -> Iterator[Breach]:
    if case.spec.backup is not None and case.spec.backup.target.insecure_skip_verify:
        yield Breach("backup.target.insecureSkipVerify")


@rule(
    "hardened.storage.explicit-identity",
    "Backups have an identity of their own",
    since="N",
    scope="Hardened",
    fields=("backup.target.credentialsSecretRef", "backup.target.workloadIdentity", "backup.target.roleArn"),
    reason="Without credentials the job would borrow the node's, which every pod there shares.",
    way_out="Set backup.target.credentialsSecretRef, workloadIdentity, or (S3) roleArn.",
    when=_has_backup,
)
def backup_identity(case: Case) -> Iterator[Breach]:
    if case.spec.backup is None:
        return
    target = case.spec.backup.target
    by_role = target.role_arn is not None and target.provider == "s3"
    if target.credentials_secret_ref is None and target.workload_identity is None and not by_role:
        yield Breach("backup.target")


@rule(
    "contract.backup.schedule",
    "A schedule of five fields",
    since="S",
    fields=("backup.schedule",),
    reason="This is no cron schedule of five fields, so no backup would ever run.",
    way_out="Write it like `0 3 * * *` (minute, hour, day, month, weekday).",
    when=_has_backup,
)
def backup_schedule(case: Case) -> Iterator[Breach]:
    fields = str(case.spec.backup.schedule).split() if case.spec.backup else []
    if len(fields) != 5 or not all(_CRON_FIELD.fullmatch(part) for part in fields):
        yield Breach("backup.schedule")


@rule(
    "contract.backup.authentication",
    "The backup job can log in",
    since="S",
    fields=("backup.jwtAuthRole", "backup.tokenSecretRef"),
    reason="A backup reads the snapshot through OpenBao's API and needs a login for it.",
    way_out="Set backup.jwtAuthRole (a role of selfInit.jwt) or backup.tokenSecretRef.",
    when=_has_backup,
)
def backup_authentication(case: Case) -> Iterator[Breach]:
    backup = case.spec.backup
    if backup is not None and backup.jwt_auth_role is None and backup.token_secret_ref is None:
        yield Breach("backup")


@rule(
    "contract.backup.endpoint-address",
    "Backups go to another machine",
    since="S",
    fields=("backup.target.endpoint",),
    reason="This address is the pod itself or its node's link (cloud metadata), never a storage.",
    way_out="Write the storage's own host name.",
    when=_has_backup,
)
def backup_address(case: Case) -> Iterator[Breach]:
    endpoint = case.spec.backup.target.endpoint if case.spec.backup else None
    if endpoint is None:
        return
    parts = split_url(str(endpoint)) or split_url(f"https://{endpoint}")
    if parts is None:
        yield Breach(
            "backup.target.endpoint", "This is no URL.", "Write it like `https://s3.eu-central-1.amazonaws.com`."
        )
    elif parts.username is not None:
        way_out = "Put them into a Secret and name that in backup.target.credentialsSecretRef."
        yield Breach("backup.target.endpoint", "Credentials in a URL end up in every log.", way_out)
    elif is_local_host(parts.hostname or ""):
        yield Breach("backup.target.endpoint")


@rule(
    "contract.secrets.reserved-names",
    "Nobody borrows the cluster's own Secrets",
    since="S",
    fields=("backup", "selfInit"),
    reason="This is one of the cluster's own Secrets; using it here would hand its key to somebody else.",
    way_out="Make a Secret of its own for this purpose and name that.",
)
def reserved_secrets(case: Case) -> Iterator[Breach]:
    def look(_: int, reference: tuple[str, str | None]) -> Iterator[Breach]:
        path, name = reference
        if name is not None and str(name).endswith(_RESERVED_ENDINGS):
            yield Breach(path)

    yield from each(list(_references(case)), look)


def _references(case: Case) -> Iterator[tuple[str, str | None]]:
    backup, access = case.spec.backup, case.spec.self_init
    if backup is not None:
        yield "backup.tokenSecretRef", backup.token_secret_ref
        yield "backup.target.credentialsSecretRef", backup.target.credentials_secret_ref
    if access is None:
        return
    for index, user in enumerate(access.userpass.users if access.userpass else []):
        yield f"selfInit.userpass.users[{index}].passwordSecretRef", user.password_secret_ref
    for index, role in enumerate(access.approle.roles if access.approle else []):
        yield f"selfInit.approle.roles[{index}].secretIdSecretRef", role.secret_id_secret_ref
    if access.oidc is not None:
        yield "selfInit.oidc.clientSecretRef", access.oidc.client_secret_ref
