"""regcore preprocess: images to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from regcore.cli.console import INCOMPLETE, answer, name_failures, progress_bar
from regcore.cli.options import chosen_recipe, preprocess_options
from regcore.errors import UsageError


@click.command()
@click.argument("src", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@preprocess_options
def preprocess(
    *,
    src: Path,
    out: Path,
    recipe_name: str,
    dtype: str | None,
    layout: str | None,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Write one .bin file into OUT for every image in SRC (a folder or a file).

    photo.JPEG becomes photo.bin: the bare array, without a header, ready for a device. The name
    is cut at its first dot. An image that cannot be read is named on stderr, the others are
    written, and the exit code is 3.

    \b
    Example:
      regcore preprocess imagenet/val prep_dataset --workers 32
    """  # noqa: D301
    from regcore import findings
    from regcore.dataset import list_images
    from regcore.preprocess import Preprocessor

    recipe = chosen_recipe(recipe_name, dtype, layout)
    preprocessor = Preprocessor(recipe, **settings)
    paths = list_images(src)
    outputs = _output_files(paths, out)
    out.mkdir(parents=True, exist_ok=True)
    found: list[findings.Finding] = []
    start = perf_counter()
    with progress_bar("preprocessing", len(paths)) as progress:
        errors = preprocessor.to_files(paths, outputs, progress=progress, on_finding=found.append)
    seconds = perf_counter() - start

    written = len(paths) - len(errors)
    name_failures(errors)
    if as_json:
        answer(
            {
                "complete": not errors,
                "images": written,
                "expected_images": len(paths),
                "failed": [{"path": str(e.path), "detail": e.detail} for e in errors],
                **findings.to_dict(found),
                "out": str(out),
                "recipe": f"{recipe_name} ({recipe.identity})",
                "dtype": recipe.dtype,
                "shape": list(recipe.image_shape),
                "workers": preprocessor.workers,
                "seconds": round(seconds, 4),
                "images_per_s": round(written / seconds, 2),
            }
        )
    else:
        count = f"INCOMPLETE: {written} of {len(paths)}" if errors else str(written)
        shape = " x ".join(map(str, recipe.image_shape))
        click.echo(
            f"{count} images in {out} as {recipe.dtype} {shape}, "
            f"{written / seconds:.1f} images/s ({seconds:.2f} s)"
        )
        for name, what in findings.summary(found).items():
            click.echo(f"{name}: {what}")
    if errors:
        raise click.exceptions.Exit(INCOMPLETE)


def _output_files(paths: Sequence[Path], out: Path) -> list[Path]:
    from regcore.dataset import stem

    owners: dict[str, Path] = {}
    for path in paths:
        name = f"{stem(path)}.bin"
        if owners.setdefault(name, path) != path:
            raise UsageError(
                f"{owners[name]} and {path} would both become {name}: "
                "rename one of them, or preprocess them into two folders"
            )
    return [out / name for name in owners]
