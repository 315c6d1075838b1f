"""A batch check in a report: how far the scores of an image are apart, by what was changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from regcore.errors import DatasetError
from regcore.evaluation.run_content import RunContent
from regcore.evaluation.run_identity import is_same_model
from regcore.reports.batchcheck import BatchCheckForm, Outcome, places
from regcore.reports.html.checks.documents import read_document
from regcore.trust.batchcheck.findings import WORDS

#: Decades of the bars, as parts of the largest score.
_LEAST, _MOST = -9.0, 0.0


@dataclass(frozen=True)
class CheckRow:
    """One check.

    outcome: PASS, FAIL, or empty where nothing was compared. length: of its bar, 0 to 1, on a
    logarithmic scale; the other fields are words.
    """

    name: str
    outcome: str
    length: float
    relative: str
    compared: str
    equal: str
    flips: str


@dataclass(frozen=True)
class ShownBatchCheck:
    """What a report shows. allowed: place of the largest difference that is, in percent."""

    outcome: Outcome
    sentence: str
    rows: list[CheckRow]
    allowed: float
    places: list[str]


def read_batchcheck(folder: Path, run: RunContent) -> ShownBatchCheck | None:
    """The batch check in a run's folder; None: there is none.

    Raises DatasetError where it is of another model than the run's.
    """
    form = read_document(folder, "batchcheck", BatchCheckForm)
    if form is None:
        return None
    if not is_same_model(form.model, run.model):
        raise DatasetError(
            f"{folder / 'batchcheck.json'}: is of another model, {form.model}, not {run.model}"
        )
    rows = []
    for check in form.checks:
        passes = check.passes(form.max_difference)
        rows.append(
            CheckRow(
                name=WORDS[check.name],
                outcome="" if passes is None else "PASS" if passes else "FAIL",
                length=_place(check.relative) if check.compared else 0.0,
                relative="-" if passes is None else f"{check.relative:.2g}",
                compared=f"{check.compared:,}",
                equal=f"{check.equal:,}",
                flips=f"{check.flips:,}",
            )
        )
    sentence = (
        f"Batches of {form.batch_size} on {form.backend} ({form.provider}), images: {form.images}. "
        f"A difference of {form.max_difference:g} of the largest score is allowed, and no first "
        "choice may flip."
    )
    allowed = 100 * _place(form.max_difference)
    return ShownBatchCheck(form.outcome, sentence, rows, allowed, places(form.checks))


def _place(part: float) -> float:
    """On the logarithmic scale of the bars, 0 to 1."""
    if part <= 0:
        return 0.0
    return max(0.0, min(1.0, (math.log10(part) - _LEAST) / (_MOST - _LEAST)))
