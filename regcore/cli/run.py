"""regcore run: a model evaluated on labelled images."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import (
    INCOMPLETE,
    answer,
    name_failures,
    progress_bar,
    show,
    tell,
    tell_all,
)
from regcore.cli.device_options import DeviceOptions, device_options, trace_option
from regcore.cli.listing import tell_listing
from regcore.cli.options import (
    RecipeChoice,
    check_not_swapped,
    metric_option,
    preprocess_options,
    recipe_for,
    verify_option,
)
from regcore.errors import OutputError

if TYPE_CHECKING:
    from regcore.errors import DecodeError
    from regcore.evaluation.predictions_csv import TopPredictions
    from regcore.images.labels import LabelledImages
    from regcore.reports.run import RunReport
    from regcore.scores.topn import TopN

_LOCK = "run.lock"
_NAMED_MISSING = 10


@click.command()
@click.argument("model")
@click.argument("images", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--labels",
    "label_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The true classes: a text file with NAME INDEX in each line.",
)
@click.option(
    "--out",
    default="regcore-run",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for result.json and what goes with it.",
)
@click.option("--force", is_flag=True, help="Replace also files that regcore did not write.")
@click.option("--limit", type=click.IntRange(min=1), help="Evaluate only the first N images.")
@click.option("--subset", is_flag=True, help="It is intended that labels lack their images.")
@click.option(
    "--background/--no-background",
    default=None,
    help="Whether class 0 is the background, and label 0 is class 1.  [default: with 1001 classes]",
)
@metric_option
@verify_option
@device_options
@trace_option
@preprocess_options
def run(
    *,
    model: str,
    images: Path,
    label_file: Path,
    out: Path,
    force: bool,
    limit: int | None,
    subset: bool,
    background: bool | None,
    metrics: tuple[str, ...],
    verify: bool,
    device: DeviceOptions,
    recipe_name: str | None,
    dtype: str | None,
    layout: str | None,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Evaluate MODEL on labelled IMAGES (a folder, a file or a store) and print TopN.

    MODEL is a .onnx file, an .om for Ascend devices, an .engine for TensorRT, torch:NAME:WEIGHTS
    for timm's model itself, or simulated:RATE for a made-up device of RATE images/s. The result
    goes to result.json in --out. Where an image cannot be read, a labelled image is not there, or
    Ctrl-C ends the run, it goes to result.incomplete.json instead, and the exit code is 3. Rates
    and times go to perf.json, and to perf_vision_batchsize_N_device_M.txt as the benchmark tool
    writes it; what the model made of each image goes to predictions.csv, and everything that --json
    prints to run.json.

    \b
    Examples:
      regcore run regnety_016.onnx imagenet/val --labels val_label.txt --out result
      regcore run regnety_016_bs16.om imagenet/val --labels val_label.txt --device 0,1,2,3
    """  # noqa: D301
    from regcore.evaluation.predictions_csv import TopPredictions, relative_names
    from regcore.evaluation.result_outputs import check_run
    from regcore.files.lock import locked
    from regcore.images.labels import errors_name, label_images, read_labels
    from regcore.images.preprocessor import Preprocessor
    from regcore.inference.evaluate import Interrupted, evaluate, evaluate_batches
    from regcore.reports.run import RunReport
    from regcore.scores.labels import class_indices
    from regcore.store.reader import holds_store, open_store

    check_not_swapped(model, images)
    check_run(out, device.trace, model, images, label_file, force=force)
    expected = read_labels(label_file)
    store = open_store(images, verify=verify) if holds_store(images) else None
    root, listed, broken = (store.source, store.paths, ()) if store else _listed(images)
    dataset = label_images(listed, root, expected)
    if not subset:
        _warn_of_missing(dataset, images)
    paths, labels = dataset.paths[:limit], dataset.labels[:limit]
    with errors_name(label_file), ExitStack() as claim:
        with device.open(model) as backend:
            choice = recipe_for(model, backend, store, (recipe_name, dtype, layout))
            preprocessor = Preprocessor(choice.recipe, **settings)
            batch_size = device.batch_size_for(backend)
            claim.enter_context(locked(_made(out) / _LOCK))
            _remove_results(out)
            device.check_trace()
            with progress_bar("evaluating", len(paths)) as progress:
                how: dict[str, Any] = {
                    "metrics": metrics,
                    "background": background,
                    "progress": progress,
                    "trace": device.trace is not None,
                    "device_timeout": device.device_timeout,
                }
                try:
                    if store:
                        batches = store.batches(batch_size, len(paths))
                        evaluation = evaluate_batches(batches, backend, labels, **how)
                    else:
                        evaluation = evaluate(
                            preprocessor, backend, paths, labels, batch_size=batch_size, **how
                        )
                except Interrupted as interrupted:
                    tell("interrupted: what follows is of the images until then")
                    evaluation = interrupted.evaluation
            report = RunReport(
                model=model,
                backend=f"{backend.name} {backend.version}",
                provider=backend.provider,
                recipe=choice.label,
                batch_size=batch_size,
                workers=preprocessor.workers,
                preprocessing=choice.recipe,
                evaluation=replace(evaluation, errors=(*broken, *evaluation.errors)),
                root=str(Path(root).resolve()),
                missing=() if subset else dataset.missing,
                left_out=len(dataset.paths) - len(paths),
            )
        if evaluation.topn.classes:
            topn = evaluation.topn
            labels = class_indices(labels, topn.classes, background=topn.background)
            _tell_background(topn)
        name_failures(evaluation.errors)
        names = relative_names(paths, root)
        predictions = TopPredictions(names, labels, evaluation.indices, evaluation.values)
        _deliver(report, choice, predictions, out, device.trace, as_json=as_json)


