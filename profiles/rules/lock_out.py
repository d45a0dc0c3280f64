"""Lock-out: after self-initialisation no root token exists, so somebody must be able to do something."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.access_plan import BUILT_IN_POLICIES, PROOF, Login, Policy, known_policies, logins, policies
from profiles.hcl import PathRule, PolicyError, read_policy
from profiles.rules.rule import Breach, Case, rule
from profiles.rules.self_init import FINAL, access, runs
from profiles.specification.bootstrap import SelfInit

_ADMINISTRATION = ("sys/policies/acl/any", "sys/auth/any")
_WRITES = frozenset({"create", "update"})


@rule(
    "openbao.policy.syntax",
    "Policies can be read",
    since="ours",
    fields=("selfInit.policies", "selfInit.requests"),
    reason=f"OpenBao cannot read this policy. {FINAL}",
    way_out='Write it like `path "kv/*" { capabilities = ["read"] }`.',
    when=runs,
)
def policy_syntax(case: Case) -> Iterator[Breach]:
    given = access(case)
    for policy in policies(given) if given is not None else ():
        try:
            read_policy(policy.text)
        except PolicyError as wrong:
            path = f"{policy.field}.policy"
            yield Breach(path, f"OpenBao cannot read this policy: {wrong}. {FINAL}")


@rule(
    "openbao.policy.names",
    "Policies have names of their own",
    since="ours",
    fields=("selfInit.policies", "selfInit.requests"),
    reason=f"This name is taken: the later policy would replace the earlier, and `root` cannot be written. {FINAL}",
    way_out=f"Choose another name; `root` and `{PROOF}` are reserved, and upper and lower case are the same.",
    when=runs,
)
def policy_names(case: Case) -> Iterator[Breach]:
    given = access(case)
    seen = {"root", PROOF, "response-wrapping"}
    for policy in policies(given) if given is not None else ():
        if policy.name in seen or not re.fullmatch(r"[a-z0-9][a-z0-9._/-]*", policy.name):
            yield Breach(policy.field)
        seen.add(policy.name)


@rule(
    "openbao.login.policies",
    "Logins lead somewhere",
    since="ours",
    fields=("selfInit",),
    reason="This policy is written nowhere, so the login would be allowed nothing by it.",
    way_out="Add it to selfInit.policies, or correct the name.",
    when=runs,
)
def login_policies(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None:
        return
    known, pending = known_policies(given)
    for login in logins(given):
        for name in login.policies:
            if name == "root":
                way_out = "Write a policy of your own with what is needed."
                yield Breach(login.field, "The policy `root` would make this login a root token for ever.", way_out)
            elif pending is None and name not in known and name not in BUILT_IN_POLICIES:
                yield Breach(login.field, f"The policy `{name}` is written nowhere.")
        if pending is None and all(name in known for name in login.policies) and not _grants(login, known):
            way_out = "Grant a capability other than deny, or remove the login."
            yield Breach(login.field, "The policies of this login allow nothing.", way_out)
    if pending is not None:
        raise pending


def _rules_of(login: Login, known: dict[str, Policy]) -> list[PathRule]:
    found: list[PathRule] = []
    for name in login.policies:
        try:
            found += read_policy(known[name].text) if name in known else []
        except PolicyError:
            continue  # openbao.policy.syntax says so
    return found


def _grants(login: Login, known: dict[str, Policy]) -> bool:
    return any(path_rule.grants for path_rule in _rules_of(login, known))


@rule(
    "openbao.lock-out",
    "Somebody gets in",
    since="ours",
    fields=("selfInit",),
    reason="Nobody could do anything in this cluster: no login has both credentials and a policy that allows "
    "something.",
    way_out="Add a login whose policies are written in selfInit.policies (userpass is the simplest).",
    when=runs,
)
def somebody_gets_in(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None or not _has_any(given):
        return
    known, pending = known_policies(given)
    if any(login.usable and _grants(login, known) for login in logins(given)):
        return
    if pending is not None:
        raise pending
    yield Breach("selfInit")


def _has_any(given: SelfInit) -> bool:
    """Whether there is anything at all; contract.self-init.requests speaks about nothing at all."""
    methods = (given.userpass, given.kubernetes, given.jwt, given.oidc, given.approle, given.cert)
    return bool(given.requests) or any(method is not None for method in methods)


@rule(
    "openbao.lock-out.administration",
    "Somebody may change the rules",
    since="ours",
    fields=("selfInit", "recoveryKeys"),
    reason="No login may write policies or auth methods, so what self-initialisation made can never be changed.",
    way_out="Give one login a policy for `sys/policies/acl/*` and `sys/auth/*`, or set recoveryKeys to make a root "
    "token.",
    advice=True,
    when=runs,
)
def somebody_administers(case: Case) -> Iterator[Breach]:
    given = access(case)
    if given is None or case.spec.recovery_keys is not None:
        return
    known, pending = known_policies(given)
    if any(login.usable and _administers(_rules_of(login, known)) for login in logins(given)):
        return
    if pending is not None:
        raise pending
    yield Breach("selfInit")


def _administers(rules: list[PathRule]) -> bool:
    return any(any(_covers(one.path, target) and one.grants & _WRITES for one in rules) for target in _ADMINISTRATION)


def _covers(pattern: str, target: str) -> bool:
    """Whether a policy's path covers an API path: `*` at the end is any rest, `+` is one part."""
    prefix = pattern.endswith("*")
    parts = "".join(
        "[^/]+" if part == "+" else re.escape(part) for part in re.split(r"(\+)", pattern.removesuffix("*"))
    )
    return re.match(parts, target) is not None if prefix else re.fullmatch(parts, target) is not None
