"""regcore verify: stored images against their sources."""

from __future__ import annotations

import re
from pathlib import Path

import click

from regcore.cli.console import INCOMPLETE, MISMATCH, answer, name_failures, progress_bar, tell_all

_PERCENT = 100


def share(text: str) -> float:
    """The type of options such as 1% or 0.01: a share above 0 and up to 1."""
    given = re.fullmatch(r"([0-9]*\.?[0-9]+)(%?)", text.strip())
    value = float(given[1]) / (_PERCENT if given[2] else 1) if given else 0.0
    if not 0 < value <= 1:
        raise click.BadParameter(f"{text!r} is not a share such as 1% or 0.01")
    return value


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.option("--sample", type=share, metavar="SHARE", default="100%", help="As in 1%.")
@click.option("--workers", type=click.IntRange(min=1), help="Preprocessing threads.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(*, folder: str, sample: float, workers: int | None, as_json: bool) -> None:
    """Make the images of the store in DIR again from their sources, and compare every byte.

    Each image that differs is named, and the exit code is 5; 3 where a source has changed or
    cannot be read any more.

    \b
    Example:
      regcore verify prep_dataset --sample 1%
    """  # noqa: D301
    from regcore.preprocess import Preprocessor
    from regcore.schemas import json_form
    from regcore.store.reader import open_store
    from regcore.store.verify import verify_store

    store = open_store(Path(folder))
    preprocessor = Preprocessor(store.recipe, workers=workers)
    with progress_bar("verifying", max(1, round(len(store) * sample))) as progress:
        found = verify_store(store, preprocessor, sample=sample, progress=progress)
    tell_all(f"{path}: stored values differ from those of its source" for path in found.differing)
    tell_all(f"{path}: the source has changed since" for path in found.changed)
    name_failures(found.errors)
    if as_json:
        answer(
            {
                "format": json_form("verify"),
                "store": folder,
                "images": len(store),
                "compared": found.compared,
                "differing": list(found.differing),
                "changed": list(found.changed),
                "failed": [{"path": e.path, "detail": e.detail} for e in found.errors],
                "recipe": store.recipe.identity,
            }
        )
    else:
        click.echo(
            f"{found.compared} of {len(store)} images compared: {len(found.differing)} differ"
        )
    if found.differing:
        raise click.exceptions.Exit(MISMATCH)
    if found.changed or found.errors:
        raise click.exceptions.Exit(INCOMPLETE)
