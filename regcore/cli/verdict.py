"""regcore verdict: whether a port is as accurate as it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import INCOMPLETE, answer, show, tell
from regcore.errors import DatasetError, UsageError
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

    from regcore.evaluation.baseline_verdict import AgainstBaseline, Measured
    from regcore.evaluation.paired_verdict import AgainstRun
    from regcore.evaluation.run_folder import Run
    from regcore.evaluation.verdict import Margin

NOT_MET = 1
_NAMED = 10


@click.command()
@click.argument("result", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--baseline",
    metavar="TAG",
    help="A model of timm, whose published Top1 counts: regnety_016.pycls_in1k.",
)
@click.option(
    "--table",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Where to look for TAG: a CSV file in the form of timm's results.  [default: built in]",
)
@click.option(
    "--baseline-top1",
    metavar="PERCENT",
    help="The accuracy to be reached, in place of a published one: 77.862, or 77.862%.",
)
@click.option(
    "--assume-tag",
    is_flag=True,
    help="RESULT's model does not say which weights it has: vouch for those of --baseline.",
)
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="RUN",
    help="Another run on the same images, the one that counts as right.",
)
@click.option(
    "--max-drop",
    required=True,
    metavar="1.0pt|1.0%",
    help="The drop that is allowed: percentage points (1.0, too), or a part of the baseline.",
)
@click.option(
    "--scores",
    nargs=2,
    type=click.Path(exists=True, path_type=Path),
    metavar="NOW BEFORE",
    help="Also compare all scores of two runs, as 'regcore infer' and other tools write them.",
)
@click.option("--force", is_flag=True, help="Replace a verdict.json that is none of regcore's.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def verdict(
    *,
    result: Path,
    baseline: str | None,
    table: Path | None,
    baseline_top1: str | None,
    assume_tag: bool,
    against: Path | None,
    max_drop: str,
    scores: tuple[Path, Path] | None,
    force: bool,
    as_json: bool,
) -> None:
    """Judge the accuracy of RESULT, a folder that 'regcore run' has written.

    Or a result.json of the guide's script, for --baseline-top1. PASS (exit code 0): even the lower
    end of the accuracy's 95 % interval is within the allowed drop. FAIL (1): even the upper end is
    not. UNDECIDED (3): there are too few images to tell, or the run is incomplete. With --against
    the images are compared one by one. The verdict goes to verdict.json in the folder, too.

    \b
    Examples:
      regcore verdict result --baseline regnety_016.pycls_in1k --max-drop 1.0pt
      regcore verdict om_result --against onnx_result --max-drop 0.1pt
    """  # noqa: D301
    from regcore.evaluation.run_folder import VERDICT, read_run
    from regcore.evaluation.verdict import Margin, Outcome, parse_accuracy
    from regcore.files.atomic import remove_abandoned, write_text
    from regcore.files.output_guard import Output, check_outputs, json_of
    from regcore.reports.verdict import to_dict

    margin = Margin.parse(max_drop)
    top1 = None if baseline_top1 is None else parse_accuracy(baseline_top1)
    _check_question(baseline, top1, table, against, assume_tag=assume_tag)
    run = read_run(result) if result.is_dir() else None
    if run is None and (baseline is not None or against is not None):
        raise UsageError(
            f"{result}: a result.json does not say how its images were made, nor what became of "
            "each; give the folder of 'regcore run', or judge it by --baseline-top1"
        )
    if run is not None:
        inputs = [path for path in (table, *(scores or ())) if path is not None]
        check_outputs([Output(run.folder / VERDICT, json_of("verdict"))], inputs, force=force)
    measured = _measured(run) if run is not None else _guide_result(result)
    to_reach = top1 if baseline is None else baseline
    by_baseline = _by_baseline(measured, run, margin, to_reach, table, assume_tag=assume_tag)
    by_run = _by_run(run, against, margin) if run is not None and against is not None else None
    found = to_dict(margin, by_baseline, by_run, complete=measured.complete)
    if scores is not None:
        found["scores"] = _scores(run, *scores)
    if run is not None:
        found.update({} if run.content.run is None else {"run": run.content.run})
        remove_abandoned(run.folder)
        write_text(run.folder / VERDICT, json.dumps(found, indent=2) + "\n")
    _print(found, as_json=as_json)
    if found["outcome"] == Outcome.FAIL.value:
        raise click.exceptions.Exit(NOT_MET)
    if found["outcome"] == Outcome.UNDECIDED.value:
        raise click.exceptions.Exit(INCOMPLETE)


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        answer(found)
    else:
        whole = "" if found["complete"] else ", for a run is INCOMPLETE"
        show(f"{found['outcome']}{whole}", _table(found))
    if not found["complete"]:
        tell("incomplete: an accuracy over a part of the images decides nothing")


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
) -> AgainstBaseline | None:
    from regcore.evaluation.baseline import check_baseline
    from regcore.evaluation.baseline_verdict import against_baseline
    from regcore.formats.timm_results import find_baseline

    if baseline is None:
        return None
    if not isinstance(baseline, str):
        return against_baseline(measured, baseline, margin)
    row = find_baseline(baseline, table, size=None if run is None else run.recipe.crop)
    notes: tuple[str, ...] = ()
    if run is not None:
        words = check_baseline(row, run.name, run.recipe, assume_tag=assume_tag)
        notes = (words,) if words else ()
    if row.images is not None and measured.images < row.images:
        tell(
            f"{measured.images} images, the baseline is of {row.images}: the interval holds if "
            "they are a random part of those"
        )
    return against_baseline(measured, row, margin, notes=notes)


def _by_run(run: Run, against: Path, margin: Margin) -> AgainstRun:
    from regcore.evaluation.paired_verdict import against_run
    from regcore.evaluation.run_folder import read_run

    other = read_run(against)
    if other.recipe.identity != run.recipe.identity:
        tell(
            f"the runs' images were made by different recipes, {run.recipe.identity} and "
            f"{other.recipe.identity}: what differs may come from there"
        )
    if not other.complete:
        tell(f"{against}: incomplete: {other.images} images were evaluated")
    complete = run.complete and other.complete
    return against_run(run.predictions(), other.predictions(), margin, complete=complete)


def _scores(run: Run | None, now: Path, before: Path) -> dict[str, Any]:
    from dataclasses import asdict

    from regcore.evaluation.score_differences import compare_scores
    from regcore.evaluation.score_files.source import open_scores
    from regcore.images.labels import stem

    if run is None:
        raise UsageError("--scores needs a folder that 'regcore run' has written, for its images")
    expected = tuple(stem(image) for image in run.predictions().images)
    return asdict(compare_scores(open_scores(now, expected), open_scores(before, expected)))


def _measured(run: Run) -> Measured:
    from regcore.evaluation.baseline_verdict import Measured

    return Measured(run.images, run.hits, run.complete)


def _guide_result(path: Path) -> Measured:
    """Of the guide's result.json, whose Top1 is rounded to two places."""
    from regcore.evaluation.baseline_verdict import Measured
    from regcore.formats.guide_result import read_guide_result

    result = read_guide_result(path)
    if 1 not in result.percent:
        raise DatasetError(f"{path}: no image was evaluated")
    return Measured(result.images, result.hits(1), result.complete)


