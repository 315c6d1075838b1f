"""regcore info: the dataset file of Ascend's benchmark tool."""

from __future__ import annotations

from pathlib import Path

import click

from regcore.cli.console import log
from regcore.cli.options import StoreFolder
from regcore.counted import counted
from regcore.errors import UsageError


@click.command()
@click.argument("kind", type=click.Choice(["bin", "jpg"]))
@click.argument("folder", metavar="DIR", type=StoreFolder(exists=True))
@click.argument("out", metavar="OUT.info", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("width", required=False, type=click.IntRange(min=1))
@click.argument("height", required=False, type=click.IntRange(min=1))
@click.option("--force", is_flag=True, help="Replace OUT.info also if it is no info file.")
def info(
    *, kind: str, folder: str, out: Path, width: int | None, height: int | None, force: bool
) -> None:
    """List the images in DIR for the benchmark tool, as the guide's get_info.py does.

    Each line is INDEX PATH WIDTH HEIGHT, in natural order (2 before 10). For bin, WIDTH and HEIGHT
    are given; for jpg, they are read from each file.

    \b
    Examples:
      regcore info bin ./prep_dataset ./prep_bin.info 224 224
      regcore info jpg ./imagenet/val ./val.info
    """  # noqa: D301
    from regcore.files.temporary_file import remove_abandoned
    from regcore.formats.info_file import check_target, write_info
    from regcore.sources.protocol import is_url
    from regcore.store.info import bin_info, jpg_info, left_out_of_jpg

    if is_url(folder):
        raise UsageError(f"{folder}: is a URL; the tool that reads OUT.info opens files of a disk")
    check_target(out, folder, force=force)
    if kind == "bin":
        if width is None or height is None:
            raise UsageError("info bin needs WIDTH and HEIGHT, as in: 224 224")
        lines = bin_info(folder, width, height)
    elif width is not None:
        raise UsageError("info jpg reads width and height from the files")
    else:
        lines = jpg_info(folder)
        if (left := left_out_of_jpg(folder)).count:
            files = counted(left.count, "file that is", "files that are")
            log(f"{folder}: left out: {files} no .jpg or .jpeg ({left})")
    remove_abandoned(out.parent)
    click.echo(f"{counted(write_info(out, lines), 'image')} in {out}")
