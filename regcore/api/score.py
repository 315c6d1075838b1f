"""Scores that a tool has written, compared with labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.api.messages import Log, ProgressBar, log_all, log_background, no_log, no_progress
from regcore.api.options import existing, existing_label_file, optional
from regcore.counted import counted
from regcore.errors import DatasetError, UsageError
from regcore.evaluation.score import Score, read_image_labels, score
from regcore.evaluation.score_files.source import open_scores, read_names
from regcore.files.arguments import as_path
from regcore.files.output_guard import Output, check_outputs
from regcore.files.temporary_file import remove_abandoned
from regcore.formats.guide_result import is_result_text, write_guide_result
from regcore.images.label_files.real_labels import read_real_labels
from regcore.images.labels import errors_name
from regcore.reports.score import incompleteness, to_dict
from regcore.reports.topn import accuracy_percent
from regcore.scores.metric import Metric
from regcore.scores.ranks import Ties
from regcore.scores.topn import NAN_RULE

_NAMED = 10
_WORST = 10


@dataclass(frozen=True)
class ScoredPredictions:
    """What score_predictions has counted.

    path: of NAME.json, or of NAME.incomplete.json where the scores are not those of the labels.
    """

    score: Score
    path: Path

    @property
    def complete(self) -> bool:
        """Whether the set of scores is that of the labels."""
        return self.score.complete

    @property
    def accuracy(self) -> dict[str, float | None]:
        """`{"Top1": 77.85, ...}` in percent of the images that have scores; None of none."""
        return accuracy_percent(self.score.topn)

    def to_dict(self, worst: int = _WORST) -> dict[str, Any]:
        """What `regcore score --json` prints. worst: classes whose wrong answers are listed."""
        return to_dict(self.score, worst, str(self.path))


def score_predictions(
    predictions: str | Path,
    labels: str | Path,
    out_dir: str | Path,
    name: str,
    *,
    subset: str | Path | None = None,
    real: str | Path | None = None,
    output: int | None = None,
    names: str | Path | None = None,
    ties: Ties = "lowest",
    metrics: Sequence[str | Metric] = (),
    background: bool | None = None,
    force: bool = False,
    workers: int | None = None,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
) -> ScoredPredictions:
    """Compares scores with labels, and writes TopN to the file `name` in `out_dir`.

    predictions: a folder with a file for each image, as the benchmark tool, ais_bench and msame
    leave it, or one array of all images. labels: a text file with NAME INDEX in each line.
    subset: a file with the names of the images to expect, by default all of `labels`. real: ReaL's
    labels (real.json), for a further accuracy; see regcore.evaluation.real_accuracy. output: take
    the files NAME_K with this K, of a model with several outputs. names: the file with the names
    of an array's rows. ties: which of equal scores is the first, as for regcore.ranks. metrics:
    what is counted beside TopN: names of regcore.scores.registry, or new metrics. background:
    whether class 0 is the background, and label 0 is class 1; by default where there are 1001
    classes. force: also replace a file that is no such result. workers: threads, by default one
    for each processor. log, progress: see regcore.api.messages.

    The result is not complete where an image lacks its scores, or scores their label. Raises
    UsageError where the request contradicts itself, and DatasetError for labels and scores that
    cannot be read, or that do not go together at all.
    """
    predictions, labels = existing(predictions), existing_label_file(labels)
    path = as_path("out_dir", out_dir) / name
    subset, names, real = optional(subset), optional(names), optional(real)
    if Path(name).name != name or name in {"", ".."}:
        raise UsageError(f"NAME.json is a file in OUT_DIR, not {name!r}")
    if names is not None and predictions.is_dir():
        raise UsageError("--names is for a packed file, not for a folder")
    if output is not None and predictions.is_file():
        raise UsageError("--output is for a folder, not for a packed file")
    by_image = read_image_labels(labels)
    expected = tuple(by_image) if subset is None else read_names(subset)
    unknown = [image for image in expected if image not in by_image]
    if unknown:
        raise DatasetError(
            f"{subset}: {counted(len(unknown), 'image has', 'images have')} no label, the first is "
            f"{unknown[0]}"
        )
    opened = open_scores(predictions, expected, output=output, names=names)
    several = None if real is None else read_real_labels(real, opened.names)
    _remove_results(path, [predictions, labels, *filter(None, (subset, names, real))], force=force)
    with progress(len(expected)) as advance, errors_name(labels):
        result = score(
            opened,
            by_image,
            ties=ties,
            metrics=metrics,
            real=several,
            background=background,
            workers=workers,
            progress=advance,
        )
    log_background(result.classes, log, background=result.topn.background)
    if not result.complete:
        path = _incomplete(path)
    write_guide_result(path, result.topn, None if result.complete else incompleteness(result))
    _log_all(result, log)
    return ScoredPredictions(result, path)


def _incomplete(path: Path) -> Path:
    return path.with_name(f"{path.stem}.incomplete{path.suffix}")


def _remove_results(path: Path, inputs: Sequence[Path], *, force: bool) -> None:
    # What an earlier run left must not pass for the result of this one, should it be cut short.
    outputs = [Output(older, is_result_text) for older in (path, _incomplete(path))]
    check_outputs(outputs, inputs, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    for older in (path, _incomplete(path)):
        older.unlink(missing_ok=True)


def _log_all(score: Score, log: Log) -> None:
    """Names what was left out and what is wrong."""

    def each(what: str, names: Iterable[object]) -> None:
        log_all(log, (f"{name}: {what}" for name in names), _NAMED)

    each("left out, no prediction by its name", score.stray)
    if score.longer:
        go = counted(len(score.longer), "file goes", "files go")
        log(f"{go} on after the first line, which alone counts")
    if score.topn.tied:
        have = counted(score.topn.tied, "image has", "images have")
        log(f"{have} equal scores that matter; --ties {score.topn.ties}")
    if score.topn.nan:
        have = counted(score.topn.nan, "image has", "images have")
        log(f"{have} scores that are NaN; {NAN_RULE}")
    log_all(log, map(str, score.errors), _NAMED)
    each("no scores of this image", score.missing)
    each("no label for these scores", score.surplus)
    if (hint := score.hint) is not None:
        log(hint)