def _table(found: dict[str, Any]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if part := found["baseline"]:
        low, high = part["interval"]
        of = "" if found["complete"] else f" of {part['images']} images only"
        table.add_row(
            f"Top1{of}", f"{part['accuracy']:.3f} %, 95 % interval {low:.3f} to {high:.3f}"
        )
        table.add_row("baseline", f"{part['baseline']:.3f} % ({part['source']})")
        table.add_row("drop", f"{part['drop']:.3f} pt, allowed {part['margin']:.3f} pt")
        table.add_row(
            "can be told", f"a drop of {part['detectable']:.3f} pt, by {part['images']} images"
        )
        for note in part["notes"]:
            table.add_row("note", escape(note))
    if part := found["against"]:
        low, high = part["interval"]
        table.add_section()
        table.add_row("Top1", f"{part['before']:.3f} % before, {part['accuracy']:.3f} % now")
        table.add_row(
            "change", f"{part['change']:+.3f} pt, 95 % interval {low:+.3f} to {high:+.3f}"
        )
        table.add_row("allowed", f"{-part['margin']:+.3f} pt")
        table.add_row("equivalent", "yes, either way" if part["equivalent"] else "not shown")
        table.add_row("McNemar", f"p = {part['p']:.4g}")
        for note in part["notes"]:
            table.add_row("note", escape(note))
        for name, what in (
            ("lost", "right before, wrong now"),
            ("won", "wrong before, right now"),
            ("other", "wrong both times, but otherwise"),
        ):
            images = part[name]
            named = [str(len(images)), *(escape(printable(image)) for image in images[:_NAMED])]
            table.add_row(what, "\n".join([*named, "..."] if len(images) > _NAMED else named))
    if part := found.get("scores"):
        table.add_section()
        table.add_row("same answer", f"{part['same_answers']} of {part['images']} images")
        if part["not_finite"]:
            table.add_row(
                "NaN or infinite", f"{part['not_finite']} images, left out of what follows"
            )
        if part["most_different"]:
            largest, smallest = part["largest_difference"], part["smallest_cosine"]
            table.add_row("largest difference", f"{largest:.6g} ({part['most_different']})")
            table.add_row("smallest cosine", f"{smallest:.9f} ({part['least_parallel']})")
    return table
