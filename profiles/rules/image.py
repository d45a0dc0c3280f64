"""The supply chain: which image runs, who signed it, and who checked."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

import re
from collections.abc import Iterator

from profiles.defaults import UPSTREAM_ISSUER, UPSTREAM_REPOSITORIES, UPSTREAM_SUBJECT
from profiles.pem import is_public_key
from profiles.rules.rule import Breach, Case, each, rule
from profiles.specification.workload import Verification


@rule(
    "hardened.image-verification.enabled",
    "The server image's signature is verified",
    since="0.2",
    scope="Hardened",
    fields=("imageVerification.enabled",),
    reason="Hardened verifies the signature of the server image; this switches it off.",
    way_out="Remove imageVerification.enabled, or the whole block: it is on by default.",
)
def server_image_verified(case: Case) -> Iterator[Breach]:
    verification = case.spec.image_verification
    if verification is not None and not verification.enabled:
        yield Breach("imageVerification.enabled")


@rule(
    "hardened.operator-image-verification.enabled",
    "The helper images' signatures are verified",
    since="0.2",
    scope="Hardened",
    fields=("operatorImageVerification.enabled",),
    reason="Hardened verifies the signatures of helper images; this switches it off.",
    way_out="Remove operatorImageVerification.enabled, or the whole block.",
)
def helper_images_verified(case: Case) -> Iterator[Breach]:
    verification = case.spec.operator_image_verification
    if verification is not None and not verification.enabled:
        yield Breach("operatorImageVerification.enabled")


@rule(
    "hardened.image-verification.failure-policy",
    "A wrong signature of the server image blocks",
    since="0.2",
    scope="Hardened",
    fields=("imageVerification.failurePolicy",),
    reason="With Warn an image that nobody signed would run.",
    way_out="Remove imageVerification.failurePolicy, or set it to Block.",
)
def server_image_blocks(case: Case) -> Iterator[Breach]:
    verification = case.spec.image_verification
    if verification is not None and verification.failure_policy == "Warn":
        yield Breach("imageVerification.failurePolicy")


@rule(
    "hardened.operator-image-verification.failure-policy",
    "A wrong signature of a helper image blocks",
    since="0.2",
    scope="Hardened",
    fields=("operatorImageVerification.failurePolicy",),
    reason="With Warn a helper image that nobody signed would run.",
    way_out="Remove operatorImageVerification.failurePolicy, or set it to Block.",
)
def helper_images_block(case: Case) -> Iterator[Breach]:
    verification = case.spec.operator_image_verification
    if verification is not None and verification.failure_policy == "Warn":
        yield Breach("operatorImageVerification.failurePolicy")


@rule(
    "contract.image-verification.trust",
    "Verification knows whom to trust, one way",
    since="0.2",
    fields=("imageVerification", "operatorImageVerification", "image.repository"),
    reason="A signature can only be verified against one trust: a public key, or keyless issuer and subject.",
    way_out="Set exactly one: publicKey; issuer and subject; or issuerRegExp and subjectRegExp.",
    when=lambda case: case.spec.image_verification is not None or case.spec.operator_image_verification is not None,
)
def one_trust(case: Case) -> Iterator[Breach]:
    server, helpers = case.spec.image_verification, case.spec.operator_image_verification
    if server is not None and server.enabled:
        reason = None
        if not _kinds_of_trust(server):
            str(case.spec.image.repository)  # while it is not known, it may be one of them
            reason = "Only OpenBao's own repositories have built-in trust; a mirror or an own image needs its own."
        yield from _trust_problems("imageVerification", server, reason)
    if helpers is not None and helpers.enabled and _kinds_of_trust(helpers):
        yield from _trust_problems("operatorImageVerification", helpers, None)


_STRANGERS = ("stranger@else.invalid", "https://else.invalid/stranger/image/.github/workflows/w.yml@refs/heads/x")
"""Identities that nobody means to trust: an expression that fits one of them fits everybody of its kind."""


def _kinds_of_trust(verification: Verification) -> list[tuple[object, ...]]:
    """The ways of trust that are at least begun."""
    ways: list[tuple[object, ...]] = [
        (verification.public_key,),
        (verification.issuer, verification.subject),
        (verification.issuer_reg_exp, verification.subject_reg_exp),
    ]
    return [way for way in ways if any(value is not None for value in way)]


def _trust_problems(path: str, verification: Verification, reason: str | None) -> Iterator[Breach]:
    begun = _kinds_of_trust(verification)
    if len(begun) != 1 or any(value is None for value in begun[0]):
        yield Breach(path, reason)
    if verification.public_key is not None and not is_public_key(str(verification.public_key)):
        yield Breach(f"{path}.publicKey", "This is no PEM public key.", "Write the whole PEM block of cosign.pub.")
    expressions = {"issuerRegExp": verification.issuer_reg_exp, "subjectRegExp": verification.subject_reg_exp}
    for name, expression in expressions.items():
        if expression is not None:
            yield from _expression_problems(f"{path}.{name}", str(expression))


def _expression_problems(path: str, expression: str) -> Iterator[Breach]:
    try:
        fits_all = any(re.search(expression, stranger) for stranger in _STRANGERS)
    except re.error:
        way_out = "Correct the expression, for example by closing its brackets."
        yield Breach(path, "This is not a regular expression.", way_out)
        return
    if fits_all:
        way_out = r"Write the signer's own address, anchored and with escaped dots, as in `^https://id\.example\.com$`."
        yield Breach(path, "This expression fits signatures of strangers.", way_out)


@rule(
    "contract.image-verification.performed",
    "Somebody verifies the signature",
    since="0.2",
    fields=("imageVerification.enabled", "image.repository"),
    reason="Nothing in a Pulumi program can see a signature; the cluster must verify it, or you before the roll-out.",
    way_out="Run the cosign command of the report, or enforce it in the cluster (Sigstore policy-controller, Kyverno).",
    advice=True,
    when=lambda case: case.spec.image_verification is not None and case.spec.image_verification.enabled,
)
def signature_seen(case: Case) -> Iterator[Breach]:
    yield Breach("imageVerification", way_out=f"Verify it before the roll-out: {cosign_command(case)}")


def cosign_command(case: Case) -> str:
    """The exact command that verifies the image with the specification's trust."""
    verification = case.spec.image_verification or Verification()
    image = case.spec.image
    digest = f"@{image.digest}" if image.digest is not None else f":{image.tag or case.spec.version}"
    reference = f"{image.repository}{digest}"
    if verification.public_key is not None:
        return f"cosign verify --key cosign.pub {reference}"
    if verification.issuer is not None:
        trust = f"--certificate-oidc-issuer '{verification.issuer}' --certificate-identity '{verification.subject}'"
    else:
        issuer = verification.issuer_reg_exp or UPSTREAM_ISSUER
        subject = verification.subject_reg_exp or UPSTREAM_SUBJECT
        trust = f"--certificate-oidc-issuer-regexp '{issuer}' --certificate-identity-regexp '{subject}'"
    return f"cosign verify {trust} {reference}"


