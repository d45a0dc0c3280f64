"""What users read when they are refused: docs/messages.md, made from the examples of every rule.

Regenerate with `python -m tests.contract.messages > docs/messages.md` and read the difference aloud: does every line
say what to do?
"""

from __future__ import annotations

from profiles.contract import Context, evaluate
from profiles.parsing import parse
from profiles.report import Finding
from profiles.rules import RULES
from tests.contract.examples import EXAMPLES
from tests.contract.examples.example import Example

_INTRODUCTION = """\
# Messages

Every refusal and warning as its reader sees it, one example each: field, reason, way out. Generated from the tables of
the contract tests by `python -m tests.contract.messages > docs/messages.md`.
"""


def findings() -> list[tuple[str, Finding]]:
    """The rule's name and its finding, for every refused example; each text once, in the contract's order."""
    order = {rule.name: index for index, rule in enumerate(RULES)}
    refused = sorted((one for one in EXAMPLES if one.at is not None), key=lambda one: order[one.rule])
    found: dict[tuple[str, str, str], tuple[str, Finding]] = {}
    for example in refused:
        finding = _finding(example)
        found.setdefault((example.rule, finding.reason, finding.way_out), (example.rule, finding))
    return list(found.values())


def _finding(example: Example) -> Finding:
    previous = parse(example.previous) if example.previous is not None else None
    report = evaluate(parse(example.data), context=Context(**example.context), previous=previous)
    rule = next(rule for rule in RULES if rule.name == example.rule)
    return next(one for one in report.findings if one.rule == rule.id and one.path == example.at)


def as_markdown() -> str:
    """The whole of docs/messages.md."""
    lines = [_INTRODUCTION.rstrip()]
    section = ""
    for name, finding in findings():
        subject = name.split(".")[0]
        if subject != section:
            section = subject
            lines.append(f"\n## {subject.replace('_', ' ')}\n")
        lines.append(
            f"- `{finding.path or '(specification)'}`: {finding.reason} **{finding.way_out}** `{finding.rule}`"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")
