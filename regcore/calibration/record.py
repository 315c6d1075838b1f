"""What a quantised model says of its quantisation: a property of its ONNX file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated

from msgspec import Meta

from regcore.calibration.content import SHORT
from regcore.calibration.form import CalibrationForm
from regcore.errors import ModelRecordError
from regcore.files.json_input import parse_json
from regcore.schemas.fields import Digest, RecipeIdentity, Sha256, as_dict, described

#: The key of the property.
PROPERTY = "regcore.quantization"

_Size = Annotated[int, Meta(ge=0, le=1 << 48)]


@dataclass(frozen=True)
class Tools:
    """The versions that quantised."""

    onnxruntime: Annotated[str, described("Whose quantiser it is, unless NNCF is named.")]
    onnx: Annotated[str, described("The package.")]
    regcore: Annotated[str, described("Which called it.")]
    nncf: Annotated[str | None, described("Whose quantiser it is; null: ONNX Runtime's.")] = None


@dataclass(frozen=True)
class QuantizationSummary:
    """How a model was quantised."""

    to: Annotated[str, described("`int8-qdq`.")]
    method: Annotated[str, described("Of the ranges: `minmax`, `entropy` or `percentile`.")]
    percentile: Annotated[
        Annotated[float, Meta(gt=50, le=100)] | None,
        described("Of the values; null for other methods."),
    ]
    per_channel: Annotated[bool, described("Whether each channel of weights has its own scale.")]
    symmetric: Annotated[
        bool, described("Whether activations are int8 around 0, as TensorRT wants; else uint8.")
    ]
    kept: Annotated[
        list[str], described("Nodes that stay in float, as asked or as a search has chosen.")
    ]
    source_sha256: Annotated[Sha256, described("Of the file that was quantised.")]
    tools: Tools
    calibration: Annotated[Digest, described("Identity of the calibration images.")]
    recipe_identity: Annotated[RecipeIdentity, described("Of the recipe that prepared them.")]
    searched: Annotated[
        Annotated[int, Meta(ge=1, le=1 << 48)] | None,
        described("As many layers a search was to keep in float at most; null: there was none."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class RunQuantization(QuantizationSummary):
    """How the model of a run was quantised."""

    images: Annotated[int, Meta(ge=0, le=1 << 48), described("Of the calibration.")]


@dataclass(frozen=True, kw_only=True)
class QuantizationRecord(QuantizationSummary):
    """How a model was quantised, and with which images."""

    images: Annotated[
        list[tuple[_Size, Digest, Digest]],
        described(
            "The calibration images: bytes of the file, the beginning of its SHA-256, and XXH3 of "
            "the prepared values."
        ),
    ]

    def summary(self) -> RunQuantization:
        """The same without the images themselves."""
        own = {name.name: getattr(self, name.name) for name in fields(QuantizationSummary)}
        return RunQuantization(**own, images=len(self.images))

    def to_property(self) -> dict[str, str]:
        """As a key-value pair of an ONNX file."""
        return {PROPERTY: json.dumps(as_dict(self), separators=(",", ":"))}

    @property
    def contents(self) -> set[tuple[int, str]]:
        """The image files, as regcore.calibration.content compares them."""
        return {(size, sha256) for size, sha256, _ in self.images}

    @property
    def values(self) -> set[int]:
        """The checksums of the prepared values."""
        return {int(values, 16) for _, _, values in self.images}


def images_of(form: CalibrationForm) -> list[tuple[int, str, str]]:
    """The images of a calibration as a model's record has them."""
    return [(image.bytes, image.sha256[:SHORT], image.values) for image in form.images]


def carried(properties: Mapping[str, str]) -> dict[str, str]:
    """Of a file's properties, what a model that is made of it says of its quantisation, too."""
    return {PROPERTY: properties[PROPERTY]} if PROPERTY in properties else {}


def read_record(model: object, properties: Mapping[str, str]) -> QuantizationRecord | None:
    """What the properties of a model file say; None where regcore did not quantise it.

    Raises ModelRecordError with the name of `model` for a record that makes no sense.
    """
    text = properties.get(PROPERTY)
    if text is None:
        return None
    return parse_json(text, QuantizationRecord, f"{model}: {PROPERTY}", error=ModelRecordError)
