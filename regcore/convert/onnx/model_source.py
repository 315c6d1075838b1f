"""Where a model of torch comes from, by its spelling: timm, torchvision, or a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from regcore.errors import UsageError
from regcore.models.import_path import import_model
from regcore.models.state_dict import load_exactly
from regcore.models.timm.architectures import build_model
from regcore.models.timm.weights import Weights
from regcore.models.torchvision import build_torchvision_model
from regcore.recipes import timm, torchvision
from regcore.recipes.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

PRETRAINED = "pretrained"
_TIMM, _TORCHVISION = "timm:", "torchvision:"

#: Builds a model in evaluation mode: with weights from a file, or without one with its own; and
#: with so many classes of a last layer of the user's own.
Build: TypeAlias = "Callable[[Weights | None, int | None], nn.Module]"


@dataclass(frozen=True)
class ModelSource:
    """A model that can be built.

    name: what it is called from now on. recipe: of its images, as float32 NCHW. origin: what its
    weights are called where they come from no file. note: what there is to know of the choice.
    """

    name: str
    recipe: Recipe
    build: Build
    origin: str = PRETRAINED
    note: str = ""


def is_import_path(model: str) -> bool:
    """Whether `model` names a function, which may bring the weights with it."""
    return ":" in model and not model.startswith((_TIMM, _TORCHVISION))


def find_source(
    model: str, *, test_size: bool = False, recipe: Recipe | None = None
) -> ModelSource:
    """What `model` names: [timm:]NAME.TAG, torchvision:NAME or package.module:function.

    test_size: with images of the size that timm tests the tag with. recipe: instead of the model's
    own. Raises UsageError for unknown names, and where it remains open which images are wanted.
    """
    if model.startswith(_TIMM) or ":" not in model:
        return _of_timm(model.removeprefix(_TIMM), recipe, test_size=test_size)
    if test_size:
        raise UsageError("--test-size is for timm's models, whose tags may have such a size")
    if model.startswith(_TORCHVISION):
        return _of_torchvision(model.removeprefix(_TORCHVISION), recipe)
    if recipe is None:
        raise UsageError(f"{model}: a function says nothing of its images; say it with --recipe")
    return ModelSource(model, recipe, _function_builder(model), origin=model)


def _of_timm(name: str, recipe: Recipe | None, *, test_size: bool) -> ModelSource:
    found = timm.find_model(name, test_size=test_size)

    def build(weights: Weights | None, classes: int | None) -> nn.Module:
        return build_model(found.name, weights.tensors if weights else None, classes=classes)

    return ModelSource(found.name, recipe or found.recipe, build, note=found.note)


def _of_torchvision(name: str, recipe: Recipe | None) -> ModelSource:
    found = torchvision.find_model(name)
    wanted = recipe or Recipe.from_torchvision(torchvision.weights_of(found))

    def build(weights: Weights | None, classes: int | None) -> nn.Module:
        member = torchvision.weights_of(found) if weights is None else None
        tensors = weights.tensors if weights else None
        return build_torchvision_model(
            found.architecture, member, tensors, size=wanted.size, classes=classes
        )

    called = found.architecture if found.weights is None else str(found.weights)
    return ModelSource(_TORCHVISION + called, wanted, build)


def _function_builder(path: str) -> Build:
    def build(weights: Weights | None, classes: int | None) -> nn.Module:
        if classes is not None:
            raise UsageError(f"--classes is not for {path}, whose function builds the last layer")
        model = import_model(path)
        if weights is not None:
            load_exactly(model, weights.tensors, path)
        return model

    return build
