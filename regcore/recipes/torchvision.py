"""The recipes of torchvision's weights and transforms, with a PIL image as their input.

On request, the transforms of weights get that image as a tensor of uint8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from regcore.errors import UsageError, first_line
from regcore.frameworks import import_torchvision
from regcore.recipes.names import first_names, near
from regcore.recipes.recipe import Recipe
from regcore.recipes.torchvision_steps import class_name, compose_steps, recipe_of_steps

_PRESET = "torchvision.transforms._presets.ImageClassification"


def recipe_from(source: object, *, tensors: bool = False) -> Recipe:
    """The recipe of what Recipe.from_torchvision takes; see there."""
    if isinstance(source, str):
        source = weights_of(find_model(source))
    name = class_name(source)
    # Weights know the transforms that they want, so that they need no import here.
    if hasattr(source, "transforms") and hasattr(source, "meta"):
        name, source = str(source), source.transforms()
    if class_name(source) == _PRESET:
        return _recipe_of_preset(name, source, tensors=tensors)
    if tensors:
        raise UsageError(
            "torchvision: tensors is for weights; a Compose says itself where it makes tensors"
        )
    steps = compose_steps(source)
    if steps is None:
        raise UsageError(
            f"torchvision: {name} says nothing of the images of a classifier: "
            f"{class_name(source)} is neither weights, ImageClassification, Compose nor Sequential"
        )
    return recipe_of_steps(steps)


@dataclass(frozen=True)
class TorchvisionModel:
    """A model of torchvision by name.

    kinds: the enum of its weights. weights: the member that is meant, None where the name has only
    the architecture.
    """

    architecture: str
    kinds: Any
    weights: Any = None


def find_model(name: str) -> TorchvisionModel:
    """What `ResNet50_Weights.IMAGENET1K_V2`, `resnet50.IMAGENET1K_V2` or `resnet50` means.

    Raises UsageError for unknown names, with the nearest or with the weights that there are.
    """
    models = import_torchvision().models
    head, _, member = name.partition(".")
    architecture = head if head in models.list_models() else _architecture(models, head)
    kinds = models.get_model_weights(architecture)
    if not member:
        return TorchvisionModel(architecture, kinds)
    if member not in kinds.__members__:
        raise UsageError(f"torchvision has no {name}; there are {first_names(kinds)}")
    return TorchvisionModel(architecture, kinds, kinds[member])


def weights_of(model: TorchvisionModel) -> Any:  # noqa: ANN401
    """The weights that are meant: an architecture alone means its default ones.

    Raises UsageError where the weights of an architecture want different images.
    """
    if model.weights is not None:
        return model.weights
    if len({recipe_from(each) for each in model.kinds}) > 1:
        raise UsageError(
            f"{model.architecture} has weights that want different images, name yours: "
            f"{first_names(model.kinds)}"
        )
    return model.kinds["DEFAULT"]


def _architecture(models: ModuleType, enum_name: str) -> str:
    """The architecture of the weights that are called `enum_name`."""
    names = models.list_models()
    enums: Mapping[str, str] = {models.get_model_weights(each).__name__: each for each in names}
    if enum_name not in enums:
        hint = near(enum_name, [*enums, *names])
        raise UsageError(f"torchvision has no weights of {enum_name!r}{hint}")
    return enums[enum_name]


def _recipe_of_preset(name: str, preset: Any, *, tensors: bool) -> Recipe:  # noqa: ANN401
    import torch
    from torchvision import transforms

    try:
        steps = [
            transforms.Resize(preset.resize_size, preset.interpolation, None, preset.antialias),
            transforms.CenterCrop(preset.crop_size),
            transforms.ConvertImageDtype(torch.float32),
            transforms.Normalize(preset.mean, preset.std),
        ]
        steps.insert(0 if tensors else 2, transforms.PILToTensor())
    except (TypeError, ValueError) as error:
        raise UsageError(f"torchvision: {name}: {first_line(error)}") from error
    return recipe_of_steps(steps)
