"""regcore profile: host against device, and what holds the whole up."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regcore.cli.console import INTERRUPTED, answer, show, tell
from regcore.cli.device_options import DeviceOptions, device_options
from regcore.cli.listing import tell_listing
from regcore.cli.options import (
    FiniteFloat,
    batch_sizes,
    check_not_swapped,
    preprocess_options,
    recipe_for,
)
from regcore.reports.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

    from regcore.performance.profile.workload import Profile


@click.command()
@click.argument("model")
@click.argument("images", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--batch",
    "sweep",
    type=batch_sizes,
    metavar="N,N,...",
    help="Batch sizes to measure; the first is judged.  [default: --batch-size]",
)
@click.option(
    "--seconds",
    type=FiniteFloat(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Time of each measurement.",
)
@click.option("--verify", is_flag=True, help="Try what the verdict advises.")
@click.option(
    "--chips",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Devices on the card (an Ascend 310 has 4): also show the rate of one times this.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for profile.json, which 'regcore report' shows.",
)
@click.option("--force", is_flag=True, help="Replace also a profile.json of something else.")
@device_options
@preprocess_options
def profile(
    *,
    model: str,
    images: Path,
    sweep: tuple[int, ...] | None,
    seconds: float,
    verify: bool,
    chips: int,
    out: Path | None,
    force: bool,
    device: DeviceOptions,
    recipe_name: str | None,
    dtype: str | None,
    layout: str | None,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Measure MODEL's device against the host that prepares IMAGES, and say what is too slow.

    Each stage is measured alone, for --seconds: the device with a batch at hand, reading files that
    the system was asked to drop from memory, preprocessing files in memory, and counting the
    scores. Preprocessing is measured with every number of workers up to 8, then with 12, 16, 24, 32
    and so on up to --workers, for a quarter of the time each. The whole is measured as 'regcore
    run' does it, over files that are in memory where they fit.

    --verify runs the whole again with what the sentence advises. Where that is uint8 input, and the
    model takes none, the host prepares uint8 and the model computes one batch of its own over and
    over; 'regcore export --fuse-preprocess' makes a model that takes it.

    \b
    Examples:
      regcore profile regnety_016.onnx imagenet/val --batch 1,4,8,16,32
      regcore profile regnety_016.om imagenet/val --batch-size 16 --workers 8 --chips 4 --verify
    """  # noqa: D301
    from rich.markup import escape

    from regcore.evaluation.result_outputs import check_profile
    from regcore.files.atomic import remove_abandoned, write_text
    from regcore.host import default_workers
    from regcore.images.listing import listing
    from regcore.images.preprocessor import Preprocessor
    from regcore.images.recipe import Recipe
    from regcore.performance.profile.workload import PROFILE, Workload, to_dict

    check_not_swapped(model, images)
    if out is not None:
        check_profile(out, model, images, force=force)
    listed = listing(images)
    tell_listing(listed)
    paths = tuple(listed.root / name for name in listed.names)
    workers = settings.pop("workers") or default_workers()

    def prepare(recipe: Recipe, count: int) -> Preprocessor:
        return Preprocessor(recipe, workers=count, **settings)

    with device.open(model) as backend, _saying(out) as say:
        choice = recipe_for(model, backend, None, (recipe_name, dtype, layout), shape_only=True)
        recipe = choice.recipe
        workload = Workload(backend, paths, recipe, prepare, workers, seconds, say)
        sizes = sweep or (device.batch_size_for(backend),)
        result = workload.profile(sizes, verify=verify)
    found = {
        "model": model,
        "backend": f"{backend.name} {backend.version}",
        "provider": backend.provider,
        "recipe": choice.label,
        "recipe_from": choice.origin,
        **to_dict(result, chips),
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        remove_abandoned(out)
        write_text(out / PROFILE, json.dumps(found, indent=2) + "\n")
    if as_json:
        answer(found)
    else:
        show(_stages(result), _batches(result, chips), *map(escape, _sentences(result)))
    if out is not None:
        tell(f"wrote {out / PROFILE}")


@contextmanager
def _saying(out: Path | None) -> Iterator[Callable[[str], None]]:
    """Yields a function to call with what is measured next, which a terminal shows.

    Ctrl-C ends the command, and says what was done until then.
    """
    from rich.console import Console
    from rich.markup import escape

    begun: list[str] = []
    shown = Console(stderr=True).status("") if sys.stderr.isatty() else None

    def say(what: str) -> None:
        begun.append(what)
        if shown is not None:
            shown.update(f"measuring {escape(printable(what))}")

    try:
        with shown or nullcontext():
            yield say
    except KeyboardInterrupt:
        done = f"{max(0, len(begun) - 1)} measurements were done"
        during = f", {begun[-1]} was not" if begun else ""
        kept = f"; {out} is as it was" if out is not None else ""
        tell(f"interrupted: {done}{during}, and a profile needs all of them{kept}")
        raise click.exceptions.Exit(INTERRUPTED) from None


def _stages(result: Profile) -> Table:
    from rich import box
    from rich.table import Table

    from regcore.performance.profile.bottleneck import share

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


def _batches(result: Profile, chips: int) -> Table:
    from rich import box
    from rich.table import Table

    from regcore.performance.profile.bottleneck import share

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


def _sentences(result: Profile) -> list[str]:
    lines = [result.verdict.sentence]
    if result.verified is not None:
        lines.append(
            f"tried, {result.verified.what}: {result.verified.images_per_s:,.0f} images/s, "
            f"where {result.verified.expected:,.0f} images/s were expected"
        )
    return lines
