"""An export as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regcore.convert.onnx.export import Export
from regcore.schemas import json_form


def to_dict(result: Export) -> dict[str, Any]:
    """The export for machines."""
    agreement = result.agreement
    return {
        "format": json_form("export"),
        "path": str(result.path),
        "bytes": result.path.stat().st_size,
        "model": result.metadata.name,
        "weights": result.metadata.weights,
        "opset": result.opset,
        "opset_reason": result.opset_reason,
        "parameters": result.parameters,
        "recipe": result.metadata.recipe.to_dict(),
        "normalisation_difference": result.normalisation_difference,
        "agreement": {
            "images": agreement.images,
            "what": agreement.what,
            "same_top1": agreement.same_top1,
            "largest_difference": agreement.largest_difference,
            "largest_score": agreement.largest_score,
        },
    }


def sentences(result: Export) -> Iterator[str]:
    """The export in words: the model, and how its scores compare with those of torch."""
    agreement = result.agreement
    recipe = result.metadata.recipe
    yield (
        f"{result.metadata.name}, {result.parameters / 1e6:.2f} M parameters, "
        f"opset {result.opset}, takes {recipe.dtype} {recipe.layout}"
    )
    yield f"opset {result.opset}: {result.opset_reason}"
    yield (
        f"same top-1 as torch on {agreement.same_top1} of {agreement.images} {agreement.what}, "
        f"scores differ by at most {agreement.largest_difference:.2g} "
        f"(largest score {agreement.largest_score:.3g})"
    )
    if result.normalisation_difference is not None:
        yield (
            "fused normalisation differs from the host's by "
            f"{result.normalisation_difference:.2g} over all 256 pixel values"
        )
