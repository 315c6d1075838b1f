"""A model evaluated on labelled images."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.api.calibration_check import (
    calibration_images_among,
    quantization_of,
    tell_seen,
)
from regcore.api.evaluation_folder import claimed, write_evaluation
from regcore.api.evaluation_job import EvaluationJob, Runner
from regcore.api.labelled_data import log_missing, read_labelled_data
from regcore.api.messages import (
    Log,
    ProgressBar,
    log_background,
    log_failures,
    no_log,
    no_progress,
)
from regcore.api.model import (
    about_model,
    batch_size_for,
    check_not_swapped,
    check_several_classes,
    open_model,
)
from regcore.api.options import (
    ModelOptions,
    PreprocessorOptions,
    RecipeOptions,
    check_names,
    existing_images,
    existing_labels,
    optional,
    select,
)
from regcore.api.predict import own_names
from regcore.api.recipe_choice import recipe_for
from regcore.errors import OutputError
from regcore.evaluation.label_order import label_order_hint
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.real_accuracy import (
    check_real_classes,
    check_real_labels,
    real_accuracy,
)
from regcore.evaluation.result_outputs import INCOMPLETE_RESULT, RESULT, check_run
from regcore.files.arguments import as_path, whole_within
from regcore.files.atomic import check_writable
from regcore.images.label_agreement import check_class_order
from regcore.images.label_files.real_labels import read_real_labels
from regcore.images.labels import (
    LabelledImages,
    errors_name,
)
from regcore.images.preprocessor import Preprocessor
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.evaluate import Evaluation
from regcore.reports.provenance import now, provenance
from regcore.reports.run import RunReport, to_dict
from regcore.reports.topn import accuracy_percent
from regcore.scores.labels import class_indices
from regcore.scores.metric import Measured, Metric

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from regcore.backends.protocol import Backend

_MOST_IMAGES = 1 << 62


@dataclass(frozen=True)
class EvaluatedModel:
    """What evaluate_model has measured.

    recipe_from: who says the recipe: "--recipe", the "model", the "store", or a "default".
    path: of result.json, or of result.incomplete.json where an image was not counted. hint: a
    sentence where the predictions give away labels in another order than the model's classes; see
    regcore.evaluation.label_order.
    """

    report: RunReport
    recipe_from: str
    path: Path
    hint: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every image that was expected was counted."""
        return self.report.complete

    @property
    def accuracy(self) -> dict[str, float | None]:
        """`{"Top1": 77.85, ...}` in percent; None where no image was counted."""
        return accuracy_percent(self.report.evaluation.topn)

    def record(self) -> dict[str, Any]:
        """The content of run.json."""
        return {**to_dict(self.report), "recipe_from": self.recipe_from}

    def to_dict(self) -> dict[str, Any]:
        """What `regcore run --json` prints."""
        return {**self.record(), "result": str(self.path)}


class UnwrittenError(OutputError):
    """A model was evaluated, as `evaluated` says, but that cannot be written."""

    def __init__(self, evaluated: EvaluatedModel, reason: object) -> None:
        super().__init__(str(reason))
        self.evaluated = evaluated


