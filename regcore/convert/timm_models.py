"""timm's models, also where the installed torchvision does not go with the installed torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from regcore.errors import BackendError

if TYPE_CHECKING:
    from torch import nn

_INSTALL = "install it with: pip install 'regcore[export]'"


@cache
def import_timm() -> ModuleType:
    """The timm module. Raises BackendError where timm, torch or torchvision is not installed."""
    try:
        import torch
    except ImportError as error:
        raise BackendError(f"torch is not installed ({error}); {_INSTALL}") from error
    try:
        import torchvision  # noqa: F401
    except ImportError as error:
        raise BackendError(f"timm needs torchvision ({error}); {_INSTALL}") from error
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise BackendError(f"torchvision does not import: {error}") from error
        _declare_missing_operators(torch)
    try:
        import timm
    except ImportError as error:
        raise BackendError(f"timm is not installed ({error}); {_INSTALL}") from error
    return timm


# The declarations last only as long as this object.
_declared: list[Any] = []


def _declare_missing_operators(torch: ModuleType) -> None:
    # torchvision's wheel is built for the CUDA build of torch. Beside a CPU build its library does
    # not load, and its Python part stumbles over the two operators that it registers regardless.
    # No model calls them, so that their names are all it takes.
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.append(library)


def build_model(name: str, weights: Mapping[str, Any]) -> nn.Module:
    """The timm model `name` in evaluation mode with these weights, which must fit it exactly.

    Raises BackendError for an unknown name, or for weights that do not fit.
    """
    model = _create(name)
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise BackendError(f"the weights do not fit timm's {name}: {reason}") from error
    return model.eval()


def rename_by_position(name: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """The same weights under timm's names, for a state dict that differs in its names alone.

    Raises BackendError unless the number of entries and, in order, all their shapes agree.
    """
    expected = _create(name).state_dict()
    if len(expected) != len(weights):
        raise BackendError(
            f"timm's {name} has {len(expected)} entries, the weights have {len(weights)}"
        )
    for (timm_name, ours), (their_name, theirs) in zip(
        expected.items(), weights.items(), strict=True
    ):
        if ours.shape != theirs.shape:
            raise BackendError(
                f"{their_name} {tuple(theirs.shape)} does not fit timm's "
                f"{name} {timm_name} {tuple(ours.shape)}"
            )
    return dict(zip(expected, weights.values(), strict=True))


def imagenet_class_names() -> list[str]:
    """A short name for each of the 1000 ImageNet classes, by index."""
    info = import_timm().data.ImageNetInfo()
    return [str(info.index_to_description(i)) for i in range(info.num_classes())]


def _create(name: str) -> nn.Module:
    timm = import_timm()
    try:
        model: nn.Module = timm.create_model(name, pretrained=False)
    except RuntimeError as error:
        raise BackendError(f"timm {timm.__version__}: {error}") from error
    return model
