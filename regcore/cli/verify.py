"""regcore verify: stored images against their sources, or against their own checksums."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import click

from regcore._native.choices import MAX_WORKERS
from regcore.cli.console import INCOMPLETE, MISMATCH, log, print_json
from regcore.cli.options import StoreFolder
from regcore.cli.progress import progress_bar
from regcore.counted import counted

_PERCENT = 100


def share(text: str) -> float:
    """The type of options such as 1% or 0.01: a share above 0 and up to 1."""
    given = re.fullmatch(r"([0-9]*\.?[0-9]+)(%?)", text.strip())
    value = float(given[1]) / (_PERCENT if given[2] else 1) if given else 0.0
    if not 0 < value <= 1:
        raise click.BadParameter(f"{text!r} is not a share such as 1% or 0.01")
    return value


@click.command()
@click.argument("folder", metavar="DIR", type=StoreFolder(exists=True))
@click.option("--sample", type=share, metavar="SHARE", default="100%", help="As in 1%.")
@click.option(
    "--ledger",
    is_flag=True,
    help="Compare with the store's own checksums instead, as after copying it: no sources needed.",
)
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), help="Preprocessing threads.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Make the images of the store in DIR again from their sources, and compare every byte.

    Each image that differs is named, and the exit code is 5; 3 where a source is gone, has changed
    or cannot be read any more, and where there was nothing to compare. A source of which only the
    time has changed is compared as any other. DIR may be the URL of a store.

    \b
    Examples:
      regcore verify prep_dataset --sample 1%
      regcore verify --ledger copy_of_prep_dataset
      regcore verify --ledger s3://bucket/prepared
    """  # noqa: D301
    from regcore.api.verify import verify_images

    verified = verify_images(**options, log=log, progress=partial(progress_bar, "verifying"))
    found = verified.verification
    if as_json:
        print_json(verified.to_dict())
    else:
        click.echo(
            f"{found.compared} of {counted(verified.images, 'image')} compared: "
            f"{counted(len(found.differing), 'differs', 'differ')}"
        )
    if found.differing:
        raise click.exceptions.Exit(MISMATCH)
    if not verified.complete:
        raise click.exceptions.Exit(INCOMPLETE)
