"""The facts of a model file, for machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from regcore.convert.inspect import ModelFacts
from regcore.models.tensors import TensorSpec
from regcore.schemas import Format, json_form
from regcore.schemas.fields import Count, Positive, Sha256, as_dict, described
from regcore.schemas.recipe_form import RecipeForm, recipe_form


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model."""

    name: Annotated[str, described("Its name in the model.")]
    dtype: Annotated[str | None, described("NumPy's name of its type; null for any.")]
    shape: Annotated[
        list[Positive | None],
        described("null where a dimension may vary; empty for any shape."),
    ]


@dataclass(frozen=True)
class InspectForm:
    """What a model file is.

    Of an ONNX file there are opset, producer and weights, of others what their record says.
    """

    format: Format
    path: Annotated[str, described("The file.")]
    bytes: Annotated[Count, described("Its size.")]
    inputs: Annotated[list[Tensor], described("What it takes.")]
    outputs: Annotated[list[Tensor], described("What it gives; empty where only the device knows.")]
    batch: Annotated[str, described("`any`, `4`, `1, 4 or 16`, or `1 to 64, best at 16`.")]
    model: Annotated[
        str | None, described("Its name with its tag; null where regcore did not make it.")
    ]
    weights_file: Annotated[
        str | None, described("`sha256:...` of the file of weights, or `pretrained`.")
    ]
    recipe: Annotated[
        RecipeForm | None,
        described("How it wants its images; null where it does not say."),
    ]
    opset: Annotated[Positive | UnsetType, described("Of ONNX.")] = UNSET
    producer: Annotated[str | UnsetType, described("What wrote the ONNX file.")] = UNSET
    weights: Annotated[
        dict[str, Count] | UnsetType, described("Numbers of weights by ONNX's types.")
    ] = UNSET
    doubts: Annotated[
        Annotated[list[str], Meta(min_length=1)] | UnsetType,
        described(
            "What makes the scores of an ONNX file doubtful, such as operators in training mode."
        ),
    ] = UNSET
    data_files: Annotated[
        Annotated[dict[str, str], Meta(min_length=1)] | UnsetType,
        described(
            "Files with weights outside of the ONNX file, and what is wrong with each; empty "
            "where nothing is."
        ),
    ] = UNSET
    device: Annotated[str | UnsetType, described("The soc_version or GPU it was built for.")] = (
        UNSET
    )
    builder: Annotated[str | UnsetType, described("What built it.")] = UNSET
    precision: Annotated[str | UnsetType, described("In which it computes.")] = UNSET
    source: Annotated[str | UnsetType, described("The ONNX file it was made of.")] = UNSET
    source_sha256: Annotated[Sha256 | UnsetType, described("Of that file.")] = UNSET
    refusal: Annotated[
        str | UnsetType, described("Why a device that is here does not load it.")
    ] = UNSET


def to_dict(facts: ModelFacts) -> dict[str, Any]:
    """The facts for machines."""
    metadata, onnx, record = facts.metadata, facts.onnx, facts.record
    known: dict[str, Any] = {}
    if onnx is not None:
        known |= {"opset": onnx.opset, "producer": onnx.producer, "weights": onnx.weights}
        known |= {"doubts": list(onnx.doubts) or UNSET, "data_files": onnx.data_files or UNSET}
    if record is not None:
        names = ("device", "builder", "precision", "source", "source_sha256")
        known |= {name: getattr(record, name) for name in names}
    form = InspectForm(
        format=json_form("inspect"),
        path=str(facts.path),
        bytes=facts.size,
        inputs=[_tensor(spec) for spec in facts.inputs],
        outputs=[_tensor(spec) for spec in facts.outputs],
        batch=facts.batch,
        model=metadata.name if metadata else None,
        weights_file=metadata.weights if metadata else None,
        recipe=recipe_form(metadata.recipe.to_dict()) if metadata else None,
        refusal=facts.refusal or UNSET,
        **known,
    )
    return as_dict(form)


def _tensor(spec: TensorSpec) -> Tensor:
    return Tensor(spec.name, spec.dtype, list(spec.shape or ()))
