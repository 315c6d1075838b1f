"""What tells a page and a screenshot of it apart from others: identities, versions, settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from regcore.evaluation.run_content import RunContent
from regcore.reports.html.perf_content import PerfContent

#: Keys of run.json that early versions did not write, with what they are called here.
_OPTIONAL = {"date": "date", "command": "command line", "model_hash": "model's hash"}
_MOST_CHARACTERS = 4000


@dataclass(frozen=True)
class Fact:
    """One line of a record."""

    name: str
    value: str


@dataclass(frozen=True)
class FactGroup:
    """Facts under one title."""

    title: str
    facts: list[Fact]


def provenance(
    run: RunContent, record: dict[str, Any], perf: PerfContent | None
) -> list[FactGroup]:
    """What was run on what by what. record: all of run.json, of which keys may be missing."""
    made = {
        "model": run.model,
        "runtime": f"{run.backend}, {run.provider}",
        "images": run.root,
        "batch size": str(run.batch_size),
        "workers": str(perf.workers) if perf else "",
        "run": run.run or "",
        **{name: _text(record.get(key)) for key, name in _OPTIONAL.items()},
    }
    recipe = {
        "recipe": run.recipe,
        "recipe from": _text(record.get("recipe_from")),
        **{name: _text(value) for name, value in run.preprocessing.items()},
    }
    groups = (
        ("Run", made),
        ("Recipe", recipe),
        ("Machine and versions", _environment(record, perf)),
    )
    return [
        FactGroup(title, [Fact(name.replace("_", " "), value) for name, value in facts.items()])
        for title, every in groups
        if (facts := {name: value for name, value in every.items() if value})
    ]


def _environment(record: dict[str, Any], perf: PerfContent | None) -> dict[str, str]:
    if perf is not None:
        return perf.environment
    own = record.get("environment")
    return {name: _text(value) for name, value in own.items()} if isinstance(own, dict) else {}


def date(record: dict[str, Any]) -> str:
    """When the run began, to the minute; empty where it is not known."""
    text = _text(record.get("date"))
    zone = " UTC" if text.endswith(("Z", "+00:00")) else ""
    return text[:16].replace("T", " ") + zone


def _text(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:_MOST_CHARACTERS]
