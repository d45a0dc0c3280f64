"""Recovery keys: shares that people can decrypt, asked for while the bootstrap still can."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Iterator

from profiles.pgp import KeyError_, inspect_key
from profiles.rules.rule import Breach, Case, each, rule
from profiles.rules.self_init import FINAL
from profiles.specification.bootstrap import PgpRecipient


def _has_keys(case: Case) -> bool:
    return case.spec.recovery_keys is not None


@rule(
    "contract.recovery-keys.bootstrap",
    "Recovery keys come from self-initialisation",
    since="N",
    fields=("recoveryKeys", "bootstrap"),
    reason="Recovery keys are made inside self-initialisation, which does not run here.",
    way_out="Set bootstrap to selfInit, or remove recoveryKeys and make them later by `sys/rotate/recovery/init`.",
    when=_has_keys,
)
def recovery_bootstrap(case: Case) -> Iterator[Breach]:
    if case.spec.bootstrap != "selfInit":
        yield Breach("recoveryKeys")


@rule(
    "contract.recovery-keys.shares",
    "One share per recipient, and enough of them",
    since="N",
    fields=("recoveryKeys.shares", "recoveryKeys.threshold", "recoveryKeys.recipients"),
    reason=f"OpenBao refuses these numbers. {FINAL}",
    way_out="Set shares to the number of recipients, and threshold between 2 and shares (1 only for a single share).",
    when=_has_keys,
)
def recovery_shares(case: Case) -> Iterator[Breach]:
    keys = case.spec.recovery_keys
    if keys is None:
        return
    if keys.shares != len(keys.recipients):
        yield Breach("recoveryKeys.shares")
    if keys.threshold > keys.shares or (keys.threshold == 1 and keys.shares > 1):
        yield Breach("recoveryKeys.threshold")


@rule(
    "contract.recovery-keys.pgp",
    "Recipients can decrypt their share",
    since="N",
    fields=("recoveryKeys.recipients",),
    reason=f"OpenBao cannot encrypt to this key. {FINAL}",
    way_out="Export it with `gpg --export <fingerprint> | base64 -w0`; the key needs a valid encryption subkey.",
    when=_has_keys,
)
def recovery_recipients(case: Case) -> Iterator[Breach]:
    keys = case.spec.recovery_keys
    names: set[str] = set()

    def look(index: int, recipient: PgpRecipient) -> Iterator[Breach]:
        path = f"recoveryKeys.recipients[{index}]"
        if str(recipient.name) in names:
            yield Breach(f"{path}.name", "Two recipients have this name.", "Give each a name of its own.")
        names.add(str(recipient.name))
        try:
            fingerprint = inspect_key(str(recipient.pgp_public_key))
        except KeyError_ as wrong:
            yield Breach(f"{path}.pgpPublicKey", f"{wrong} {FINAL}")
            return
        if fingerprint != str(recipient.fingerprint).replace(" ", "").removeprefix("0x").lower():
            reason = "The fingerprint is not this key's: somebody else could hold the share."
            yield Breach(f"{path}.fingerprint", reason, "Compare the key with its owner, then correct it.")

    yield from each(keys.recipients if keys is not None else [], look)


@rule(
    "openbao.recovery-keys.missing",
    "There is a way back in",
    since="ours",
    scope="Hardened",
    fields=("recoveryKeys",),
    reason="Without recovery keys the seal can never be migrated and lost access never regained.",
    way_out="Set recoveryKeys with PGP recipients; they can also be made later by `sys/rotate/recovery/init`.",
    advice=True,
    when=lambda case: case.spec.profile == "Hardened",
)
def recovery_missing(case: Case) -> Iterator[Breach]:
    if case.spec.recovery_keys is None:
        yield Breach("recoveryKeys")
