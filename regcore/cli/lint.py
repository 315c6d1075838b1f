"""regcore compare --lint: the check of a guide's table against the logs in its text."""

from __future__ import annotations

from pathlib import Path

import click

from regcore.api.messages import log_all
from regcore.cli.console import INCOMPLETE, MISMATCH, log, print_json, print_text
from regcore.counted import agreeing, counted

_MOST_NOTES = 40


def lint_guide(guide: Path, form: str, *, as_json: bool) -> None:
    """Prints which figures of a guide are not what its own logs say, see `regcore compare`."""
    from regcore.reports.comparison.rendering import to_text
    from regcore.reports.guide_lint.lint import lint
    from regcore.reports.guide_lint.rendering import to_dict, to_table

    result = lint(guide)
    if as_json:
        print_json(to_dict(guide, result))
    elif form != "table":
        if result.corrected:
            click.echo(to_text(result.corrected, form))
    elif result.mismatches:
        print_text(to_table(result))
    notes = (f"{guide}:{note.line}: {note.text}" for note in result.notes)
    log_all(log, notes, _MOST_NOTES)
    if not result.checked:
        log(f"{guide}: nothing in it could be compared with anything else in it")
        raise click.exceptions.Exit(INCOMPLETE)
    wrong, figures = len(result.mismatches), counted(result.checked, "figure")
    are = agreeing(wrong, "is not what it says", "are not what they say")
    log(f"{guide}: {wrong} of {figures} {are}")
    if result.mismatches:
        if form == "table" and not as_json and result.corrected:
            log("--format markdown prints the table as it should be")
        raise click.exceptions.Exit(MISMATCH)
