"""Options of commands that read scores which a tool has written."""

from __future__ import annotations

from pathlib import Path

import click

from regcore._native.choices import MAX_WORKERS

output_option = click.option(
    "--output",
    type=click.IntRange(min=0),
    help="Take the files NAME_K with this K, of a model with several outputs.",
)

names_option = click.option(
    "--names",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The names of a packed file's rows.  [default: PREDICTIONS, ending in .names.txt]",
)

background_option = click.option(
    "--background/--no-background",
    default=None,
    help="Whether class 0 is none of the labels', and label 0 is class 1.  [default: as in the "
    "guide, where there are 1001 classes]",
)

workers_option = click.option(
    "--workers", type=click.IntRange(1, MAX_WORKERS), help="Threads.  [default: one for each CPU]"
)
