"""The command line: check specifications, explain rules, show what a change means.

Exit codes: 0 all is well, 1 something breaks the contract, 2 the input cannot be used. Slow imports wait until a
command needs them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from profiles.errors import SpecificationError, UnusableInput

if TYPE_CHECKING:
    from profiles.contract import Context, Report
    from profiles.specification import Specification
    from profiles.stack_files import Document

FORMATS = click.Choice(["text", "json", "sarif", "markdown"])
_VIOLATED, _UNUSABLE = 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The security-profile contract of OpenBao clusters."""


def main() -> None:
    """Run the command line; a user's own mistake never ends in a traceback."""
    try:
        cli(prog_name="python -m profiles", standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(_UNUSABLE)
    except click.Abort:
        sys.exit(130)
    except UnusableInput as wrong:
        click.echo(f"error: {wrong}", err=True)
        sys.exit(_UNUSABLE)
    except SpecificationError as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(_VIOLATED)
    except BrokenPipeError:
        sys.exit(_VIOLATED)
    except OSError as refused:
        click.echo(f"error: the output cannot be written ({refused.strerror}).", err=True)
        sys.exit(_UNUSABLE)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
@click.option("--previous", type=click.Path(path_type=Path), help="What runs now, to check the change as well.")
@click.option("--all", "everything", is_flag=True, help="Show every rule, not only what needs attention (text).")
def check(files: tuple[Path, ...], form: str, previous: Path | None, everything: bool) -> None:
    """Check stack files or plain specifications against their contract."""
    before = _parsed(_read(previous)) if previous is not None else None
    results, unusable = [], False
    for path in files:
        try:
            results.append(_checked(path, before))
        except UnusableInput as wrong:
            click.echo(f"error: {wrong}", err=True)
            unusable = True
    if form == "json":
        documents = [_result_as_dict(result) for result in results]
        click.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False))
    elif form == "sarif":
        click.echo(json.dumps(_sarif(results), indent=2, ensure_ascii=False))
    else:
        for result in results:
            click.echo(result.as_markdown() if form == "markdown" else result.as_text(everything))
    sys.exit(_UNUSABLE if unusable else _VIOLATED if any(result.refused for result in results) else 0)


@cli.command()
@click.argument("rule_id", metavar="RULE")
def explain(rule_id: str) -> None:
    """Say what a rule asks for, why, and what to do."""
    from profiles.catalogue import explanation, nearest

    text = explanation(rule_id)
    if text is None:
        close = nearest(rule_id)
        hint = f" Did you mean `{close}`?" if close else " `python -m profiles rules` lists them all."
        raise UnusableInput(f"there is no rule `{rule_id}`.{hint}")
    click.echo(text)


@cli.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def rules(form: str) -> None:
    """List every rule of the contract."""
    from profiles import catalogue

    click.echo({"text": catalogue.as_text, "json": catalogue.as_json, "markdown": catalogue.as_markdown}[form]())


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
def render(file: Path) -> None:
    """Show the server's configuration as it would be rendered (secrets stay out)."""
    from profiles.defaults import with_placeholders
    from profiles.rendering import dump, server_configuration
    from profiles.values import NotKnownYet

    specification = with_placeholders(_parsed(_read(file)))
    try:
        click.echo(dump(server_configuration(specification)), nl=False)
    except NotKnownYet as pending:
        raise UnusableInput(
            f"{file}: {pending.path} is only known while an update runs; write a value to render."
        ) from None


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a stack file's specification, for editors."""
    from profiles.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@cli.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def diff(old: Path, new: Path, form: str) -> None:
    """Say what changing OLD into NEW means for a running cluster."""
    from profiles.changes import diff as changes_between
    from profiles.presentation import changes_as_text
    from profiles.report import State

    before, document = _parsed(_read(old)), _read(new)
    after = _parsed(document)
    changes = changes_between(before, after)
    report = _evaluate(after, document, before)
    refusals = [finding for finding in report.violations if finding.rule in _change_rules()]
    if form == "json":
        rows = [{**vars(change), "consequence": str(change.consequence)} for change in changes]
        refused = [
            {"rule": one.rule, "path": one.path, "reason": one.reason, "wayOut": one.way_out} for one in refusals
        ]
        click.echo(json.dumps({"changes": rows, "refused": refused}, indent=2, ensure_ascii=False))
    else:
        click.echo(changes_as_text(changes))
        for finding in refusals:
            click.echo(f"{State.VIOLATED}: {finding.as_problem()}")
    sys.exit(_VIOLATED if refusals else 0)


def _change_rules() -> set[str]:
    from profiles.rules import RULES, changes

    return {rule.id for rule in RULES if rule.judge.__module__ == changes.__name__}


class _Result:
    """One file's verdict: a report, or the problems that kept it from being read."""

    def __init__(self, path: Path, report: Report | None, problems: SpecificationError | None) -> None:
        self.path, self.report, self.problems = path, report, problems

    @property
    def refused(self) -> bool:
        return self.report is None or bool(self.report.violations)

    def as_text(self, everything: bool) -> str:
        if self.report is None:
            return str(self.problems)
        if everything:
            return f"{self.path}\n{self.report.as_table()}"
        from profiles.presentation import as_text

        return f"{self.path}: {as_text(self.report)}"

    def as_markdown(self) -> str:
        if self.report is not None:
            return f"# {self.path}\n\n{self.report.as_markdown()}"
        problems = self.problems.problems if self.problems else ()
        return "\n".join([f"# {self.path}", "", *(f"- {problem}" for problem in problems), ""])


def _checked(path: Path, before: Specification | None) -> _Result:
    document = _read(path)
    try:
        specification = _parsed(document)
    except SpecificationError as wrong:
        return _Result(path, None, wrong)
    return _Result(path, _evaluate(specification, document, before), None)


def _read(path: Path) -> Document:
    from profiles.stack_files import read

    return read(path)


def _parsed(document: Document) -> Specification:
    from profiles.parsing import parse

    return parse(document.data, subject=str(document.path))


def _evaluate(specification: Specification, document: Document, previous: Specification | None) -> Report:
    from profiles.contract import evaluate

    return evaluate(specification, context=_context(document), previous=previous)


def _context(document: Document) -> Context:
    from profiles.contract import Context

    return Context(stack=document.stack, stack_secrets_provider=document.secrets_provider)


def _result_as_dict(result: _Result) -> dict[str, Any]:
    if result.report is not None:
        return {"file": str(result.path), **result.report.as_dict()}
    problems = result.problems.problems if result.problems else ()
    return {
        "file": str(result.path),
        "problems": [
            {"rule": one.rule, "path": one.path, "reason": one.reason, "wayOut": one.way_out} for one in problems
        ],
    }


def _sarif(results: list[_Result]) -> dict[str, Any]:
    """One log with one run per file; none where no file could be read."""
    from profiles.presentation import problems_as_sarif, sarif_log

    runs = []
    for result in results:
        uri = quote(result.path.as_posix())
        problems = result.problems.problems if result.problems else ()
        log = result.report.as_sarif(uri) if result.report is not None else problems_as_sarif(problems, uri)
        runs += log["runs"]
    return sarif_log(runs)
