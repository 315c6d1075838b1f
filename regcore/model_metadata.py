"""What an exported model says of itself: its recipe, its name, the weights it was made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from regcore.errors import BackendError, UsageError
from regcore.recipe import Recipe, installed_pass_order

_RECIPE, _NAME, _WEIGHTS = "regcore.recipe", "regcore.model", "regcore.weights"


@dataclass(frozen=True)
class ModelMetadata:
    """Where a model comes from, and how it wants its images.

    name: of the model, with its tag; weights: `sha256:...` of their file, or `pretrained`.
    recipe: in the dtype and layout of the model's input. Its pass order is that of the Pillow
        installed here: it belongs to the pixels one wants to equal, not to the model.
    """

    recipe: Recipe
    name: str = ""
    weights: str = ""

    def to_properties(self) -> dict[str, str]:
        """As the key-value pairs of an ONNX file."""
        fields = {k: v for k, v in asdict(self.recipe).items() if k != "pass_order"}
        pairs = {_RECIPE: json.dumps(fields), _NAME: self.name, _WEIGHTS: self.weights}
        return {key: value for key, value in pairs.items() if value}

    @classmethod
    def from_properties(cls, model: object, properties: Mapping[str, str]) -> ModelMetadata | None:
        """Reads the pairs of the file `model`; None where regcore has written no recipe there.

        Raises BackendError with the name of `model` for a recipe that makes no sense.
        """
        text = properties.get(_RECIPE)
        if text is None:
            return None
        try:
            fields = {**json.loads(text), "pass_order": installed_pass_order()}
            recipe = Recipe.from_dict(fields)
        except (ValueError, TypeError, UsageError) as error:
            raise BackendError(f"{model}: its metadata {_RECIPE} is unusable: {error}") from error
        return cls(recipe, properties.get(_NAME, ""), properties.get(_WEIGHTS, ""))


def read_metadata(model: Path) -> ModelMetadata:
    """What an .onnx file, or the record beside an .om or .engine, says of the model.

    Raises BackendError where it says nothing.
    """
    if model.suffix.lower() == ".onnx":
        from regcore.backends.onnxruntime import OnnxRuntimeBackend

        with OnnxRuntimeBackend(model) as backend:
            found = ModelMetadata.from_properties(model, backend.metadata)
    else:
        from regcore.device_model import read_record

        record = read_record(model)
        found = record.metadata(model) if record else None
    if found is None:
        raise BackendError(f"{model}: does not say how it wants its images; give --recipe instead")
    return found
