"""A profile as tables and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regcore.performance.profile.bottleneck import share
from regcore.performance.profile.workload import Profile

if TYPE_CHECKING:
    from rich.table import Table


def stage_table(result: Profile) -> Table:
    """Each stage alone, and how busy it is in the whole, in images/s."""
    from rich import box
    from rich.table import Table

    found = result.ceilings
    perf = result.batches[0].perf
    busy = {stage.stage: stage.utilisation(perf.seconds) for stage in perf.stages}
    table = Table(
        title=f"each stage alone, batch {perf.batch_size}", title_justify="left", box=box.SIMPLE
    )
    table.add_column("stage")
    table.add_column("images/s", justify="right")
    table.add_column("busy in the whole", justify="right")
    table.add_row("storage, not in memory yet", f"{found.storage:,.0f}", "")
    for workers, rate in found.preprocess.items():
        part = share(busy["preprocess"]) if workers == found.workers else ""
        table.add_row(f"preprocess, workers: {workers}", f"{rate:,.0f}", part)
    if found.uint8 is not None:
        table.add_row(f"the same to uint8, workers: {found.workers}", f"{found.uint8:,.0f}", "")
    table.add_row("device", f"{found.device:,.0f}", share(busy["device"]))
    table.add_row("post", f"{found.post:,.0f}", share(busy["post"]))
    return table


def batch_table(result: Profile, chips: int) -> Table:
    """The device alone and the whole for each batch size, in images/s. chips: of the card."""
    from rich import box
    from rich.table import Table

    table = Table(title="images/s", title_justify="left", box=box.SIMPLE)
    for column in ("batch", "device alone", "files to counts", "of the device"):
        table.add_column(column, justify="right")
    if chips > 1:
        table.add_column(f"device x {chips} chips", justify="right")
    for batch in result.batches:
        row = [
            str(batch.batch_size),
            f"{batch.device_images_per_s:,.1f}",
            f"{batch.perf.images_per_s:,.1f}",
            share(batch.reached, 1),
        ]
        if chips > 1:
            row.append(f"{chips * batch.device_images_per_s:,.1f}")
        table.add_row(*row)
    return table


def sentences(result: Profile) -> list[str]:
    """What holds the whole up, and what came of the advice where it was tried."""
    lines = [result.verdict.sentence]
    if result.verified is not None:
        lines.append(
            f"tried, {result.verified.what}: {result.verified.images_per_s:,.0f} images/s, "
            f"where {result.verified.expected:,.0f} images/s were expected"
        )
    return lines
