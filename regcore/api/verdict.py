"""Whether a port is as accurate as it should be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.api.calibration_check import tell_seen
from regcore.api.messages import Log, no_log
from regcore.api.options import existing, optional
from regcore.counted import counted
from regcore.errors import DatasetError, UsageError
from regcore.evaluation.baseline import check_baseline
from regcore.evaluation.baseline_verdict import AgainstBaseline, Measured, against_baseline
from regcore.evaluation.paired_verdict import AgainstRun, against_run
from regcore.evaluation.run_folder import VERDICT, Run, read_run
from regcore.evaluation.score_differences import ScoreDifferences, compare_scores
from regcore.evaluation.score_files.source import open_scores
from regcore.evaluation.verdict import Margin, Outcome, overall, parse_accuracy
from regcore.files.atomic import write_text
from regcore.files.names import image_key
from regcore.files.output_guard import Output, check_outputs, json_of
from regcore.files.temporary_file import remove_abandoned
from regcore.formats.guide_result import read_guide_result
from regcore.formats.timm_results import find_baseline
from regcore.reports.verdict import to_dict
from regcore.reports.verdict_rendering import to_html


@dataclass(frozen=True)
class Judgement:
    """What judge_run has decided.

    complete: whether the runs are. baseline, against: by a published accuracy, and by another run.
    scores: all scores compared. run: the identity of the run that was judged. path: of
    verdict.json, None where there is no folder for it.
    """

    margin: Margin
    complete: bool
    baseline: AgainstBaseline | None
    against: AgainstRun | None
    scores: ScoreDifferences | None
    run: str | None
    path: Path | None

    @property
    def outcome(self) -> Outcome:
        """PASS, FAIL, or UNDECIDED: too few images to tell, or a run that is not complete."""
        parts = (self.baseline, self.against)
        return overall([part.outcome for part in parts if part is not None])

    def to_dict(self) -> dict[str, Any]:
        """What `regcore verdict --json` prints, and verdict.json holds."""
        return to_dict(
            self.margin,
            self.baseline,
            self.against,
            self.scores,
            complete=self.complete,
            run=self.run,
        )

    def _repr_html_(self) -> str:
        return to_html(self.to_dict())


def judge_run(
    result: str | Path,
    *,
    max_drop: str | float,
    baseline: str | None = None,
    table: str | Path | None = None,
    baseline_top1: str | float | None = None,
    assume_tag: bool = False,
    against: str | Path | None = None,
    scores: tuple[str | Path, str | Path] | None = None,
    force: bool = False,
    log: Log = no_log,
) -> Judgement:
    """Judges the accuracy of a run, and writes verdict.json to its folder.

    result: the folder that evaluate_model has written, or a result.json for baseline_top1.
    max_drop: the drop that is allowed: 1.0 or "1.0pt" are percentage points, "1.0%" a part of the
    baseline. baseline: a model of timm, whose published Top1 counts. table: the CSV file in the
    form of timm's results in which to look for it; by default the one that is built in.
    baseline_top1: a percentage such as 77.862 in place of a published one. assume_tag: the model
    does not say which weights it has; vouch for those of the baseline. against: the folder of
    another run on the same images, the one that counts as right. scores: of this run and of the
    other, to compare all of them, too. force: also replace a verdict.json that is none of
    regcore's. log: see regcore.api.messages.

    Raises UsageError where the question contradicts itself, DatasetError for what is no run, and
    MismatchError where the runs are not on the same images, or the baseline is of other weights.
    """
    result = existing(result)
    table, against = optional(table), optional(against)
    score_files = () if scores is None else (existing(scores[0]), existing(scores[1]))
    margin = Margin.parse(str(max_drop))
    top1 = None if baseline_top1 is None else parse_accuracy(str(baseline_top1))
    _check_question(baseline, top1, table, against, assume_tag=assume_tag)
    run = read_run(result) if result.is_dir() else None
    if run is None and (baseline is not None or against is not None):
        raise UsageError(
            f"{result}: a result.json does not say how its images were made, nor what became of "
            "each; give the folder of 'regcore run', or judge it by --baseline-top1"
        )
    if run is not None:
        inputs = [path for path in (table, *score_files) if path is not None]
        check_outputs([Output(run.folder / VERDICT, json_of("verdict"))], inputs, force=force)
        content = run.content
        tell_seen(content.model, content.calibration_images, content.images, log)
    measured = _measured(run) if run is not None else _guide_result(result)
    to_reach = top1 if baseline is None else baseline
    by_baseline = _by_baseline(
        measured, run, margin, to_reach, table, assume_tag=assume_tag, log=log
    )
    by_run = None
    if run is not None and against is not None:
        by_run = _by_run(run, against, margin, log)
    judgement = Judgement(
        margin=margin,
        complete=measured.complete,
        baseline=by_baseline,
        against=by_run,
        scores=_scores(run, *score_files) if score_files else None,
        run=None if run is None else run.content.run,
        path=None if run is None else run.folder / VERDICT,
    )
    if judgement.path is not None:
        remove_abandoned(judgement.path.parent)
        write_text(judgement.path, json.dumps(judgement.to_dict(), indent=2) + "\n")
    return judgement


def _check_question(
    baseline: str | None,
    top1: float | None,
    table: Path | None,
    against: Path | None,
    *,
    assume_tag: bool,
) -> None:
    if baseline is not None and top1 is not None:
        raise UsageError("give --baseline or --baseline-top1, not both")
    if baseline is not None and re.fullmatch(r"[0-9.]+ *%?", baseline):
        raise UsageError(
            f"--baseline takes the tag of a model, and --baseline-top1 an accuracy: {baseline}"
        )
    if baseline is None and (table is not None or assume_tag):
        raise UsageError(f"{'--table' if table else '--assume-tag'} needs --baseline TAG")
    if baseline is None and top1 is None and against is None:
        raise UsageError("judge by what? --baseline TAG, --baseline-top1 PERCENT, or --against RUN")


def _by_baseline(
    measured: Measured,
    run: Run | None,
    margin: Margin,
    baseline: str | float | None,
    table: Path | None,
    *,
    assume_tag: bool,
    log: Log,
) -> AgainstBaseline | None:
    if baseline is None:
        return None
    if not isinstance(baseline, str):
        return against_baseline(measured, baseline, margin)
    row = find_baseline(baseline, table, size=None if run is None else run.recipe.size[0])
    notes: tuple[str, ...] = ()
    if run is not None:
        words = check_baseline(row, run.name, run.recipe, assume_tag=assume_tag)
        notes = (words,) if words else ()
    if row.images is not None and measured.images < row.images:
        log(
            f"{counted(measured.images, 'image')}, the baseline is of {row.images}: the interval "
            "holds if they are a random part of those"
        )
    return against_baseline(measured, row, margin, notes=notes)


def _by_run(run: Run, against: Path, margin: Margin, log: Log) -> AgainstRun:
    other = read_run(against)
    if other.recipe.identity != run.recipe.identity:
        log(
            f"the runs' images were made by different recipes, {run.recipe.identity} and "
            f"{other.recipe.identity}: what differs may come from there"
        )
    if not other.complete:
        were = counted(other.images, "image was", "images were")
        log(f"{against}: incomplete: {were} evaluated")
    complete = run.complete and other.complete
    return against_run(run.predictions(), other.predictions(), margin, complete=complete)


def _scores(run: Run | None, now: Path, before: Path) -> ScoreDifferences:
    if run is None:
        raise UsageError("--scores needs a folder that 'regcore run' has written, for its images")
    expected = tuple(image_key(image) for image in run.predictions().images)
    return compare_scores(open_scores(now, expected), open_scores(before, expected))


def _measured(run: Run) -> Measured:
    return Measured(run.images, run.hits, run.complete)


def _guide_result(path: Path) -> Measured:
    """The first choices in the guide's result.json, whose Top1 is rounded to two places."""
    result = read_guide_result(path)
    if 1 not in result.percent:
        raise DatasetError(f"{path}: no image was evaluated")
    return Measured(result.images, result.hits(1), result.complete)
