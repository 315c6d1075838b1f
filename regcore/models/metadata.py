"""What an exported model says of itself: its recipe, its name, the weights it was made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.errors import ModelRecordError, RegcoreError
from regcore.files.input_file import read_input
from regcore.files.json_input import parse_json
from regcore.files.protobuf import fields
from regcore.recipes.recipe import Recipe, installed_pass_order

_RECIPE, _NAME, _WEIGHTS = "regcore.recipe", "regcore.model", "regcore.weights"
#: Of a model that others made, into which a recipe was written later.
_EMBEDDED = "regcore.embedded"
_SHOWN_CHARACTERS = 200
# Numbers of fields in onnx.proto.
_METADATA_FIELD, _KEY_FIELD = 14, 1


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
        recipe = {k: v for k, v in self.recipe.to_dict().items() if k != "pass_order"}
        pairs = {_RECIPE: json.dumps(recipe), _NAME: self.name, _WEIGHTS: self.weights}
        return {key: value for key, value in pairs.items() if value}

    @classmethod
    def from_properties(cls, model: object, properties: Mapping[str, str]) -> ModelMetadata | None:
        """Reads the pairs of the file `model`; None where regcore has written no recipe there.

        Raises ModelRecordError with the name of `model` for a recipe that makes no sense.
        """
        text = properties.get(_RECIPE)
        if text is None:
            return None
        try:
            values = parse_json(text, dict[str, Any], _RECIPE)
            recipe = Recipe.from_dict({**values, "pass_order": installed_pass_order()})
        except (RegcoreError, TypeError, ValueError, OverflowError) as error:
            raise ModelRecordError(
                f"{model}: unusable metadata: {error}: {text[:_SHOWN_CHARACTERS]!r}"
            ) from error
        return cls(recipe, properties.get(_NAME, ""), properties.get(_WEIGHTS, ""))


def embedded(metadata: ModelMetadata, properties: Mapping[str, str]) -> dict[str, str]:
    """The pairs of a model that others made, once a recipe is written into it.

    properties: those that it has. Such a model is not one that may be replaced.
    """
    own = _RECIPE in properties and _EMBEDDED not in properties
    mark = {} if own else {_EMBEDDED: "true"}
    return {**properties, **metadata.to_properties(), **mark}


def is_exported(path: Path) -> bool:
    """Whether regcore made an ONNX file, by the recipe in it, and not just wrote that into it."""
    keys = _property_keys(path)
    return _RECIPE.encode() in keys and _EMBEDDED.encode() not in keys


def has_property(path: Path, key: str) -> bool:
    """Whether a file is an ONNX model with this key among its properties."""
    return key.encode() in _property_keys(path)


def _property_keys(path: Path) -> set[bytes]:
    """The keys of an ONNX file's properties; of another file, none."""
    try:
        content = read_input(path, max(1, path.stat().st_size))
        return {
            bytes(text)
            for field, pair in fields(memoryview(content))
            if field == _METADATA_FIELD
            for number, text in fields(pair)
            if number == _KEY_FIELD
        }
    except (OSError, RegcoreError, ValueError, TypeError):
        return set()
