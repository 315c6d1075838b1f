"""torch, torchvision and timm, imported when they are used."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

from regcore.errors import BackendError

_INSTALL = "install it with: pip install 'regcore[export]'"


def import_torch() -> ModuleType:
    """The torch module. Raises BackendError where it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise BackendError(f"torch is not installed ({error}); {_INSTALL}") from error
    return torch


@cache
def import_torchvision() -> ModuleType:
    """The torchvision module. Raises BackendError where it, or torch, is not installed."""
    torch = import_torch()
    try:
        return _torchvision()
    except ImportError as error:
        raise BackendError(f"torchvision is not installed ({error}); {_INSTALL}") from error
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise BackendError(f"torchvision does not import: {error}") from error
    _declare_missing_operators(torch)
    return _torchvision()


def _torchvision() -> ModuleType:
    import torchvision

    module: ModuleType = torchvision
    return module


@cache
def import_timm() -> ModuleType:
    """The timm module. Raises BackendError where timm, torch or torchvision is not installed."""
    import_torchvision()
    try:
        import timm
    except ImportError as error:
        raise BackendError(f"timm is not installed ({error}); {_INSTALL}") from error
    module: ModuleType = timm
    return module


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
