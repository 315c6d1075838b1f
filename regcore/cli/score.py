"""regcore score: predictions that a tool has written, against labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regcore.cli.console import INCOMPLETE, answer, progress_bar, show, tell, tell_all
from regcore.cli.options import metric_option
from regcore.errors import DatasetError, UsageError

if TYPE_CHECKING:
    from regcore.evaluation.score import Score
    from regcore.scores.ranks import Ties

_NAMED = 10
_WORST = 10


@click.command()
@click.argument("predictions", type=click.Path(exists=True, path_type=Path))
@click.argument("labels", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out_dir", type=click.Path(file_okay=False, path_type=Path))
@click.argument("name", metavar="NAME.json")
@click.option(
    "--subset",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Expect only these images: a text file with a NAME in each line.",
)
@click.option(
    "--output",
    type=click.IntRange(min=0),
    help="Take the files NAME_K with this K, of a model with several outputs.",
)
@click.option(
    "--names",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The names of a packed file's rows.  [default: PREDICTIONS, ending in .names.txt]",
)
@click.option(
    "--ties",
    type=click.Choice(["lowest", "highest", "optimistic", "pessimistic"]),
    default="lowest",
    show_default=True,
    help="Of equal scores the first is: the lowest or highest class, the true one, or any other.",
)
@click.option(
    "--background/--no-background",
    default=None,
    help="Whether class 0 is none of the labels', and label 0 is class 1.  [default: as in the "
    "guide, where there are 1001 classes]",
)
@metric_option
@click.option("--force", is_flag=True, help="Replace a NAME.json that is no such result.")
@click.option(
    "--workers", type=click.IntRange(1, 1024), help="Threads.  [default: one for each CPU]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the score as JSON, class by class.")
@click.option(
    "--worst",
    type=click.IntRange(min=0),
    default=_WORST,
    show_default=True,
    help="With --json: the classes whose wrong answers are listed.",
)
def score(
    *,
    predictions: Path,
    labels: Path,
    out_dir: Path,
    name: str,
    subset: Path | None,
    output: int | None,
    names: Path | None,
    ties: Ties,
    background: bool | None,
    metrics: tuple[str, ...],
    force: bool,
    workers: int | None,
    as_json: bool,
    worst: int,
) -> None:
    """Compare PREDICTIONS with LABELS, and write TopN to OUT_DIR/NAME.json.

    This is the guide's vision_metric_ImageNet.py: the same arguments, the same file.
    PREDICTIONS is a folder with a file for each image, as the benchmark tool (NAME_1.txt),
    ais_bench (NAME_0.bin) and msame (NAME_output_0.txt) leave it: text, raw float32 .bin or .npy.
    Or it is one array of all images, scores.npy or scores.bin, beside scores.names.txt with the
    image of each row. LABELS has NAME INDEX in each line. Of 1001 classes the first is the
    background.

    Where an image lacks its scores, or scores their label, the interval of possible accuracies is
    printed, NAME.incomplete.json says what is wrong, and the exit code is 3.

    \b
    Example:
      regcore score result/dumpOutput_device0 val_label.txt . result_bs1.json
    """  # noqa: D301
    from regcore.evaluation.score import read_image_labels
    from regcore.evaluation.score import score as compare
    from regcore.evaluation.score_files.source import open_scores, read_names
    from regcore.images.labels import errors_name

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
            f"{subset}: {len(unknown)} images have no label, the first is {unknown[0]}"
        )
    found = open_scores(predictions, expected, output=output, names=names)
    path = out_dir / name
    _remove_results(path, [predictions, labels, *filter(None, (subset, names))], force=force)
    with progress_bar("scoring", len(expected)) as progress, errors_name(labels):
        result = compare(
            found,
            by_image,
            ties=ties,
            metrics=metrics,
            background=background,
            workers=workers,
            progress=progress,
        )
    if result.topn.background:
        tell(
            f"{result.classes} classes: class 0 is the background, and label 0 is class 1; "
            "--no-background takes labels as they are"
        )
    _deliver(result, path, as_json=as_json, worst=worst)


def _incomplete(path: Path) -> Path:
    return path.with_name(f"{path.stem}.incomplete{path.suffix}")


def _remove_results(path: Path, inputs: Sequence[Path], *, force: bool) -> None:
    # What an earlier run left must not pass for the result of this one, should it be cut short.
    from regcore.files.atomic import remove_abandoned
    from regcore.files.output_guard import Output, check_outputs
    from regcore.formats.guide_result import is_result_text

    outputs = [Output(older, is_result_text) for older in (path, _incomplete(path))]
    check_outputs(outputs, inputs, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    for older in (path, _incomplete(path)):
        older.unlink(missing_ok=True)


def _deliver(score: Score, path: Path, *, as_json: bool, worst: int) -> None:
    from regcore.formats.guide_result import write_guide_result
    from regcore.reports.score import completeness, incompleteness, to_dict, to_table

    if not score.complete:
        path = _incomplete(path)
    write_guide_result(path, score.topn, None if score.complete else incompleteness(score))
    _name_all(score)
    if as_json:
        answer({**to_dict(score, worst), "result": str(path)})
    else:
        show(completeness(score), to_table(score))
    if not score.complete:
        tell(f"{completeness(score)}, see {path}")
        raise click.exceptions.Exit(INCOMPLETE)
    tell(f"wrote {path}")


def _name_all(score: Score) -> None:
    """Names what was left out and what is wrong."""

    def each(what: str, names: Iterable[object]) -> None:
        tell_all((f"{name}: {what}" for name in names), _NAMED)

    each("left out, no prediction by its name", score.stray)
    if score.longer:
        tell(f"{len(score.longer)} files go on after their first line, which alone counts")
    if score.topn.tied:
        tell(f"{score.topn.tied} images have equal scores that matter; --ties {score.topn.ties}")
    if score.topn.nan:
        tell(f"{score.topn.nan} images have scores that are NaN, which is never a hit")
    tell_all(map(str, score.errors), _NAMED)
    each("no scores of this image", score.missing)
    each("no label for these scores", score.surplus)
