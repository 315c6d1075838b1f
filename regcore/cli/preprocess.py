"""regcore preprocess: images to files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from regcore.cli.console import INCOMPLETE, log, print_json
from regcore.cli.options import (
    Photos,
    StoreFolder,
    byte_size,
    list_option,
    photos_help,
    preprocess_options_by,
    ray_option,
)
from regcore.cli.progress import progress_bar


@click.command()
@click.argument("src", type=Photos())
@click.argument("out", type=StoreFolder(exists=False))
@click.option(
    "--pack",
    "batch_size",
    metavar="N",
    type=click.IntRange(min=1),
    help="Few large files of whole batches of N images, instead of one file an image.",
)
@click.option("--pad", is_flag=True, help="Fill the last batch of every pack up with zeros.")
@click.option(
    "--pack-bytes",
    type=byte_size,
    metavar="SIZE",
    default="1GiB",
    show_default=True,
    help="Largest size of a pack.",
)
@click.option("--keep-folders", is_flag=True, help="OUT gets the folders of SRC.")
@list_option
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N images.")
@click.option(
    "--on-error",
    type=click.Choice(["report", "fail"]),
    default="report",
    show_default=True,
    help="At a bad image: go on and report it at the end, or stop.",
)
@click.option("--max-bad", type=click.IntRange(min=0), help="Stop at more bad images than this.")
@click.option("--force", is_flag=True, help="Delete what an earlier run left in OUT.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option(
    "--for",
    "for_model",
    metavar="MODEL",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Prepare images as this exported model wants them.",
)
@ray_option
@preprocess_options_by("that of --for MODEL; without it regnety_016, which is told")
@photos_help
def preprocess(
    *,
    dry_run: bool,
    as_json: bool,
    ray: str | None,
    **options: Any,  # noqa: ANN401
) -> None:
    """Preprocess every photo in SRC into files in OUT.

    photo.JPEG becomes photo.bin: the bare array, without a header, ready for a device. The name
    is cut at its first dot. With --pack the arrays lie side by side in few large files instead.
    manifest.json says by which recipe they were made, images.jsonl where each one is, with its
    checksum and its source.

    The same command again continues an interrupted run: what is there is verified and kept, and
    images that changed or failed are made again. An image that cannot be read is named on stderr,
    the others are written, and the exit code is 3.

    OUT may be a URL that fsspec opens for writing, such as s3://bucket/prepared: portions are made
    on a disk of this machine, in $TMPDIR, and put there. What is there with its size is kept.

    \b
    Examples:
      regcore preprocess imagenet/val prep_dataset --workers 32
      regcore preprocess imagenet/val packs --pack 64 --dtype uint8 --layout nhwc
      regcore preprocess 'imagenet-val-{000..063}.tar' prep_dataset --keep-folders
      regcore preprocess imagenet/val s3://bucket/prepared --pack 64
    """  # noqa: D301
    from regcore.api.preprocess import plan_images, preprocess_images
    from regcore.images.diagnostics import diagnostics_summary

    if dry_run:
        planned = plan_images(**options, log=log)
        if as_json:
            print_json(planned.to_dict())
        else:
            click.echo(planned.sentence())
        return
    how = {**options, "log": log, "progress": partial(progress_bar, "preprocessing")}
    if ray is None:
        made = preprocess_images(**how)
    else:
        from regcore.ray.cluster import connected
        from regcore.ray.store import ClusterMaker
        from regcore.ray.tasks import task_workers

        with connected(ray):
            how["workers"] = task_workers(options["workers"])
            made = preprocess_images(**how, make=ClusterMaker())
    if as_json:
        print_json(made.to_dict())
    else:
        click.echo(made.sentence())
        for name, what in diagnostics_summary(made.summary.diagnostics).items():
            click.echo(f"{name}: {what}")
    if not made.complete:
        raise click.exceptions.Exit(INCOMPLETE)
