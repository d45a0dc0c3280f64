"""The command line as a user or a pipeline meets it: output, exit codes, no tracebacks."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from profiles.catalogue import SHAPE
from profiles.cli import cli, main
from profiles.rules import ELSEWHERE, RULES
from tests.contract.specifications import ADMIN, DEVELOPMENT, HARDENED, changed

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    """The command line inside this process; what `main` turns into exit codes stays an exception here."""
    return CliRunner().invoke(cli, list(arguments))


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """What a shell would see."""
    monkeypatch.setattr(sys, "argv", ["profiles", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def stack(folder: Path, data: dict[str, Any], name: str = "Pulumi.test.yaml", **other: Any) -> str:
    """A stack file with this specification."""
    file = folder / name
    file.write_text(yaml.safe_dump({**other, "config": {"vault:cluster": data}}))
    return str(file)


def test_a_good_stack_file_passes(tmp_path: Path) -> None:
    """A pipeline must be able to rely on exit code 0."""
    result = run("check", stack(tmp_path, HARDENED))
    assert result.exit_code == 0
    assert "Hardened contract of openbao: production ready" in result.output
    assert "warning: (specification): Certificates" in result.output


def test_violations_are_listed_with_rule_field_and_way_out(tmp_path: Path) -> None:
    """Exit code 1 without the reason sends people to the source."""
    result = run("check", stack(tmp_path, changed(HARDENED, {"replicas": 1, "tls": {"mode": "OperatorManaged"}})))
    assert result.exit_code == 1
    assert "violated: replicas: Raft needs three voters" in result.output
    assert "[hardened.minimum-replicas]" in result.output
    assert "[hardened.baseline]" in result.output


def test_shape_problems_are_listed_too(tmp_path: Path) -> None:
    """A typing mistake is a refusal like any other, not an accident."""
    result = run("check", stack(tmp_path, {"profile": "Development", "replica": 1}))
    assert result.exit_code == 1
    assert "replica: There is no field `replica`. Did you mean `replicas`?" in result.output


def test_an_unusable_file_ends_in_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pipelines tell 'refused' from 'could not look' by the code."""
    good = stack(tmp_path, HARDENED)
    assert exit_code(monkeypatch, "check", str(tmp_path / "absent.yaml"), good) == 2
    captured = capsys.readouterr()
    assert captured.err == f"error: {tmp_path}/absent.yaml: there is no such file.\n"
    assert "production ready" in captured.out


