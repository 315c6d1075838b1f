"""regcore infer: a model's scores of images, as the benchmark tool leaves them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore.cli.console import INCOMPLETE, log, print_json, print_text
from regcore.cli.device_options import device_options, trace_option
from regcore.cli.options import (
    FileLike,
    list_option,
    photos_help,
    preprocess_options,
    verify_option,
)
from regcore.cli.progress import progress_bar
from regcore.cli.termination import interrupted_code
from regcore.errors import UsageError

_IMAGES_AND_OUT = 2


@click.command()
@click.argument("model", type=FileLike())
@click.argument("paths", metavar="[IMAGES] OUT", nargs=-1, required=True, type=FileLike())
@list_option
@click.option(
    "--output-binary", is_flag=True, help="Write raw float32 (NAME_1.bin) instead of text."
)
@click.option(
    "--random", "noise", is_flag=True, help="No images: the same noise in every batch, no outputs."
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 1_000_000),
    help="With --random: the number of batches.  [default: 20]",
)
@click.option(
    "--force",
    is_flag=True,
    help="Delete what an earlier run left in OUT, and replace files that regcore did not write.",
)
@verify_option
@device_options
@trace_option
@preprocess_options
@photos_help
def infer(
    *,
    model: str,
    paths: tuple[str, ...],
    noise: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Run MODEL on IMAGES, and write the scores of each to OUT/dumpOutput_device0/NAME_1.txt.

    This is the benchmark tool's job, with its outputs: the guide's scripts, and 'regcore score',
    read them. IMAGES are photos, which are preprocessed on the way, a store that 'regcore
    preprocess' has made, or an info file (.info, .txt) that lists .bin files. MODEL is as for
    'regcore run'. Rates go to OUT/perf_vision_batchsize_N_device_M.txt and OUT/perf.json.

    The same command again continues an interrupted run, and runs images anew whose size or time of
    change is another since. One process at a time works in OUT. An image that cannot be read is
    named on stderr, the others have their scores written, and the exit code is 3.

    \b
    Examples:
      regcore infer regnety_016.onnx imagenet/val result
      regcore infer regnety_016.om prep_bin.info result --output-binary --batch-size 16
      regcore infer regnety_016.om --random --rounds 100 result
    """  # noqa: D301
    from regcore.api.infer import infer_images
    from regcore.reports.inference import counts, interruption, to_table

    images, out = _images_and_out(paths, noise=noise)
    inferred = infer_images(
        model, images, out, **options, log=log, progress=partial(progress_bar, "inferring")
    )
    inference = inferred.inference
    if as_json:
        print_json(inferred.to_dict())
    else:
        print_text(to_table(inference, inferred.perf, inferred.about))
    if inference.not_reached:
        log(interruption(inference))
        raise click.exceptions.Exit(interrupted_code())
    if not inference.complete:
        log(f"INCOMPLETE: {counts(inference)}")
        raise click.exceptions.Exit(INCOMPLETE)


def _images_and_out(paths: tuple[str, ...], *, noise: bool) -> tuple[str | None, Path]:
    from regcore.sources.spelling import is_spelled

    if len(paths) != (1 if noise else _IMAGES_AND_OUT):
        wanted = "MODEL OUT with --random" if noise else "MODEL IMAGES OUT"
        what = "too many arguments" if len(paths) > _IMAGES_AND_OUT else "too few arguments"
        raise UsageError(f"{what}: it is regcore infer {wanted}; 'regcore infer --help' shows more")
    images, out = (None, paths[0]) if noise else paths
    if images is not None and not is_spelled(images) and not Path(images).exists():
        raise UsageError(f"{images}: no such file or folder")
    return images, Path(out)