def evaluate_model(
    model: str | Path,
    images: str | Path,
    labels: str | Path | None = None,
    *,
    out: str | Path = "regcore-run",
    list_file: str | Path | None = None,
    real: str | Path | None = None,
    limit: int | None = None,
    subset: bool = False,
    metrics: Sequence[str | Metric] = (),
    background: bool | None = None,
    trace: str | Path | None = None,
    force: bool = False,
    verify: bool = True,
    command: Sequence[str] | None = None,
    log: Log = no_log,
    progress: ProgressBar = no_progress,
    runner: Runner | None = None,
    **options: Unpack[ModelOptions],
) -> EvaluatedModel:
    """Evaluates a model on labelled images, and writes the files of `regcore run` to `out`.

    model: as for regcore.backends.registry.open_backend. images: a store, or photos as
    regcore.sources.spelling.open_source opens them. labels: a file, an order of class folders, or
    None for the labels that the images' archives or folders have; see
    regcore.images.labels.label_images. list_file: only the images named in this file. real: ReaL's
    labels (real.json), for a further accuracy; see regcore.evaluation.real_accuracy. limit: only
    so many images, the first ones. subset: it is intended that labels lack their images, or images
    their labels. metrics: what is measured beside TopN: names of regcore.scores.registry, or new
    metrics. background: whether class 0 is the background, and label 0 is class 1; by default where
    there are 1001 classes. trace: a file for ui.perfetto.dev. force: also replace files that
    regcore did not write, and begin an interrupted run anew. verify: look at the checksums of a
    store's values. command: the command line, which run.json tells. log, progress: see
    regcore.api.messages. runner: what runs the model, by default this process; see
    regcore.ray.run. options: see RecipeOptions, DeviceOptions and PreprocessorOptions in
    regcore.api.options.

    Where the model says with which images it was calibrated (regcore.quantize_model), and some of
    these are evaluated, that is logged, and run.json names them.

    The result is not complete where an image cannot be read, a labelled image is not there, or
    Ctrl-C ends the run. The same call again continues one that was interrupted or killed: the
    result is that of a run without interruption, and only the rates are of the rest. Raises
    UsageError where the request contradicts itself, DatasetError for labels that do not fit,
    BackendError where the model cannot run, OutputError where `out` cannot be made, and
    UnwrittenError, which has the result, where that cannot be written there.
    """
    check_names(options, ModelOptions)
    date = now()
    model, out = str(model), as_path("out", out)
    images, list_file, real = existing_images(images), optional(list_file), optional(real)
    labels = existing_labels(labels)
    trace = None if trace is None else as_path("trace", trace)
    if limit is not None:
        limit = whole_within("limit", limit, 1, _MOST_IMAGES)
    check_not_swapped(model, Path(images))
    files = [path for path in (labels, list_file, real) if isinstance(path, Path)]
    check_run(out, trace, model, Path(images), files, force=force)
    data = read_labelled_data(
        images, labels, log, list_file=list_file, limit=limit, subset=subset, verify=verify
    )
    labelled = data.labelled
    log_missing(images, labelled.missing, log)
    names, true_classes = labelled.names[:limit], labelled.labels[:limit]
    where = labelled.origin if isinstance(labels, Path) else f"{images}: {labelled.origin}"
    with closing(data), errors_name(where), ExitStack() as claim:
        several = None if real is None else _real_labels(real, names, true_classes)
        with open_model(model, options) as backend:
            check_several_classes(model, backend)
            _check_classes(labelled, several, backend.outputs[0].shape, background=background)
            choice = recipe_for(model, backend, data.store, log, **select(options, RecipeOptions))
            seen = calibration_images_among(
                model, backend.metadata, data, names, recipe=choice.recipe, log=log
            )
            tell_seen(model, seen, len(names), log)
            preprocessor = Preprocessor(choice.recipe, **select(options, PreprocessorOptions))
            batch_size = batch_size_for(backend, options.get("batch_size"), log)
            claim.enter_context(claimed(out))
            if trace is not None:
                check_writable(trace)
            job = EvaluationJob(model, backend, data, names, choice.recipe, batch_size, options)
            journal = job.open_journal(out, log, anew=force)
            with progress(len(names)) as advance:
                evaluation = job.evaluate(
                    preprocessor,
                    journal,
                    log,
                    runner,
                    metrics=metrics,
                    background=background,
                    progress=advance,
                    trace=trace is not None,
                    device_timeout=options.get("device_timeout", DEVICE_TIMEOUT),
                )
            check_several_classes(model, backend, evaluation.topn.classes)
            report = RunReport(
                **about_model(backend, model),
                recipe=choice.label,
                batch_size=batch_size,
                workers=preprocessor.workers,
                preprocessing=choice.recipe,
                evaluation=replace(evaluation, errors=(*data.broken, *evaluation.errors)),
                root=str(data.root.resolve()),
                missing=labelled.missing,
                left_out=data.available - len(names),
                beside=_beside(several, evaluation),
                calibration_images=seen,
                quantization=quantization_of(model, backend.metadata),
                provenance=provenance(
                    date, command, model, _class_names(model, backend, evaluation)
                ),
            )
        true_classes, hint = _numbered(
            labelled, true_classes, evaluation, log, background=background
        )
        log_failures(log, evaluation.errors)
        predictions = TopPredictions(names, true_classes, evaluation.indices, evaluation.values)
        path = out / (RESULT if report.complete else INCOMPLETE_RESULT)
        evaluated = EvaluatedModel(report, choice.origin, path, hint)
        try:
            write_evaluation(path, report, evaluated.record(), predictions, trace)
            if not evaluation.not_reached:
                journal.remove()
        except (OSError, OutputError) as error:
            raise UnwrittenError(evaluated, error) from error
    return evaluated


def _numbered(
    labelled: LabelledImages,
    labels: NDArray[np.int64],
    evaluation: Evaluation,
    log: Log,
    *,
    background: bool | None,
) -> tuple[NDArray[np.int64], str | None]:
    """The labels as the model numbers its classes, and what gives away another order of them."""
    topn = evaluation.topn
    if not topn.classes:
        return labels, None
    check_class_order(labelled, topn.classes, background=background)
    log_background(topn.classes, log, background=topn.background)
    true_classes = class_indices(labels, topn.classes, background=topn.background)
    best = evaluation.indices[:, 0]
    hint = label_order_hint(true_classes, best, topn.classes, background=topn.background)
    return true_classes, hint


def _class_names(model: str, backend: Backend, evaluation: Evaluation) -> tuple[str, ...] | None:
    classes = evaluation.topn.classes
    return own_names(model, backend.metadata, classes)[0] if classes else None


def _real_labels(
    path: Path, names: Sequence[str], labels: NDArray[np.int64]
) -> tuple[tuple[int, ...], ...]:
    several = read_real_labels(path, names)
    check_real_labels(several, labels)
    return several


def _beside(
    several: Sequence[Sequence[int]] | None, evaluation: Evaluation
) -> tuple[Measured, ...]:
    if several is None:
        return ()
    topn, best = evaluation.topn, evaluation.indices
    return (real_accuracy(several, best, topn.classes, background=topn.background),)


def _check_classes(
    labelled: LabelledImages,
    several: Sequence[Sequence[int]] | None,
    shape: tuple[int | None, ...] | None,
    *,
    background: bool | None,
) -> None:
    """See check_class_order; what a model does not say of its scores shows when it has run."""
    if shape is not None and len(shape) > 1 and shape[1] is not None:
        if several is not None:
            check_real_classes(shape[1])
        check_class_order(labelled, shape[1], background=background)
