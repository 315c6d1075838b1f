"""What preprocessing has written, or would write, as JSON and in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regcore.images.diagnostics import diagnostics_dict
from regcore.recipes.recipe import Recipe
from regcore.schemas import json_form
from regcore.store.writer import StorePlan, StoreSummary


def to_dict(summary: StoreSummary, recipe: Recipe, out: Path) -> dict[str, Any]:
    """The store for machines."""
    images = summary.kept + summary.written
    return {
        "format": json_form("preprocess"),
        "complete": not summary.errors,
        "images": images,
        "expected_images": images + len(summary.errors),
        "kept": summary.kept,
        "written": summary.written,
        "failed": [{"path": str(e.path), "detail": e.detail} for e in summary.errors],
        **diagnostics_dict(summary.diagnostics),
        "out": str(out),
        "dtype": recipe.dtype,
        "shape": list(recipe.image_shape),
        "bytes_written": summary.written * recipe.image_bytes,
        "seconds": round(summary.seconds, 4),
        "verify_seconds": round(summary.verify_seconds, 4),
        "stage_seconds": {
            stage: round(seconds, 4) for stage, seconds in summary.stage_seconds.items()
        },
        "images_per_s": round(summary.images_per_s, 2),
    }


def sentence(summary: StoreSummary, recipe: Recipe, out: Path) -> str:
    """The store in words: images, rates, and what the workers spent their time on."""
    images = summary.kept + summary.written
    count = str(images)
    if summary.errors:
        count = f"INCOMPLETE: {images} of {images + len(summary.errors)}"
    shape = " x ".join(map(str, recipe.image_shape))
    parts = [f"{count} images in {out} as {recipe.dtype} {shape}"]
    if summary.kept:
        parts.append(f"{summary.kept} kept and verified in {summary.verify_seconds:.2f} s")
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
    return {
        "format": json_form("plan"),
        "images": images,
        "files": plan.files,
        "bytes": plan.needed,
        "bytes_there": plan.there,
    }


def plan_sentence(plan: StorePlan, images: int, out: Path) -> str:
    """The same in words."""
    there = f"; {plan.there / 2**20:.1f} MiB of them are there and would be verified"
    return (
        f"{images} images would fill {plan.needed / 2**20:.1f} MiB in {out}, files: {plan.files}"
        + (there if plan.there else "")
    )
