"""Our reader of ACL policies against OpenBao's own: `bao policy fmt` parses with the server's code, offline.

It cannot format JSON, so for JSON policies only our own verdict is shown here.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from profiles.hcl import PolicyError, read_policy
from tests.server.binaries import NEWEST, bao

pytestmark = pytest.mark.contract

GOOD = [
    'path "*" { capabilities = ["create", "scan", "sudo", "patch", "list", "deny"] }',
    'path "a" { policy = "write" }',
    'path "a" { }',
    'path "a" { capabilities = [] }',
    '{"path": {"a": {"capabilities": ["read"]}}}',
    '{"path": [{"a": {"capabilities": ["read"]}}, {"b": {"capabilities": ["list"]}}]}',
    'path "a" { capabilities = ["read"] allowed_parameters = { "x" = ["y"], "*" = [] } }',
    'path "a" { capabilities = ["read"], }',
    'path a { capabilities = ["read"] }',
    'path "a+b/+" { capabilities = ["read",] }',
    '# c\n// d\n/* e\n */ path "a*b" { capabilities = ["read"] }',
    'name = "x" path "a" { capabilities = ["read"] min_wrapping_ttl = "1s" max_wrapping_ttl = 100 }',
    'path "a" { capabilities = ["read"] required_parameters = ["a"] pagination_limit = 10 }',
    'path "a/{{identity.entity.id}}/*" { capabilities = ["read"] }',
    'path "a\\"b" { capabilities = ["read"] }',
    'path "a" { capabilities = ["read"] min_wrapping_ttl = "1h30m" max_wrapping_ttl = "1d" }',
    'path "a" { capabilities = ["read"] denied_parameters { "x" = [] } mfa_methods = ["a"] }',
    'path "a" {\n  capabilities = ["read"]\n}\n\npath "b" {\n  capabilities = [\n    "list",\n  ]\n}\n',
]
BAD = [
    'path "a" { capabilities = ["write"] }',
    'path "a" { capability = ["read"] }',
    'path "a" { capabilities = "read" }',
    'path "a" { capabilities = [read] }',
    'path "a" { capabilities = ["read" "list"] }',
    'path "a" { capabilities = ["read"]',
    'path "a" { capabilities = ["read" }',
    "path 'a' { capabilities = [\"read\"] }",
    'path "a" = ["read"]',
    "foo = 1",
    "nonsense",
    '{"path": {"a": {"capabilities": ["read"}}}',
    '{"paths": {"a": {"capabilities": ["read"]}}}',
    'path "a" { policy = "everything" }',
    'path "a" { capabilities = ["read"] } }',
    'path "a\nb" { capabilities = ["read"] }',
    'path "a/+*" { capabilities = ["read"] }',
    'path "a/{{identity.entity.id/*" { capabilities = ["read"] }',
    'path "a" { capabilities = [["read"]] }',
    'path "a" { capabilities = [{}] }',
    'path "a" { capabilities = ["read"] min_wrapping_ttl = "soon" }',
    'path "a" { capabilities = ["read"] min_wrapping_ttl = "2h" max_wrapping_ttl = "1h" }',
    'path "a" { capabilities = ["read"] pagination_limit = "x" }',
    'path "a" { capabilities = ["read"] allowed_parameters = ["a"] }',
    'path "a" { capabilities = ["read"] required_parameters = "a" }',
    '{"path": ["a"]}',
    '{"path": {"a": {"capabilities": [["read"]]}}}',
    '{"path": ' + "[" * 5000 + "]" * 5000 + "}",
]


def _reads(text: str) -> bool:
    try:
        read_policy(text)
    except PolicyError:
        return False
    return True


@pytest.mark.parametrize("text", GOOD)
def test_a_policy_that_openbao_takes_is_taken(text: str) -> None:
    """A good policy that is refused keeps a user out of the product."""
    assert _reads(text)


@pytest.mark.parametrize("text", BAD)
def test_a_policy_that_openbao_refuses_is_refused(text: str) -> None:
    """A bad policy that passes loses the bootstrap for good."""
    assert not _reads(text)


def test_what_is_granted_is_read_exactly() -> None:
    """The lock-out rules stand on these grants."""
    rules = read_policy('path "a" { capabilities = ["read", "deny"] }\npath "b/*" { capabilities = ["list"] }')
    assert [(rule.path, rule.grants) for rule in rules] == [("a", frozenset()), ("b/*", frozenset({"list"}))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ('path "a" {\n  capabilities = [read]\n}', "line 2: `read` is no value; texts need double quotes"),
        ('path "a" { capabilities = ["read" "list"] }', "line 1: a comma is missing in this list"),
        ('path "a" {', "it ends in the middle of something; a closing brace or bracket is missing"),
        ("path 'a' {}", "line 1: `'` does not belong here"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, message: str) -> None:
    """Policies are written by hand; 'does not parse' would send people to bisect."""
    with pytest.raises(PolicyError) as refused:
        read_policy(text)
    assert str(refused.value) == message


@pytest.mark.parametrize("text", [text for text in GOOD + BAD if not text.startswith("{")])
def test_openbao_itself_agrees(text: str, tmp_path: Path) -> None:
    """Our reader is a copy of a judgement; here is the judge."""
    file = tmp_path / "policy.hcl"
    file.write_text(text)
    command = [str(bao(NEWEST)), "policy", "fmt", str(file)]
    formatted = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (formatted.returncode == 0) == _reads(text), formatted.stderr
