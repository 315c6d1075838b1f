"""regcore verify: stored images against their sources, or against their own checksums."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import (
    INCOMPLETE,
    INTERRUPTED,
    MISMATCH,
    answer,
    name_failures,
    progress_bar,
    tell,
    tell_all,
)

if TYPE_CHECKING:
    from regcore.errors import DecodeError
    from regcore.store.reader import Store
    from regcore.store.verify import Verification

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
@click.option(
    "--ledger",
    is_flag=True,
    help="Compare with the store's own checksums instead, as after copying it: no sources needed.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Preprocessing threads.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(*, folder: str, sample: float, ledger: bool, workers: int | None, as_json: bool) -> None:
    """Make the images of the store in DIR again from their sources, and compare every byte.

    Each image that differs is named, and the exit code is 5; 3 where a source is gone, has changed
    or cannot be read any more, and where there was nothing to compare. A source of which only the
    time has changed is compared as any other.

    \b
    Examples:
      regcore verify prep_dataset --sample 1%
      regcore verify --ledger copy_of_prep_dataset
    """  # noqa: D301
    from regcore.host import default_workers
    from regcore.images.preprocessor import Preprocessor
    from regcore.store.reader import open_store
    from regcore.store.verify import verify_ledger, verify_store

    store = open_store(Path(folder))
    seen = (0, 0)
    try:
        with progress_bar("verifying", max(1, round(len(store) * sample))) as bar:

            def progress(done: int, bad: int) -> None:
                nonlocal seen
                seen = done, bad
                bar(done, bad)

            if ledger:
                count = workers or default_workers()
                found = verify_ledger(store, workers=count, sample=sample, progress=progress)
            else:
                preprocessor = Preprocessor(store.recipe, workers=workers)
                found = verify_store(store, preprocessor, sample=sample, progress=progress)
    except KeyboardInterrupt:
        tell(f"interrupted: {seen[0]} of {len(store)} images were looked at, {seen[1]} of them bad")
        raise click.exceptions.Exit(INTERRUPTED) from None
    failed = [error for error in found.errors if _path_below(store, error) not in set(found.gone)]
    _tell(store, found, failed, ledger=ledger)
    if as_json:
        answer(_result(folder, store, found, failed, ledger=ledger))
    else:
        click.echo(
            f"{found.compared} of {len(store)} images compared: {len(found.differing)} differ"
        )
    if found.differing:
        raise click.exceptions.Exit(MISMATCH)
    if found.changed or found.errors or found.unreadable or not found.compared:
        raise click.exceptions.Exit(INCOMPLETE)


def _path_below(store: Store, error: DecodeError) -> str:
    return error.path.removeprefix(f"{store.source}/")


def _tell(
    store: Store, found: Verification, failed: Sequence[DecodeError], *, ledger: bool
) -> None:
    recipe = ", ".join(f"{name} {value}" for name, value in store.recipe.to_dict().items())
    tell(f"{store.folder}: by the recipe {store.recipe.identity}: {recipe}")
    what = "its checksum" if ledger else "those of its source"
    tell_all(f"{path}: stored values differ from {what}" for path in found.differing)
    tell_all(f"{path}: the source has changed since" for path in found.changed)
    tell_all(f"{path}: the source is gone" for path in found.gone)
    name_failures(failed)
    name_failures(found.unreadable)
    if found.gone and not found.compared:
        tell("no source is there; --ledger compares a store with its own checksums")
    if store.failed:
        tell(f"{len(store.failed)} of {len(store.listed)} listed images have no values there")
    if not found.compared:
        tell(f"{store.folder}: NOTHING was compared, so that nothing is known of this store")


def _result(
    folder: str, store: Store, found: Verification, failed: Sequence[DecodeError], *, ledger: bool
) -> dict[str, Any]:
    from regcore.schemas import json_form

    return {
        "format": json_form("verify"),
        "store": folder,
        "against": "ledger" if ledger else "sources",
        "images": len(store),
        "without_values": len(store.failed),
        "compared": found.compared,
        "differing": list(found.differing),
        "changed": list(found.changed),
        "gone": list(found.gone),
        "failed": [{"path": e.path, "detail": e.detail} for e in (*failed, *found.unreadable)],
        "recipe": store.recipe.identity,
    }
