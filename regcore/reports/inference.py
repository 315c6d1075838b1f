"""What an inference has written, as JSON, as a table and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, UnsetType

from regcore.counted import agreeing, counted
from regcore.evaluation.run_content import Failed
from regcore.images.diagnostics import diagnostics_dict, diagnostics_summary
from regcore.inference.infer import Inference
from regcore.performance.perf import Perf
from regcore.reports.image_fields import ClippedImages, DamagedImages, FailedImages, RotatedImages
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    BackendName,
    BatchSize,
    Count,
    InterfaceRate,
    ModelName,
    ProviderName,
    RecipeName,
    RecipeOrigin,
    as_dict,
    described,
)

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class InferForm:
    """Scores of images, as the benchmark tool writes them."""

    format: Format
    complete: Annotated[bool, described("Whether there are scores of every image.")]
    written: Annotated[
        Count,
        described("Images whose scores were written now, or only computed (--random)."),
    ]
    kept: Annotated[Count, described("Images whose scores were there from an earlier run.")]
    failed: FailedImages
    not_reached: Annotated[Count, described("Images that come after an interruption.")]
    damaged: DamagedImages
    rotated: RotatedImages
    clipped: ClippedImages
    model: ModelName
    backend: BackendName
    provider: ProviderName
    recipe: RecipeName
    recipe_from: RecipeOrigin | UnsetType = UNSET
    batch_size: BatchSize
    images_per_s: Annotated[
        Amount | None,
        described("Of this run, from files to results; null where nothing ran."),
    ]
    interface_images_per_s: InterfaceRate
    out: Annotated[str, described("The folder.")]


def to_dict(
    inference: Inference, perf: Perf, about: Mapping[str, str], out: Path
) -> dict[str, Any]:
    """The inference for machines. about: what was run, in words. out: the folder."""
    form = InferForm(
        format=json_form("infer"),
        complete=inference.complete,
        written=inference.written,
        kept=inference.kept,
        failed=[Failed(str(e.path), e.detail) for e in inference.errors],
        not_reached=inference.not_reached,
        **diagnostics_dict(inference.diagnostics),
        model=about["model"],
        backend=about["backend"],
        provider=about["provider"],
        recipe=about["recipe"],
        recipe_from=about.get("recipe_from", UNSET),
        batch_size=perf.batch_size,
        images_per_s=perf.images_per_s if inference.written else None,
        interface_images_per_s=perf.interface_images_per_s,
        out=str(out),
    )
    return as_dict(form)


def to_table(inference: Inference, perf: Perf, about: Mapping[str, str]) -> Table:
    """The inference for people, as a rich table of two columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.reports.printable import printable

    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("images", counts(inference))
    for name, value in diagnostics_summary(inference.diagnostics).items():
        table.add_row(name, value)
    if inference.written:
        table.add_row("rate", f"{perf.images_per_s:.1f} images/s")
    if perf.interface_images_per_s is not None:
        table.add_row("device alone", f"{perf.interface_images_per_s:.1f} images/s")
    for name, value in about.items():
        table.add_row(name.replace("_", " "), escape(printable(value)))
    table.add_row("batch, workers", f"{perf.batch_size}, {perf.workers}")
    return table


def counts(inference: Inference) -> str:
    """`180 written, 20 kept`: what became of the images."""
    parts = [
        f"{inference.written} {'written' if inference.saved else 'of noise'}",
        f"{inference.kept} kept" if inference.kept else "",
        f"{len(inference.errors)} bad" if inference.errors else "",
        f"{inference.not_reached} not reached" if inference.not_reached else "",
    ]
    return ", ".join(filter(None, parts))


def interruption(inference: Inference) -> str:
    """A sentence on an inference that Ctrl-C has ended."""
    have = inference.written + inference.kept
    images = have + len(inference.errors) + inference.not_reached
    verbs = ("has scores", "have scores") if inference.saved else ("was run", "were run")
    nouns = ("image", "images") if inference.saved else ("image of noise", "images of noise")
    what = counted(images, *nouns)
    hint = "; the same command continues" if inference.saved else ""
    return f"interrupted: {have} of {what} {agreeing(have, *verbs)} ({counts(inference)}){hint}"
