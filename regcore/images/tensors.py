"""Prepared images as tensors of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.frameworks import import_torch

if TYPE_CHECKING:
    import torch


def as_tensor(images: NDArray[Any]) -> torch.Tensor:
    """A tensor of the same memory and dtype; uint16, the bits of bfloat16, becomes bfloat16.

    Raises BackendError where torch is not installed.
    """
    module = import_torch()
    if not images.flags.writeable:  # torch has no tensors that cannot be written
        images = images.copy()
    bits = images.dtype == np.uint16
    tensor: torch.Tensor = module.from_numpy(images.view(np.int16) if bits else images)
    return tensor.view(module.bfloat16) if bits else tensor


def as_array(tensor: torch.Tensor) -> NDArray[Any]:
    """An array of the same memory; bfloat16 becomes its bits, uint16. The reverse of as_tensor."""
    module = import_torch()
    if tensor.dtype == module.bfloat16:
        return tensor.view(module.int16).numpy().view(np.uint16)
    array: NDArray[Any] = tensor.numpy()
    return array
