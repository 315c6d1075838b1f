"""regcore preprocess: images to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import INCOMPLETE, answer, name_failures, progress_bar
from regcore.cli.options import byte_size, chosen_recipe, preprocess_options
from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.preprocess import Preprocessor
    from regcore.recipe import Recipe
    from regcore.store.manifest import Form
    from regcore.store.write import StoreSummary


@click.command()
@click.argument("src", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
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
@click.option(
    "--list",
    "list_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Only the images named in this file, in its order: a path below SRC on each line, "
    "or NUL-separated.",
)
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
@preprocess_options
def preprocess(
    *,
    src: Path,
    out: Path,
    batch_size: int | None,
    pad: bool,
    pack_bytes: int,
    keep_folders: bool,
    list_file: Path | None,
    limit: int | None,
    on_error: str,
    max_bad: int | None,
    force: bool,
    dry_run: bool,
    for_model: Path | None,
    recipe_name: str | None,
    dtype: str | None,
    layout: str | None,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Preprocess every image in SRC (a folder or a file) into files in OUT.

    photo.JPEG becomes photo.bin: the bare array, without a header, ready for a device. The name
    is cut at its first dot. With --pack the arrays lie side by side in few large files instead.
    manifest.json says by which recipe they were made, images.jsonl where each one is, with its
    checksum and its source.

    The same command again continues an interrupted run: what is there is verified and kept, and
    images that changed or failed are made again. An image that cannot be read is named on stderr,
    the others are written, and the exit code is 3.

    \b
    Examples:
      regcore preprocess imagenet/val prep_dataset --workers 32
      regcore preprocess imagenet/val packs --pack 64 --dtype uint8 --layout nhwc
    """  # noqa: D301
    from regcore import findings
    from regcore.model_metadata import read_metadata
    from regcore.preprocess import Preprocessor
    from regcore.store.write import write_store

    if out.resolve() == src.resolve():
        raise UsageError(f"{out}: OUT is SRC; the results need a folder of their own")
    own = read_metadata(for_model) if for_model else None
    recipe_name, recipe = chosen_recipe(recipe_name, dtype, layout, own)
    if batch_size is None and pad:
        raise UsageError("--pad needs --pack: single images have no batch")
    if batch_size is not None and keep_folders:
        raise UsageError("--keep-folders is for single files, not for --pack")
    form = _form(recipe, batch_size, pad=pad, pack_bytes=pack_bytes, keep_folders=keep_folders)
    preprocessor = Preprocessor(recipe, **settings)
    source, names = _listed(src, list_file, limit)
    if dry_run:
        _announce(preprocessor, source, names, out, form, as_json=as_json)
        return
    with progress_bar("preprocessing", len(names)) as progress:
        summary = write_store(
            preprocessor,
            source,
            names,
            out,
            form,
            max_bad=0 if on_error == "fail" else max_bad,
            force=force,
            progress=progress,
        )
    name_failures(summary.errors)
    result = _result(summary, preprocessor.recipe, out) | {
        "recipe": f"{recipe_name} ({recipe.identity})",
        "workers": preprocessor.workers,
    }
    if as_json:
        answer(result)
    else:
        click.echo(_sentence(summary, recipe, out))
        for name, what in findings.summary(summary.findings).items():
            click.echo(f"{name}: {what}")
    if summary.errors:
        raise click.exceptions.Exit(INCOMPLETE)


def _form(
    recipe: Recipe, batch_size: int | None, *, pad: bool, pack_bytes: int, keep_folders: bool
) -> Form:
    from regcore.store.manifest import Form
    from regcore.store.plan import pack_form

    if batch_size is None:
        return Form(keep_folders=keep_folders)
    return pack_form(recipe, batch_size, padded=pad, pack_bytes=pack_bytes)


def _listed(src: Path, list_file: Path | None, limit: int | None) -> tuple[Path, list[str]]:
    from regcore.dataset import image_names, read_image_list

    if list_file is None:
        source, names = image_names(src)
    else:
        source, names = src, read_image_list(list_file, src)
    return source, names[:limit]


def _announce(
    preprocessor: Preprocessor,
    source: Path,
    names: list[str],
    out: Path,
    form: Form,
    *,
    as_json: bool,
) -> None:
    import numpy as np

    from regcore.schemas import json_form
    from regcore.store.write import arrange, check_space

    images = arrange(preprocessor, source, names, out, form)
    needed = images.bytes_to_write(np.zeros(len(names), bool))
    there = sum((out / file).stat().st_size for file in images.files if (out / file).exists())
    check_space(out, needed - there)
    files = len(images.files)
    if as_json:
        answer(
            {
                "format": json_form("plan"),
                "images": len(names),
                "files": files,
                "bytes": needed,
                "bytes_there": there,
            }
        )
        return
    click.echo(
        f"{len(names)} images would fill {needed / 2**20:.1f} MiB in {out}, files: {files}"
        + (f"; {there / 2**20:.1f} MiB of them are there and would be verified" if there else "")
    )


def _result(summary: StoreSummary, recipe: Recipe, out: Path) -> dict[str, Any]:
    from regcore import findings
    from regcore.schemas import json_form

    images = summary.kept + summary.written
    return {
        "format": json_form("preprocess"),
        "complete": not summary.errors,
        "images": images,
        "expected_images": images + len(summary.errors),
        "kept": summary.kept,
        "written": summary.written,
        "failed": [{"path": str(e.path), "detail": e.detail} for e in summary.errors],
        **findings.to_dict(summary.findings),
        "out": str(out),
        "dtype": recipe.dtype,
        "shape": list(recipe.image_shape),
        "bytes_written": summary.written * recipe.image_bytes,
        "seconds": round(summary.seconds, 4),
        "verify_seconds": round(summary.verify_seconds, 4),
        "stage_seconds": {
            stage: round(seconds, 4) for stage, seconds in summary.stage_seconds.items()
        },
        "images_per_s": round(summary.images_per_s, 2),
    }


def _sentence(summary: StoreSummary, recipe: Recipe, out: Path) -> str:
    images = summary.kept + summary.written
    count = str(images)
    if summary.errors:
        count = f"INCOMPLETE: {images} of {images + len(summary.errors)}"
    shape = " x ".join(map(str, recipe.image_shape))
    parts = [f"{count} images in {out} as {recipe.dtype} {shape}"]
    if summary.kept:
        parts.append(f"{summary.kept} kept and verified in {summary.verify_seconds:.2f} s")
    if summary.written:
        rate = summary.written * recipe.image_bytes / summary.seconds / 1e6
        parts.append(
            f"{summary.written} written in {summary.seconds:.2f} s: "
            f"{summary.images_per_s:.1f} images/s, {rate:.0f} MB/s"
        )
    total = sum(summary.stage_seconds.values())
    if summary.written and total:
        shares = ", ".join(f"{s} {t / total:.0%}" for s, t in summary.stage_seconds.items())
        parts.append(f"the workers' time: {shares}")
    return "; ".join(parts)