@rule(
    "contract.image-verification.transparency-log",
    "Signatures are in the transparency log",
    since="0.2",
    fields=("imageVerification.ignoreTlog",),
    reason="Without the transparency log a stolen signing identity leaves no trace.",
    way_out="Remove ignoreTlog, unless the log cannot be reached from where you verify.",
    advice=True,
    when=lambda case: case.spec.image_verification is not None,
)
def transparency_log(case: Case) -> Iterator[Breach]:
    if case.spec.image_verification is not None and case.spec.image_verification.ignore_tlog:
        yield Breach("imageVerification.ignoreTlog")


@rule(
    "hardened.authorization.image-trust-roots",
    "Own trust roots are a privilege",
    since="N",
    scope="Hardened",
    fields=("imageVerification", "image.repository"),
    reason="Whoever may change this stack decides which signer is trusted; an operator would ask for a permission "
    "first.",
    way_out="Protect the stack file by review, or use OpenBao's own repositories, whose trust is built in.",
    advice=True,
    when=lambda case: case.spec.image_verification is not None and case.spec.image_verification.enabled,
)
def own_trust_roots(case: Case) -> Iterator[Breach]:
    verification = case.spec.image_verification
    if verification is None:
        return
    if verification.issuer_reg_exp != UPSTREAM_ISSUER or verification.subject_reg_exp != UPSTREAM_SUBJECT:
        yield Breach("imageVerification")


