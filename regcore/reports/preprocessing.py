"""What preprocessing has written, or would write, as JSON and in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from regcore._native.choices import DTYPES
from regcore.evaluation.run_content import Failed
from regcore.images.diagnostics import diagnostics_dict
from regcore.recipes.recipe import Recipe
from regcore.reports.image_fields import ClippedImages, DamagedImages, FailedImages, RotatedImages
from regcore.schemas import Format, json_form
from regcore.schemas.fields import (
    Amount,
    Count,
    Positive,
    RecipeName,
    StageName,
    Workers,
    as_dict,
    described,
    one_of,
)
from regcore.store.summary import StorePlan, StoreSummary


@dataclass(frozen=True, kw_only=True)
class PreprocessForm:
    """What became of the images of a store."""

    format: Format
    complete: Annotated[bool, described("Whether every image has its values.")]
    images: Annotated[Count, described("That have their values.")]
    expected_images: Annotated[Count, described("That were listed.")]
    kept: Annotated[
        Count, described("Of an earlier run, verified; behind a URL only there, with their sizes.")
    ]
    written: Annotated[Count, described("Made now.")]
    failed: FailedImages
    damaged: DamagedImages
    rotated: RotatedImages
    clipped: ClippedImages
    out: Annotated[str, described("The folder of the store, or its URL.")]
    dtype: Annotated[str, one_of(DTYPES), described("Of the values.")]
    shape: Annotated[list[Positive], Meta(min_length=3, max_length=3), described("Of an image.")]
    bytes_written: Annotated[Count, described("Of the images made now.")]
    seconds: Annotated[Amount, described("For making and writing them.")]
    verify_seconds: Annotated[Amount, described("For looking at what was kept.")]
    stage_seconds: Annotated[
        dict[StageName, Amount], described("Of all workers in each of their stages.")
    ]
    images_per_s: Annotated[Amount, described("Of those made now.")]
    recipe: RecipeName
    workers: Workers


@dataclass(frozen=True)
class PlanForm:
    """What a store would take."""

    format: Format
    images: Annotated[Count, described("That are listed.")]
    files: Annotated[Count, described("That would hold them.")]
    bytes: Annotated[Count, described("Of all of them.")]
    bytes_there: Annotated[
        Count,
        described(
            "Of them, in files that are there already: they would be verified, or, behind a URL, "
            "kept by their sizes."
        ),
    ]


def to_dict(
    summary: StoreSummary, recipe: Recipe, out: str | Path, label: str, workers: int
) -> dict[str, Any]:
    """The store for machines. label: name and identity of the recipe."""
    images = summary.kept + summary.written
    form = PreprocessForm(
        format=json_form("preprocess"),
        complete=not summary.errors,
        images=images,
        expected_images=images + len(summary.errors),
        kept=summary.kept,
        written=summary.written,
        failed=[Failed(str(e.path), e.detail) for e in summary.errors],
        **diagnostics_dict(summary.diagnostics),
        out=str(out),
        dtype=recipe.dtype,
        shape=list(recipe.image_shape),
        bytes_written=summary.written * recipe.image_bytes,
        seconds=round(summary.seconds, 4),
        verify_seconds=round(summary.verify_seconds, 4),
        stage_seconds={
            stage: round(seconds, 4) for stage, seconds in summary.stage_seconds.items()
        },
        images_per_s=round(summary.images_per_s, 2),
        recipe=label,
        workers=workers,
    )
    return as_dict(form)


def sentence(summary: StoreSummary, recipe: Recipe, out: str | Path) -> str:
    """The store in words: images, rates, and what the workers spent their time on."""
    images = summary.kept + summary.written
    count = str(images)
    if summary.errors:
        count = f"INCOMPLETE: {images} of {images + len(summary.errors)}"
    shape = " x ".join(map(str, recipe.image_shape))
    parts = [f"{count} images in {out} as {recipe.dtype} {shape}"]
    if summary.kept:
        how = "kept by their sizes" if summary.unread else "kept and verified"
        parts.append(f"{summary.kept} {how} in {summary.verify_seconds:.2f} s")
    if summary.written:
        rate = summary.written * recipe.image_bytes / summary.seconds / 1e6
        parts.append(
            f"{summary.written} written in {summary.seconds:.2f} s: "
            f"{summary.images_per_s:.1f} images/s, {rate:.0f} MB/s"
        )
    total = sum(summary.stage_seconds.values())
    if summary.written and total:
        shares = ", ".join(f"{s} {t / total:.0%}" for s, t in summary.stage_seconds.items())
        parts.append(f"the workers' time: {shares}")
    return "; ".join(parts)


def plan_dict(plan: StorePlan, images: int) -> dict[str, Any]:
    """What would be written, for machines."""
    form = PlanForm(json_form("plan"), images, plan.files, plan.needed, plan.there)
    return as_dict(form)


def plan_sentence(plan: StorePlan, images: int, out: str | Path) -> str:
    """The same in words."""
    fate = "kept by their sizes" if plan.unread else "verified"
    there = f"; {plan.there / 2**20:.1f} MiB of them are there and would be {fate}"
    return (
        f"{images} images would fill {plan.needed / 2**20:.1f} MiB in {out}, files: {plan.files}"
        + (there if plan.there else "")
    )
