"""Wrong files: each with the message that its author reads, one line or all problems at once, never a traceback."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from profiles.errors import SpecificationError, UnusableInput
from profiles.parsing import parse
from profiles.stack_files import read
from profiles.values import Unknown

pytestmark = pytest.mark.contract

HEADER = "config:\n  vault:cluster:\n"

UNUSABLE = {
    "empty file": ("", "{file}: this is empty, not a mapping of fields; start with `profile: …`."),
    "a list": ("- profile: Hardened\n", "{file}: this is a list, not a mapping of fields; start with `profile: …`."),
    "only text": ("Hardened\n", "{file}: this is text, not a mapping of fields; start with `profile: …`."),
    "unclosed bracket": (
        "unseal: {type: static\n",
        "{file}:2:1: this is no valid YAML: did not find expected ',' or '}}'.",
    ),
    "a tab": ("a:\n\tb: 1\n", "{file}:2:1: this is no valid YAML: found character that cannot start any token."),
    "a key twice": (
        "replicas: 1\nprofile: Hardened\nreplicas: 3\n",
        "{file}:3:1: this is no valid YAML: the key `replicas` is written twice.",
    ),
    "a key twice inside": (
        HEADER + "    tls: {mode: ACME, mode: External}\n",
        "{file}:3:23: this is no valid YAML: the key `mode` is written twice.",
    ),
    "a list as key": ("? [a, b]\n: c\n", "{file}:1:3: this is no valid YAML: a key must be text."),
    "an object from code": (
        "!!python/object/apply:os.system [ls]\n",
        "{file}:1:1: this is no valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.system'.",
    ),
    "a day that no month has": (
        "profile: Development\nname: 2026-02-30\n",
        "{file}: this is no valid YAML: day is out of range for month; put texts in quotes.",
    ),
    "anchors of anchors": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n" for before, one in pairwise("abcdefgh")),
        "{file}: this is too large for a specification; do its anchors refer to each other?",
    ),
    "two documents": ("a: 1\n---\nb: 2\n", "{file}:2:1: this is no valid YAML: but found another document."),
    "a stack without config": (
        "secretsprovider: passphrase\n",
        "{file}: this stack file has no `config`; add `config: {{vault:cluster: …}}`.",
    ),
    "a stack of something else": (
        "config:\n  aws:region: eu-central-1\n",
        "{file}: `config` has no `vault:cluster`; the cluster's specification belongs there.",
    ),
    "an empty specification": (
        "config:\n  vault:cluster:\n",
        "{file}: `vault:cluster` is empty, not a mapping of fields.",
    ),
    "encrypted as a whole": (
        "config:\n  vault:cluster: {secure: v1:abc}\n",
        "{file}: `vault:cluster` is encrypted as a whole; encrypt only the secret values inside.",
    ),
    "a list as specification": (
        "config:\n  vault:cluster: [Hardened]\n",
        "{file}: `vault:cluster` is a list, not a mapping of fields.",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_is_no_specification_is_said_so_in_one_line(name: str, tmp_path: Path) -> None:
    """A traceback of the YAML library tells a user nothing."""
    text, message = UNUSABLE[name]
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(text)
    with pytest.raises(UnusableInput) as unusable:
        read(file)
    assert str(unusable.value) == message.format(file=file)


WRONG = {
    "no profile": (
        "{}",
        ["profile: This field is required and missing. Set it to `Hardened` or `Development`."],
    ),
    "a profile that does not exist": (
        "{profile: Hardend}",
        ["profile: This must be `Hardened` or `Development`. Did you mean `Hardened`?"],
    ),
    "a field that does not exist": (
        "{profile: Development, replica: 1}",
        ["replica: There is no field `replica`. Did you mean `replicas`?"],
    ),
    "snake case meant": (
        "{profile: Development, cluster_domain: a.b, selfinit: {}}",
        ["selfinit: There is no field `selfinit`. Did you mean `self_init`?"],
    ),
    "both spellings": (
        "{profile: Development, selfInit: {}, self_init: {}}",
        ["selfInit: This field is given twice, in both spellings. Keep only `selfInit`."],
    ),
    "a version as number": (
        "{profile: Development, version: 2.7}",
        ["version: This must be text, not a number. Put it in quotes."],
    ),
    "a version of two parts": (
        '{profile: Development, version: "2.7"}',
        ["version: This must be a release of OpenBao as three numbers. Write it like `2.7.2`."],
    ),
    "replicas as text": (
        '{profile: Development, replicas: "3"}',
        ["replicas: This must be a whole number, not text. Write a whole number."],
    ),
    "too many replicas": (
        "{profile: Development, replicas: 9}",
        ["replicas: This must be at most 7. Write a number that is at most 7."],
    ),
    "a boolean in quotes": (
        '{profile: Development, configuration: {ui: "yes"}}',
        ["configuration.ui: This must be true or false, not text. Write it without quotes."],
    ),
    "a seal that does not exist": (
        "{profile: Hardened, unseal: {type: aws-kms}}",
        ["unseal.type: This `type` is not known. Did you mean `type: awskms`?"],
    ),
    "a seal without type": (
        "{profile: Hardened, unseal: {region: eu-central-1}}",
        [
            "unseal.type: `type` is missing. Set `type` to `static`, `transit`, `awskms`, `gcpckms`, `azurekeyvault`, "
            "`ocikms`, `kmip`, `pkcs11` or `kms`."
        ],
    ),
    "a field of another seal": (
        "{profile: Hardened, unseal: {type: awskms, region: x, keyName: y}}",
        [
            "unseal.keyName: There is no field `keyName`. Remove it; the fields here are `accessKey`, `createKey`, "
            "`credentialsSecretRef`, `endpoint`, `identity`, `kmsKeyId`, `plugin`, `region`, `secretKey`, "
            "`sessionToken` or `type`."
        ],
    ),
    "text for a block": (
        "{profile: Development, image: openbao/openbao}",
        [
            "image: This must be a mapping, not text. Its fields are `repository`, `tag`, `digest`, `pullPolicy` "
            "or `pullSecrets`."
        ],
    ),
    "one thing for a list": (
        "{profile: Development, audit: {type: file}}",
        ["audit: This must be a list, not a mapping. Write a list."],
    ),
    "a bad quantity": (
        "{profile: Development, storage: {size: 10 GB}}",
        ["storage.size: This must be a Kubernetes quantity. Write it like `100m`, `512Mi` or `10Gi`."],
    ),
    "a bad duration": (
        "{profile: Development, configuration: {maxLeaseTtl: 30 days}}",
        [
            "configuration.maxLeaseTtl: This must be a duration with units, of a century at most. Write it like `30s`, "
            "`90m` or `720h`."
        ],
    ),
    "a short digest": (
        "{profile: Development, image: {digest: sha256:abc}}",
        [
            "image.digest: This must be an image digest: `sha256:` and 64 hex digits. Ask the registry, for example "
            "with `crane digest <image>`."
        ],
    ),
    "a password where a Secret's name belongs": (
        "{profile: Development, selfInit: {userpass: {users: [{username: a, policies: [p], "
        "passwordSecretRef: 'Canary-Passw0rd!'}]}}}",
        [
            "selfInit.userpass.users[0].passwordSecretRef: This must be the name of a Kubernetes Secret: lower-case "
            "letters, digits, dashes and dots. Write the Secret's name, as `kubectl get secret` shows it, not its "
            "content."
        ],
    ),
    "a duration of a thousand centuries": (
        "{profile: Development, configuration: {maxLeaseTtl: 876000000h}}",
        [
            "configuration.maxLeaseTtl: This must be a duration with units, of a century at most. Write it like `30s`, "
            "`90m` or `720h`."
        ],
    ),
    "a version with leading zeros": (
        '{profile: Development, version: "2.07.2"}',
        ["version: This must be a release of OpenBao as three numbers. Write it like `2.7.2`."],
    ),
    "a fraction of a replica": (
        "{profile: Development, replicas: 1.5}",
        ["replicas: This must be a whole number, not a fraction. Write a whole number."],
    ),
    "an id that no kernel has": (
        "{profile: Development, securityContext: {runAsUser: 4294967296}}",
        ["securityContext.runAsUser: This must be at most 2147483647. Write a number that is at most 2147483647."],
    ),
    "a key that a mapping does not take": (
        "{profile: Hardened, unseal: {type: awskms, region: x, plugin: {sha256: {x86_64: a}}}}",
        ["unseal.plugin.sha256.x86_64: There is no `x86_64` here. Use `amd64` or `arm64`."],
    ),
    "an empty list": (
        "{profile: Development, selfInit: {userpass: {users: []}}}",
        ["selfInit.userpass.users: This list must not be empty. Add at least one entry, or leave the whole block out."],
    ),
    "several at once": (
        "{profile: Development, replicas: 0, audit: [{type: fil}], tls: {mode: Acme}}",
        [
            "audit[0].type: This must be `file`, `syslog`, `socket` or `http`. Did you mean `file`?",
            "replicas: This must be at least 1. Write a number that is at least 1.",
            "tls.mode: This `mode` is not known. Did you mean `mode: ACME`?",
        ],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_specification_is_told_what_to_write(name: str, tmp_path: Path) -> None:
    """Users fix what a message tells them to fix; one that shows a value may show a password."""
    text, messages = WRONG[name]
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(f"config:\n  vault:cluster: {text}\n")
    with pytest.raises(SpecificationError) as refused:
        parse(read(file).data)
    assert [str(problem).rpartition(" [")[0] for problem in refused.value.problems] == messages
    assert "Canary" not in str(refused.value)


def test_a_plain_specification_needs_no_stack_around_it(tmp_path: Path) -> None:
    """Checking an example or a generated file must not need Pulumi's wrapping."""
    file = tmp_path / "cluster.yaml"
    file.write_text("profile: Development\n")
    assert read(file).data == {"profile": "Development"}