def _listed(images: Path) -> tuple[Path, tuple[Path, ...], tuple[DecodeError, ...]]:
    """The images below a folder, and what cannot be reached."""
    from regcore.images.listing import listing

    found = listing(images)
    tell_listing(found)
    return images, tuple(found.root / name for name in found.names), tuple(found.broken)


def _warn_of_missing(dataset: LabelledImages, images: Path) -> None:
    if dataset.missing:
        tell_all((f"{images}: no image for the label {m}" for m in dataset.missing), _NAMED_MISSING)
        tell(f"{len(dataset.missing)} labelled images are not there; --subset if that is intended")


def _tell_background(topn: TopN) -> None:
    if topn.background:
        tell(
            f"{topn.classes} classes: class 0 is the background, and label 0 is class 1; "
            "--no-background takes labels as they are"
        )


def _made(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot make the folder: {error.strerror}") from error
    return out


def _remove_results(out: Path) -> None:
    # What an earlier run left must not pass for the result of this one, should it be cut short;
    # nor may what was made of it, a verdict or a comparison.
    from regcore.evaluation.result_outputs import RESULT, RUN_FILES
    from regcore.files.atomic import check_writable, remove_abandoned

    remove_abandoned(out)
    check_writable(out / RESULT)
    for name in RUN_FILES:
        (out / name).unlink(missing_ok=True)


def _deliver(
    report: RunReport,
    choice: RecipeChoice,
    predictions: TopPredictions,
    out: Path,
    trace: Path | None,
    *,
    as_json: bool,
) -> None:
    from regcore.evaluation.result_outputs import INCOMPLETE_RESULT, RESULT
    from regcore.reports.run import to_dict, to_table

    path = out / (RESULT if report.complete else INCOMPLETE_RESULT)
    found = {**to_dict(report), "recipe_from": choice.origin}
    unwritten: OSError | OutputError | None = None
    try:
        _write(report, predictions, path, found, trace)
    except (OSError, OutputError) as error:
        unwritten = error  # what was found out is told all the same
    if as_json:
        answer({**found, "result": str(path)})
    else:
        table = to_table(report)
        table.add_row("recipe from", choice.origin)
        show(table)
    if unwritten is not None:
        raise unwritten
    if not report.complete:
        tell(f"{report.completeness}, see {path}")
        raise click.exceptions.Exit(INCOMPLETE)
    tell(f"wrote {path}")


def _write(
    report: RunReport,
    predictions: TopPredictions,
    path: Path,
    found: dict[str, Any],
    trace: Path | None,
) -> None:
    from regcore.evaluation.run_folder import write_run
    from regcore.formats.guide_result import write_guide_result
    from regcore.performance.perf import write_perf
    from regcore.performance.trace_events import write_trace
    from regcore.reports.run import about, incompleteness

    lacking = None if report.complete else incompleteness(report)
    write_guide_result(path, report.evaluation.topn, lacking)
    timeline = report.evaluation.timeline
    named = {**about(report), "recipe_from": found["recipe_from"]}
    write_perf(path.parent, report.perf, timeline, named, complete=report.complete)
    write_run(path.parent, found, predictions)
    if trace is not None:
        write_trace(trace, timeline, report.run)
