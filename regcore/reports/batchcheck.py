"""What a batch check has found, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from regcore.reports.printable import printable
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    BackendName,
    BatchSize,
    ModelName,
    ProviderName,
    as_dict,
    described,
)
from regcore.trust.batchcheck.findings import WORDS, CheckFound

if TYPE_CHECKING:
    from rich.table import Table

Outcome = Literal["PASS", "FAIL", "UNDECIDED"]


@dataclass(frozen=True)
class BatchCheckForm:
    """Whether an image has the same scores wherever it stands in a batch."""

    format: Format
    model: ModelName
    backend: BackendName
    provider: ProviderName
    batch_size: BatchSize
    images: Annotated[str, described("Where they are from; `noise` where none were given.")]
    max_difference: Annotated[
        Amount, described("The difference that is allowed, as a part of the largest score.")
    ]
    outcome: Annotated[
        Outcome, described("FAIL if any check fails; UNDECIDED where only repeats were compared.")
    ]
    checks: Annotated[list[CheckFound], described("In the order in which they ran.")]


def to_dict(
    about: Mapping[str, str],
    images: str,
    checks: Sequence[CheckFound],
    *,
    batch_size: int,
    limit: float,
    outcome: Outcome,
) -> dict[str, Any]:
    """As JSON. about: the model, backend and provider. limit: of relative differences."""
    form = BatchCheckForm(
        format=json_form("batchcheck"),
        model=about["model"],
        backend=about["backend"],
        provider=about["provider"],
        batch_size=batch_size,
        images=images,
        max_difference=limit,
        outcome=outcome,
        checks=list(checks),
    )
    return as_dict(form)


def to_table(checks: Sequence[CheckFound], limit: float) -> Table:
    """For people: a row for each check."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    table.add_column("scores of an image", no_wrap=True)
    table.add_column("", no_wrap=True)
    for name in ("compared", "equal", "largest", "flips", "NaN"):
        table.add_column(name, justify="right", no_wrap=True)
    for check in checks:
        passes = check.passes(limit)
        if passes is None:
            table.add_row(WORDS[check.name], "-", "0", "", "", "", "")
            continue
        numbers = [str(check.compared), str(check.equal), f"{check.largest:.3g}"]
        table.add_row(
            WORDS[check.name],
            "ok" if passes else "FAIL",
            *numbers,
            str(check.flips),
            str(check.not_finite),
        )
    return table


def places(checks: Sequence[CheckFound]) -> list[str]:
    """Where each check found the largest difference, or why it compared nothing."""
    texts = ((WORDS[check.name], check.worst or check.why_not) for check in checks)
    return [printable(f"{words}: {text}") for words, text in texts if text]
