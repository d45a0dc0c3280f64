"""Every rule for a reader: explained one by one, or as the table of docs/contract.md."""

from __future__ import annotations

import difflib
import json

from profiles.rules import ELSEWHERE, RULES
from profiles.rules.rule import Rule

SINCE = {"S": "0.1", "0.2": "0.2", "N": "after 0.2", "ours": "ours"}
"""First contract that has a rule: the operator's, or this product's own."""

SHAPE = {
    "specification.unknown-field": "There is no such field. The message names the nearest one, or all that there are.",
    "specification.required": "A field is missing without which nothing can be read.",
    "specification.type": "A value is of another kind: text, number, true or false, list, mapping. Quotes make text.",
    "specification.choice": "Only the listed words are allowed here, in this spelling.",
    "specification.value": "The value has the right kind but another form or size than the field takes.",
    "specification.known": "This decides which resources exist and what they are like: it may not be another's output.",
    "specification.secret": "An encrypted value makes the whole specification secret; name a Secret by a `Ref` field.",
    "specification.name": "A stack file gives its cluster one name, beside the specification or in it.",
}
"""What is checked before any rule, while a specification is read."""

_INTRODUCTION = """\
# The contract

Every rule that a specification is judged by. `since` says which contract of the openbao-operator has it (0.1, 0.2,
after 0.2) or that it is ours. Rules with an operator's id keep it; `contract.*` are the operator's rules without an id
and ours about the same subjects; `openbao.*` are what the server itself demands.

- **enforced**: refused in both profiles.
- **Hardened**: refused in Hardened; in Development the report says "relaxed".
- **warning**: cannot be known from a specification, or is unwise; the report says what to check.
- **not applicable**: makes sense inside an operator only; the table says why.

Shape (`specification.*`: unknown-field, required, type, choice, value, known, secret, name) is checked before any rule,
all problems at once. A rule about a value that is not known yet is "not known yet" in the report and checked again when
it is.

The column `test` names the row of `tests/contract/test_rules.py` that shows the refusal and the acceptance.

This file is generated: `python -m profiles rules --format markdown > docs/contract.md`.
"""


def state(rule: Rule) -> str:
    """What this product does about a rule."""
    if rule.advice:
        return "warning"
    return "Hardened" if rule.scope == "Hardened" else "enforced"


def nearest(rule_id: str) -> str | None:
    """The id that was probably meant."""
    close = difflib.get_close_matches(rule_id.lower(), [*SHAPE, *(rule.id for rule in RULES)], n=1, cutoff=0.5)
    return close[0] if close else None


def explanation(rule_id: str) -> str | None:
    """All that is known about an id; None when there is none."""
    parts = [_explained(rule) for rule in RULES if rule.id == rule_id]
    for one in ELSEWHERE:
        if one.id == rule_id:
            parts.append(f"{one.id}\n  {one.title}\n  not applicable: {one.why}")
    if rule_id in SHAPE:
        parts.append(f"{rule_id}\n  {SHAPE[rule_id]}\n  `python -m profiles schema` describes every field.")
    return "\n\n".join(parts) or None


def _explained(rule: Rule) -> str:
    return "\n".join(
        [
            rule.id,
            f"  {rule.title} ({state(rule)}, since {SINCE[rule.since]})",
            f"  fields:  {', '.join(rule.fields)}",
            f"  why:     {rule.reason}",
            f"  way out: {rule.way_out}",
        ]
    )


def as_text() -> str:
    """One line per rule."""
    width = max(len(rule.id) for rule in RULES)
    lines = [f"{rule.id:<{width}}  {state(rule):<8}  {rule.title}" for rule in RULES]
    return "\n".join(lines)


def as_json() -> str:
    """Every rule as data."""
    rows = [
        {
            "id": rule.id,
            "title": rule.title,
            "since": SINCE[rule.since],
            "state": state(rule),
            "fields": list(rule.fields),
            "reason": rule.reason,
            "wayOut": rule.way_out,
        }
        for rule in RULES
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def as_markdown() -> str:
    """The whole of docs/contract.md."""
    rows = ["| id | field | since | state | rule | test |", "|---|---|---|---|---|---|"]
    for rule in RULES:
        fields = ", ".join(f"`{field}`" for field in rule.fields)
        rows.append(f"| `{rule.id}` | {fields} | {SINCE[rule.since]} | {state(rule)} | {rule.title} | `{rule.name}` |")
    rows += ["", "## Not applicable here", "", "| rule | field | since | why |", "|---|---|---|---|"]
    for one in ELSEWHERE:
        field = f"`{one.field}`" if one.field != "-" else "-"
        rows.append(f"| {one.id}: {one.title} | {field} | {SINCE[one.since]} | {one.why} |")
    return "\n".join([_INTRODUCTION, *rows])