@pytest.mark.parametrize("arguments", [["check"], ["check", "--format", "xml", "x"], ["no-such-command"], ["explain"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt option must not look like a verdict."""
    assert exit_code(monkeypatch, *arguments) == 2


def test_json_is_one_object_per_file(tmp_path: Path) -> None:
    """Programs read this; its shape is an interface."""
    one = json.loads(run("check", "--format", "json", stack(tmp_path, HARDENED)).output)
    assert one["productionReady"] is True
    assert one["securityRisk"] is False
    assert {finding["rule"] for finding in one["findings"]} == {rule.id for rule in RULES}
    two = json.loads(
        run(
            "check",
            "--format",
            "json",
            stack(tmp_path, DEVELOPMENT, "Pulumi.a.yaml"),
            stack(tmp_path, {"profile": "X"}, "Pulumi.b.yaml"),
        ).output
    )
    assert two[0]["securityRiskReason"] == "DevelopmentProfile"
    assert two[1]["problems"][0]["rule"] == "specification.choice"


def test_sarif_has_a_run_per_file_and_known_rules(tmp_path: Path) -> None:
    """Code scanners drop results whose rule or level they do not know."""
    files = [
        stack(tmp_path, changed(HARDENED, {"replicas": 1}), "a.yaml"),
        stack(tmp_path, {"profile": "X"}, "b.yaml"),
    ]
    log = json.loads(run("check", "--format", "sarif", *files).output)
    assert log["version"] == "2.1.0"
    assert len(log["runs"]) == 2
    for one, file in zip(log["runs"], files, strict=True):
        known = {rule["id"] for rule in one["tool"]["driver"]["rules"]}
        errors = [result for result in one["results"] if result["level"] == "error"]
        assert errors
        for result in one["results"]:
            assert result["ruleId"] in known
            assert result["level"] in ("error", "warning", "note")
            assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == Path(file).as_posix()


def test_markdown_and_the_whole_table_name_every_rule(tmp_path: Path) -> None:
    """A report with holes is no evidence."""
    file = stack(tmp_path, HARDENED)
    markdown = run("check", "--format", "markdown", file).output
    table = run("check", "--all", file).output
    for rule in RULES:
        assert f"`{rule.id}`" in markdown
    assert "held" in table
    assert "not applicable" in table


def test_a_change_is_checked_against_what_runs(tmp_path: Path) -> None:
    """Promotion in place is the one mistake that no single file shows."""
    before = stack(tmp_path, DEVELOPMENT, "Pulumi.before.yaml")
    result = run("check", "--previous", before, stack(tmp_path, HARDENED))
    assert result.exit_code == 1
    assert "[contract.profile.promotion]" in result.output


def test_the_stacks_own_key_is_compared(tmp_path: Path) -> None:
    """Losing one key would lose the state and the data."""
    file = stack(tmp_path, HARDENED, secretsprovider="hashivault://openbao")
    assert "[openbao.stack-secrets-provider]" in run("check", file).output


def test_encrypted_values_are_open_not_wrong(tmp_path: Path) -> None:
    """Ciphertext says nothing about a value; calling it good or bad would be a guess."""
    file = stack(tmp_path, changed(HARDENED, {"unseal.address": {"secure": "v1:abc"}}))
    result = run("check", file)
    assert result.exit_code == 0
    assert "not known yet: unseal.address" in result.output
    assert "not production ready (NotKnownYet)" in result.output


@pytest.mark.parametrize("rule_id", sorted({rule.id for rule in RULES} | {one.id for one in ELSEWHERE}))
def test_every_rule_can_be_explained(rule_id: str) -> None:
    """An id in an error is only useful if it leads somewhere."""
    result = run("explain", rule_id)
    assert result.exit_code == 0
    assert result.output.startswith(rule_id)


@pytest.mark.parametrize("rule_id", sorted(SHAPE))
def test_what_is_checked_before_any_rule_can_be_explained_too(rule_id: str) -> None:
    """The ids stand in every message about a typing mistake."""
    assert SHAPE[rule_id] in run("explain", rule_id).output


def test_a_log_of_no_readable_file_is_still_a_log(tmp_path: Path) -> None:
    """An upload step fails on an empty file and hides the real error."""
    log = json.loads(CliRunner().invoke(cli, ["check", "--format", "sarif", str(tmp_path / "absent")]).stdout)
    assert (log["version"], log["runs"]) == ("2.1.0", [])


def test_places_in_a_log_are_uris(tmp_path: Path) -> None:
    """A code scanner refuses the whole log for one blank in a file's name."""
    log = json.loads(run("check", "--format", "sarif", stack(tmp_path, {}, "my stack #1.yaml")).output)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == f"{tmp_path.as_posix()}/my%20stack%20%231.yaml"


def test_a_full_disk_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Pipelines redirect reports to files."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("profiles.schema.json_schema", full)
    assert exit_code(monkeypatch, "schema") == 2
    assert capsys.readouterr().err == "error: the output cannot be written (No space left on device).\n"


def test_an_unknown_rule_names_the_nearest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids are long and typed by hand."""
    assert exit_code(monkeypatch, "explain", "hardened.minimum-replica") == 2
    assert "Did you mean `hardened.minimum-replicas`?" in capsys.readouterr().err


def test_the_rules_are_listed_in_three_forms() -> None:
    """Humans, programs and docs read the same list."""
    assert len(run("rules").output.splitlines()) == len(RULES)
    assert len(json.loads(run("rules", "--format", "json").output)) == len(RULES)


def test_the_committed_table_of_rules_is_current() -> None:
    """Regenerate with `python -m profiles rules --format markdown > docs/contract.md`."""
    assert (ROOT / "docs" / "contract.md").read_text("utf-8") == run("rules", "--format", "markdown").output


def test_a_configuration_can_be_looked_at_beforehand(tmp_path: Path) -> None:
    """Reviewers want to see what the server will read, without a cluster."""
    configuration = json.loads(run("render", stack(tmp_path, HARDENED)).output)
    assert configuration["seal"][0]["transit"]["key_name"] == "openbao"
    development = json.loads(run("render", stack(tmp_path, DEVELOPMENT)).output)
    assert development["seal"][0]["static"]["current_key_id"] == "made-by-the-update"


def test_what_cannot_be_rendered_yet_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An encrypted value inside the configuration is no crash."""
    file = stack(tmp_path, changed(HARDENED, {"unseal.keyName": {"secure": "v1:abc"}}))
    assert exit_code(monkeypatch, "render", file) == 2
    assert "is only known while an update runs" in capsys.readouterr().err


def test_a_difference_says_what_it_means(tmp_path: Path) -> None:
    """Nobody should learn from an outage that a field restarts every pod."""
    old = stack(tmp_path, HARDENED, "old.yaml")
    new = stack(
        tmp_path,
        changed(
            HARDENED,
            {
                "version": "2.7.3",
                "replicas": 5,
                "storage.size": "20Gi",
                "unseal.keyName": "new",
                "network.egressRules": [],
                "selfInit.policies[0].policy": ADMIN + "\n",
                "tls.extraSans": ["bao.example.com"],
            },
        ),
        "new.yaml",
    )
    result = run("diff", "--format", "json", old, new)
    meaning = {one["path"]: one["consequence"] for one in json.loads(result.output)["changes"]}
    assert meaning == {
        "version": "rolling restart",
        "replicas": "pods added or removed",
        "storage.size": "updated in place",
        "unseal.keyName": "needs a key rotation first",
        "network.egressRules": "updated in place",
        "selfInit.policies": "no effect on a living cluster",
        "tls.extraSans": "reload",
    }
    assert result.exit_code == 0


def test_a_refused_difference_is_exit_code_1(tmp_path: Path) -> None:
    """A pipeline can stop a replacement before anybody previews it."""
    old = stack(tmp_path, HARDENED, "old.yaml")
    result = run("diff", old, stack(tmp_path, changed(HARDENED, {"name": "other", "version": "2.6.2"}), "new.yaml"))
    assert result.exit_code == 1
    assert "name: openbao -> other: replacement" in result.output
    assert "[contract.version.downgrade]" in result.output


def test_no_difference_is_said_so(tmp_path: Path) -> None:
    """Silence would look like a failure to look."""
    assert run("diff", stack(tmp_path, HARDENED, "a.yaml"), stack(tmp_path, HARDENED, "b.yaml")).output == (
        "nothing changes\n"
    )


def test_no_output_shows_a_secret(tmp_path: Path) -> None:
    """Reports are pasted into tickets."""
    data = changed(HARDENED, {"unseal.token": "s.canary-token"})
    old, new = (
        stack(tmp_path, data, "old.yaml"),
        stack(tmp_path, changed(data, {"unseal.token": "other-canary"}), "n.yaml"),
    )
    outputs = [run("check", "--format", form, old).output for form in ("text", "json", "sarif", "markdown")]
    outputs += [run("check", "--all", old).output, run("diff", old, new).output, run("render", old).output]
    assert not [output for output in outputs if "canary" in output]


def test_the_schema_accepts_good_stack_files_and_refuses_unknown_fields() -> None:
    """Editors believe the schema, not the program."""
    import jsonschema  # type: ignore[import-untyped]

    schema = json.loads(run("schema").output)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate({"config": {"vault:cluster": HARDENED, "aws:region": "x"}})
    encrypted = changed(HARDENED, {"unseal.token": {"secure": "v1:abc"}, "unseal.address": {"secure": "v1:abc"}})
    validator.validate({"config": {"vault:cluster": encrypted}})
    for wrong in ({"replica": 1}, {"replicas": {"secure": "v1:abc"}}, {"unseal": {}}, {"tls": {}}):
        assert list(validator.iter_errors({"config": {"vault:cluster": {**HARDENED, **wrong}}}))


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    """`python -m profiles` is what pipelines call."""
    command = [sys.executable, "-m", "profiles", "check", stack(tmp_path, DEVELOPMENT)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "security risk: DevelopmentProfile" in ran.stdout
    assert ran.stderr == ""