@rule(
    "contract.image.digest",
    "The image is pinned by its digest",
    since="0.2",
    scope="Hardened",
    fields=("image.digest",),
    reason="A tag can be moved to other content after it was verified; the operator's policy wants `@sha256:` as well.",
    way_out="Set image.digest; `crane digest <repository>:<version>` or `docker buildx imagetools inspect` shows it.",
)
def pinned_image(case: Case) -> Iterator[Breach]:
    if case.spec.image.digest is None:
        yield Breach("image.digest")


@rule(
    "contract.image.placeholder",
    "What is pinned was looked up",
    since="ours",
    fields=("image.digest", "unseal.plugin.image", "unseal.plugin.sha256"),
    reason="Nothing has a digest of zeros alone: this one only holds the place of the one that you verified.",
    way_out="Put the real one in; `crane digest <repository>:<tag>` shows an image's, `sha256sum` a binary's.",
    advice=True,
)
def no_placeholders(case: Case) -> Iterator[Breach]:
    plugin = getattr(case.spec.unseal, "plugin", None)
    pinned = [("image.digest", case.spec.image.digest)]
    if plugin is not None:
        pinned.append(("unseal.plugin.image", plugin.image))
        pinned += [(f"unseal.plugin.sha256.{name}", checksum) for name, checksum in plugin.sha256.items()]

    def look(_: int, pin: tuple[str, object]) -> Iterator[Breach]:
        path, digest = pin
        if digest is not None and str(digest).endswith("0" * 64):
            yield Breach(path)

    yield from each(pinned, look)


@rule(
    "contract.image.reference",
    "The repository is only a repository",
    since="ours",
    fields=("image.repository", "image.tag"),
    reason="A tag, digest or scheme inside the repository makes an image reference that no node can pull.",
    way_out="Write the repository alone, as in `docker.io/openbao/openbao`; use image.tag and image.digest.",
)
def plain_repository(case: Case) -> Iterator[Breach]:
    repository = str(case.spec.image.repository)
    last = repository.rsplit("/", 1)[-1]
    if (
        ":" in last
        or "@" in repository
        or "://" in repository
        or "//" in repository
        or not re.fullmatch(r"[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?", repository)
    ):
        yield Breach("image.repository")
    tag = case.spec.image.tag
    if tag is not None and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", str(tag)):
        yield Breach(
            "image.tag", "This is no tag, so no node can pull the image.", "Write the tag alone, as in `2.7.2`."
        )


@rule(
    "contract.image.tag",
    "The tag is the version's",
    since="ours",
    fields=("image.tag", "version"),
    reason="The configuration is written for `version`; an image of another version may refuse it.",
    way_out="Remove image.tag, or set version to the release that the image contains.",
    advice=True,
    when=lambda case: case.spec.image.tag is not None,
)
def tag_of_version(case: Case) -> Iterator[Breach]:
    if case.spec.version not in str(case.spec.image.tag):
        yield Breach("image.tag")


@rule(
    "contract.image.shell",
    "The image can run the proof",
    since="ours",
    fields=("image.repository",),
    reason="The distroless image has no shell, so the Job that proves the bootstrap could never succeed.",
    way_out="Use docker.io/openbao/openbao or openbao/openbao-ubi.",
)
def image_with_shell(case: Case) -> Iterator[Breach]:
    repository = case.spec.image.repository
    if "distroless" in str(repository) and repository in UPSTREAM_REPOSITORIES:
        yield Breach("image.repository")
