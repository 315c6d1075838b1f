"""An identified tensor in a report: what made it, and whether the run's images are made so."""

from __future__ import annotations

from dataclasses import dataclass

from regcore.evaluation.run_folder import Run
from regcore.recipes.recipe import Recipe
from regcore.reports.html.checks.documents import read_document
from regcore.reports.identify import AlternativeForm, IdentifyForm, headline, to_rows
from regcore.trust.identify.differences import differences
from regcore.trust.identify.findings import Alternative, Outcome


@dataclass(frozen=True)
class ShownIdentification:
    """What a report shows; outcome: PASS, FAIL or UNDECIDED, for its colour, and in words."""

    outcome: str
    words: str
    headline: str
    rows: list[tuple[str, str]]


def read_identification(run: Run) -> ShownIdentification | None:
    """The identification in a run's folder; None: there is none. Raises DatasetError."""
    form = read_document(run.folder, "identify", IdentifyForm)
    if form is None:
        return None
    rows = list(to_rows(form))
    outcome, words = "UNDECIDED", "not found"
    if form.outcome is Outcome.FOUND and form.best is not None:
        told = differences(
            Recipe.from_dict(form.best.recipe),
            run.recipe,
            list(map(_alternative, form.alternatives)),
        )
        outcome, words = ("FAIL", "made otherwise") if told else ("PASS", "made as in this run")
        same = "prepares its images in the same way"
        rows.append(("this run", "\n".join(["prepares them otherwise:", *told]) if told else same))
    return ShownIdentification(outcome, words, headline(form), rows)


def _alternative(form: AlternativeForm) -> Alternative:
    fields: dict[str, object] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in form.fields.items()
    }
    return Alternative(fields, form.told_by)
