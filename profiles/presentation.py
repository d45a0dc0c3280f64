"""A contract report for its readers: data, a terminal, Markdown, a code scanner."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from profiles.changes import Change
    from profiles.errors import Problem
    from profiles.report import Finding, Report

_STYLES = {"violated": "bold red", "warning": "yellow", "not known yet": "cyan", "relaxed": "magenta", "held": "green"}
_SARIF_LEVELS = {"violated": "error", "warning": "warning", "not known yet": "note", "relaxed": "note"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_dict(report: Report) -> dict[str, Any]:
    """Plain data for programs."""
    return {
        "profile": report.specification.profile,
        "productionReady": report.production_ready,
        "productionReadyReason": report.production_ready_reason,
        "securityRisk": report.security_risk,
        "securityRiskReason": report.security_risk_reason,
        "summary": dict(Counter(str(finding.state) for finding in report.findings)),
        "findings": [_finding_as_dict(finding) for finding in report.findings],
    }


def _finding_as_dict(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "title": finding.title,
        "path": finding.path,
        "state": str(finding.state),
        "evidence": finding.evidence,
        "reason": finding.reason,
        "wayOut": finding.way_out,
    }


def as_table(report: Report, width: int | None = None) -> str:
    """A table for a terminal of `width` columns (default: 120)."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=headline(report), title_justify="left", show_lines=False, expand=True)
    for column in ("state", "rule", "field", "what"):
        table.add_column(column, overflow="fold")
    for finding in report.findings:
        state = Text(str(finding.state), style=_STYLES.get(str(finding.state), "dim"))
        table.add_row(state, Text(finding.rule), Text(finding.path), Text(_what(finding)))
    console = Console(file=io.StringIO(), width=width or 120, force_terminal=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)  # noqa: S101 - tells the type checker what was passed above
    return console.file.getvalue()


def as_text(report: Report) -> str:
    """The verdict and what needs attention, as plain lines."""
    lines = [headline(report)]
    for finding in (*report.violations, *report.unknown, *report.warnings):
        lines.append(f"  {finding.state}: {finding.as_problem()}")
    return "\n".join(lines)


def changes_as_text(changes: Sequence[Change]) -> str:
    """One line per changed field."""
    lines = [f"{one.path}: {one.old} -> {one.new}: {one.consequence} ({one.why})" for one in changes]
    return "\n".join(lines) or "nothing changes"


def headline(report: Report) -> str:
    """The verdict in one line."""
    ready = (
        "production ready" if report.production_ready else f"not production ready ({report.production_ready_reason})"
    )
    risk = f", security risk: {report.security_risk_reason}" if report.security_risk else ""
    return f"{report.specification.profile} contract of {report.specification.name}: {ready}{risk}"


def _what(finding: Finding) -> str:
    return f"{finding.reason} {finding.way_out}" if finding.reason else f"{finding.title} ({finding.evidence})"


def as_markdown(report: Report) -> str:
    """A Markdown table."""
    rows = [f"| {f.state} | `{f.rule}` | `{f.path}` | {_cell(_what(f))} |" for f in report.findings]
    return "\n".join([f"## {headline(report)}", "", "| state | rule | field | what |", "|---|---|---|---|", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def as_sarif(report: Report, uri: str) -> dict[str, Any]:
    """SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/)."""
    rules = {
        outcome.rule.id: {
            "id": outcome.rule.id,
            "shortDescription": {"text": outcome.rule.title},
            "fullDescription": {"text": outcome.rule.reason},
            "help": {"text": outcome.rule.way_out},
        }
        for outcome in report.outcomes
    }
    results = [
        _sarif_result(finding.rule, _SARIF_LEVELS[str(finding.state)], _what(finding), finding.path, uri)
        for finding in report.findings
        if str(finding.state) in _SARIF_LEVELS
    ]
    return _sarif_run(list(rules.values()), results)


def problems_as_sarif(problems: Iterable[Problem], uri: str) -> dict[str, Any]:
    """The same for a specification that could not be read."""
    listed = list(problems)
    rules = [{"id": rule_id} for rule_id in dict.fromkeys(problem.rule for problem in listed)]
    results = [_sarif_result(one.rule, "error", f"{one.reason} {one.way_out}", one.path, uri) for one in listed]
    return _sarif_run(rules, results)


def _sarif_run(rules: list[dict[str, Any]], results: list[dict[str, Any]]) -> dict[str, Any]:
    return sarif_log([{"tool": {"driver": {"name": "openbao-profiles", "rules": rules}}, "results": results}])


def sarif_log(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """A SARIF log around runs."""
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": runs}


def _sarif_result(rule: str, level: str, text: str, path: str, uri: str) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": uri}}}
    named = {"logicalLocations": [{"fullyQualifiedName": path}]} if path else {}
    return {"ruleId": rule, "level": level, "message": {"text": text}, "locations": [{**place, **named}]}
