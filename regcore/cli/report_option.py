"""--report, of the commands whose findings the report of a run shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from regcore.cli.console import log

if TYPE_CHECKING:
    from regcore.api.report import Finding


def _folder_of_a_run(_: click.Context, __: click.Parameter, folder: Path | None) -> Path | None:
    if folder is not None and not (folder / "run.json").is_file():
        raise click.BadParameter(f"{folder} holds no run.json, which 'regcore run --out' writes")
    return folder


report_option = click.option(
    "--report",
    "report_in",
    metavar="RUN_DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    callback=_folder_of_a_run,
    help="Put what was found into the folder of a run, for 'regcore report RUN_DIR'.",
)


def put_into_report(folder: Path | None, found: Finding) -> None:
    """Does what the option says, where it is given. found: what the command's function returned."""
    if folder is None:
        return
    from regcore.api.report import add_to_report

    log(f"wrote {add_to_report(folder, found)}; 'regcore report {folder}' shows it")
