"""What is wrong in a guide, as JSON and as a table."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from regcore.reports.guide_lint.lint import Lint
from regcore.reports.printable import printable
from regcore.schemas import json_form
from regcore.schemas.fields import Formatted, as_dict, described

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class _Checked(Formatted):
    guide: Annotated[str, described("The file.")]


@dataclass(frozen=True)
class LintForm(Lint, _Checked):
    """Figures of a guide that are not what its own logs give."""


def to_dict(guide: Path, result: Lint) -> dict[str, Any]:
    """The check of a guide for machines."""
    return as_dict(LintForm(json_form("lint"), os.fsdecode(guide), **vars(result)))


def to_table(result: Lint) -> Table:
    """The figures that are not what they say, as a rich table."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for column in ("figure", "written", "in line", "its source gives", "from"):
        table.add_column(column, overflow="fold")
    for mismatch in result.mismatches:
        texts = (mismatch.what, mismatch.written, str(mismatch.line), mismatch.found)
        table.add_row(*(escape(printable(text)) for text in (*texts, mismatch.source)))
    return table
