"""regcore certify: a verdict on a port from as few images as it takes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import INCOMPLETE, NOT_MET, log, print_json, print_text
from regcore.cli.device_options import device_options
from regcore.cli.options import (
    FileLike,
    FiniteFloat,
    Photos,
    labels_option,
    list_option,
    photos_help,
    preprocess_options,
    verify_option,
)
from regcore.cli.progress import progress_bar
from regcore.cli.termination import interrupted_code

if TYPE_CHECKING:
    from regcore.api.certify import CertifiedPort


@click.command()
@click.argument("model", required=False, type=FileLike())
@click.argument("images", required=False, type=Photos())
@click.option(
    "--reference",
    metavar="RUN|MODEL",
    type=FileLike(),
    help="What counts as right: the folder of a run on the same images, its predictions.csv, or a "
    "model, which is run beside MODEL.",
)
@click.option(
    "--evidence",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where every decision is written. If it holds the same question, that test goes on.",
)
@click.option(
    "--check",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="EVIDENCE",
    help="Check each line of an evidence file, and compute its verdict again; nothing is run.",
)
@click.option(
    "--margin",
    default="0.5pt",
    show_default=True,
    metavar="0.5pt|0.5%",
    help="The drop that passes: percentage points (0.5, too), or a part of the reference's "
    "accuracy.",
)
@click.option(
    "--alpha",
    type=FiniteFloat(min=1e-5, max=0.5),
    default=0.05,
    show_default=True,
    help="The probability of a wrong verdict that is accepted.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=(1 << 53) - 1),
    help="Of the order in which images are drawn.  [default: one that follows from the models and "
    "the images]",
)
@click.option(
    "--canaries",
    type=click.IntRange(min=0),
    default=64,
    show_default=True,
    help="So many images of which the reference was least sure are run first, for an alarm.",
)
@click.option(
    "--reference-output",
    metavar="NAME",
    help="The output with the scores of a reference that is a model, where it has several.",
)
@labels_option
@list_option
@click.option(
    "--subset",
    is_flag=True,
    help="It is intended that labels lack their images, or images their labels: only what has both "
    "is drawn.",
)
@click.option(
    "--background/--no-background",
    default=None,
    help="Whether class 0 is the background, and label 0 is class 1.  [default: with 1001 classes]",
)
@verify_option
@device_options
@preprocess_options
@photos_help
def certify(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Judge MODEL by a reference, image by image, and stop as soon as the verdict is certain.

    The images are drawn in an order that a seed fixes before the first score. PASS (exit code 0):
    the drop of the accuracy over all IMAGES is at most --margin. FAIL (1): it is larger. Either is
    said only when it is wrong with a probability of at most --alpha, at whatever image that is, and
    after all images it is certain. UNDECIDED (3): there is no verdict before that, so that a test
    that is interrupted has none; the same command goes on with it. MODEL may also be the folder of
    a run, without IMAGES. The evidence is a chain of hashes: a changed line shows with --check,
    and the exit code is then 5.

    \b
    Examples:
      regcore certify regnety_016_bs16.om imagenet/val --reference onnx_result --evidence om.jsonl
      regcore certify int8.onnx imagenet/val --reference fp32.onnx --margin 0.3 --evidence e.jsonl
      regcore certify om_result --reference onnx_result --evidence om.jsonl
      regcore certify --check om.jsonl
    """  # noqa: D301
    certified = _certified(options)
    found = certified.to_dict()
    if as_json:
        print_json(found)
    else:
        from regcore.reports.certify import headline, to_table

        print_text(headline(found), to_table(found))
    if certified.interrupted:
        log("no verdict can be had by stopping a test; the same command goes on with it")
        raise click.exceptions.Exit(interrupted_code())
    code = {"PASS": 0, "FAIL": NOT_MET}.get(certified.outcome.value, INCOMPLETE)
    if code:
        raise click.exceptions.Exit(code)


def _certified(options: dict[str, Any]) -> CertifiedPort:
    from regcore.api.certify import certify_model, certify_runs, check_evidence
    from regcore.api.certify_subjects import is_recorded

    model, images = options.pop("model"), options.pop("images")
    check = options.pop("check")
    if check is not None:
        if model is not None or options["reference"] is not None:
            raise click.UsageError("--check EVIDENCE needs no model and no reference")
        return check_evidence(check)
    if model is None:
        raise click.UsageError("Missing argument 'MODEL'.")
    for name in ("reference", "evidence"):
        if options[name] is None:
            raise click.UsageError(f"Missing option '--{name}'.")
    if images is None:
        if not is_recorded(model):
            raise click.UsageError("Missing argument 'IMAGES'; only a run needs none.")
        kept = ("reference", "evidence", "margin", "alpha", "seed", "canaries")
        return certify_runs(model, **{name: options[name] for name in kept}, log=log)
    return certify_model(
        model, images, **options, log=log, progress=partial(progress_bar, "certifying")
    )