def test_a_merge_key_is_written_out_and_can_be_overridden(tmp_path: Path) -> None:
    """Pulumi reads YAML's `<<`; a stack file that works there must work here."""
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(f"x: &x {{replicas: 1, profile: Development}}\n{HEADER}    <<: *x\n    replicas: 3\n")
    assert read(file).data == {"profile": "Development", "replicas": 3}


def test_what_pulumi_encrypted_is_not_known_yet(tmp_path: Path) -> None:
    """Taking the ciphertext for the value would judge the wrong thing."""
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(HEADER + "    unseal: {type: transit, token: {secure: v1:abc}}\n")
    token = read(file).data["unseal"]["token"]
    assert isinstance(token, Unknown)
    assert repr(token) == "<not known yet: unseal.token>"


def test_the_stack_and_its_secrets_provider_are_read(tmp_path: Path) -> None:
    """The rule about the stack's own key needs both."""
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text("secretsprovider: awskms://alias/x\n" + HEADER + "    profile: Development\n")
    document = read(file)
    assert (document.stack, document.secrets_provider) == ("prod", "awskms://alias/x")


@pytest.mark.parametrize(("make", "ending"), [
    (lambda path: None, "there is no such file."),
    (lambda path: path.mkdir(), "this is a folder; name a file in it."),
    (lambda path: path.write_bytes(b"\xff\xfe\x00"), "this is no text file in UTF-8."),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_said_so(make: object, ending: str, tmp_path: Path) -> None:
    """A typing mistake in a path is the most common mistake of all."""
    path = tmp_path / "x.yaml"
    assert callable(make)
    make(path)
    with pytest.raises(UnusableInput, match=ending):
        read(path)
