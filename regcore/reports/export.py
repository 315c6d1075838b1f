"""An export as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from regcore.convert.onnx.check_scores import ExportCheck
from regcore.convert.onnx.export import Export
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Amount, Positive, as_dict, described
from regcore.schemas.recipe_form import RecipeForm, recipe_form


@dataclass(frozen=True)
class ExportForm:
    """A model as ONNX."""

    format: Format
    path: Annotated[str, described("The file.")]
    bytes: Annotated[Positive, described("Its size.")]
    model: Annotated[
        str,
        described("timm's name with its tag, torchvision:NAME, or the import path of a function."),
    ]
    weights: Annotated[
        str,
        described("`sha256:...` of their file, `pretrained`, or the import path of the function."),
    ]
    opset: Annotated[Positive, described("Of ONNX.")]
    opset_reason: Annotated[str, described("Why it is that one.")]
    parameters: Annotated[Positive, described("Of the PyTorch model.")]
    recipe: RecipeForm
    normalisation_difference: Annotated[
        Amount | None,
        described(
            "Of a fused normalisation from the host's, over all pixel values; null where none is "
            "fused."
        ),
    ]
    agreement: Annotated[ExportCheck, described("With torch's scores.")]


def to_dict(result: Export) -> dict[str, Any]:
    """The export for machines."""
    form = ExportForm(
        format=json_form("export"),
        path=str(result.path),
        bytes=sum(file.stat().st_size for file in (result.path, *result.weights_files)),
        model=result.metadata.name,
        weights=result.metadata.weights,
        opset=result.opset,
        opset_reason=result.opset_reason,
        parameters=result.parameters,
        recipe=recipe_form(result.metadata.recipe.to_dict()),
        normalisation_difference=result.normalisation_difference,
        agreement=result.agreement,
    )
    return as_dict(form)


def sentences(result: Export) -> Iterator[str]:
    """The export in words: the model, and how its scores compare with those of torch."""
    agreement = result.agreement
    recipe = result.metadata.recipe
    yield (
        f"{result.metadata.name}, {result.parameters / 1e6:.2f} M parameters, "
        f"opset {result.opset} ({result.opset_reason}), takes {recipe.dtype} {recipe.layout}"
    )
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
