"""regcore preprocess: images to files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import (
    INCOMPLETE,
    INTERRUPTED,
    answer,
    name_failures,
    progress_bar,
    tell,
)
from regcore.cli.listing import tell_listing
from regcore.cli.options import byte_size, chosen_recipe, preprocess_options
from regcore.errors import UsageError

if TYPE_CHECKING:
    from regcore.images.listing import Listing
    from regcore.images.recipe import Recipe
    from regcore.store.manifest import Form
    from regcore.store.writer import StorePlan, StoreSummary

#: What the guide's own script does; nothing else may be taken without being chosen.
_GUIDES_RECIPE = "regnety_016"


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
    from regcore.backends.registry import read_metadata
    from regcore.images import diagnostics
    from regcore.images.preprocessor import Preprocessor
    from regcore.store.progress import TooManyBadError
    from regcore.store.writer import plan_store, write_store

    own = read_metadata(for_model) if for_model else None
    is_chosen = own is not None or recipe_name is not None
    recipe_name = recipe_name if is_chosen else _GUIDES_RECIPE
    recipe_name, recipe = chosen_recipe(recipe_name, dtype, layout, own)
    if not is_chosen:
        _tell_default(recipe_name, recipe)
    form = _form(recipe, batch_size, pad=pad, pack_bytes=pack_bytes, keep_folders=keep_folders)
    preprocessor = Preprocessor(recipe, **settings)
    listed = _listed(src, list_file, limit)
    if out.resolve() in {src.resolve(), listed.root.resolve()}:
        raise UsageError(f"{out}: OUT is the folder of SRC; the results need one of their own")
    tell_listing(listed)
    allowed = 0 if on_error == "fail" else max_bad
    if allowed is not None and len(listed.broken) > allowed:
        raise TooManyBadError(listed.broken, allowed)
    if dry_run:
        plan = plan_store(preprocessor, listed.root, listed.names, out, form, force=force)
        _announce(plan, len(listed.names), out, as_json=as_json)
        return
    try:
        with progress_bar("preprocessing", len(listed.names)) as progress:
            summary = write_store(
                preprocessor,
                listed.root,
                listed.names,
                out,
                form,
                max_bad=None if allowed is None else allowed - len(listed.broken),
                force=force,
                progress=progress,
                recipe_chosen=is_chosen,
            )
    except KeyboardInterrupt as error:
        _tell_interrupted(error, len(listed.names), out)
        raise click.exceptions.Exit(INTERRUPTED) from None
    name_failures(summary.errors)
    summary = replace(summary, errors=(*listed.broken, *summary.errors))
    label = f"{recipe_name} ({recipe.identity})"
    if as_json:
        about = {"recipe": label, "workers": preprocessor.workers}
        answer(_result(summary, recipe, out) | about)
    else:
        click.echo(f"{_sentence(summary, recipe, out)}; recipe {label}")
        for name, what in diagnostics.summary(summary.findings).items():
            click.echo(f"{name}: {what}")
    if summary.errors:
        raise click.exceptions.Exit(INCOMPLETE)


def _tell_default(name: str, recipe: Recipe) -> None:
    tell(
        f"by the recipe {name} ({recipe.identity}), the guide's, as none was chosen: --recipe NAME "
        "or --for MODEL chooses one"
    )


def _tell_interrupted(error: KeyboardInterrupt, listed: int, out: Path) -> None:
    from regcore.store.interruption import StoreInterruptedError

    if not isinstance(error, StoreInterruptedError):
        tell(f"interrupted: nothing is written; what is in {out} stays, the same command goes on")
        return
    bad = f", {error.failed} bad" if error.failed else ""
    tell(
        f"interrupted: {error.kept + error.written} of {listed} images are in {out} "
        f"({error.kept} kept, {error.written} written{bad}); the same command goes on"
    )


def _form(
    recipe: Recipe, batch_size: int | None, *, pad: bool, pack_bytes: int, keep_folders: bool
) -> Form:
    from regcore.store.layout import pack_form
    from regcore.store.manifest import Form

    if batch_size is None and pad:
        raise UsageError("--pad needs --pack: single images have no batch")
    if batch_size is not None and keep_folders:
        raise UsageError("--keep-folders is for single files, not for --pack")
    if batch_size is None:
        return Form(keep_folders=keep_folders)
    return pack_form(recipe, batch_size, padded=pad, pack_bytes=pack_bytes)


def _listed(src: Path, list_file: Path | None, limit: int | None) -> Listing:
    from regcore.images.listing import Listing, listing, read_image_list

    if list_file is None:
        found = listing(src)
        return replace(found, names=found.names[:limit])
    return Listing(src, read_image_list(list_file, src)[:limit])


def _announce(plan: StorePlan, images: int, out: Path, *, as_json: bool) -> None:
    from regcore.schemas import json_form

    if as_json:
        answer(
            {
                "format": json_form("plan"),
                "images": images,
                "files": plan.files,
                "bytes": plan.needed,
                "bytes_there": plan.there,
            }
        )
        return
    there = f"; {plan.there / 2**20:.1f} MiB of them are there and would be verified"
    click.echo(
        f"{images} images would fill {plan.needed / 2**20:.1f} MiB in {out}, files: {plan.files}"
        + (there if plan.there else "")
    )


def _result(summary: StoreSummary, recipe: Recipe, out: Path) -> dict[str, Any]:
    from regcore.images import diagnostics
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
        **diagnostics.to_dict(summary.findings),
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
