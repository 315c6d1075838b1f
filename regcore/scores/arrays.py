"""What is taken for scores: arrays of any origin, read where they lie."""

from __future__ import annotations

import operator
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore._native import topk as native
from regcore.files.arguments import is_masked_array, shown
from regcore.scores import wide

_DTYPES = "float64, float32, float16, bfloat16 (or its bits as uint16), or integers but uint16"


def score_array(scores: Any) -> NDArray[Any]:  # noqa: ANN401
    """The scores as an array that shares their memory where it can.

    torch's bfloat16, which NumPy does not know, becomes its bits, uint16; tensors of a device are
    copied to main memory. Raises TypeError for a dtype that `topk` does not take.
    """
    array: NDArray[Any]
    if has_mask(scores):
        raise TypeError("scores cannot be a masked array; fill what is masked, for instance by NaN")
    scores = host_array("scores", scores, bits=True)
    if hasattr(scores, "__dlpack__") and not hasattr(scores, "__array__"):
        array = np.from_dlpack(scores)
    else:
        try:
            array = np.asarray(scores)
        except (TypeError, ValueError, RuntimeError) as error:
            raise TypeError(f"scores must be an array of {_DTYPES}: {error}") from None
    known = type_name(array) in native.TYPES or is_wide(array)
    if not known or not array.dtype.isnative:
        raise TypeError(f"scores must be {_DTYPES}, not {array.dtype}")
    return array


def host_array(name: str, values: Any, *, bits: bool = False) -> Any:  # noqa: ANN401
    """The values, but tensors of torch, one or a list, of any device, as an array in main memory.

    bits: whether bfloat16 becomes its bits, uint16, and not float32.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return values
    if isinstance(values, torch.Tensor):
        return _tensor_array(name, values, torch, bits=bits)
    if isinstance(values, (list, tuple)) and _are_alike(values, torch):
        return np.stack([_tensor_array(name, value, torch, bits=bits) for value in values])
    return values


def _are_alike(values: Sequence[object], torch: Any) -> bool:  # noqa: ANN401
    """Whether there are any, and all of them are tensors of one shape and dtype."""
    kinds = {
        (value.shape, value.dtype) if isinstance(value, torch.Tensor) else None for value in values
    }
    return len(kinds) == 1 and None not in kinds


def _tensor_array(name: str, tensor: Any, torch: Any, *, bits: bool) -> NDArray[Any]:  # noqa: ANN401
    if bits and tensor.dtype == torch.uint16:  # which would pass for the bits of bfloat16
        raise TypeError(f"{name} cannot be a tensor of uint16")
    try:
        if tensor.dtype != torch.bfloat16:
            array: NDArray[Any] = tensor.numpy(force=True)
        elif bits:
            array = tensor.detach().view(torch.int16).numpy(force=True).view(np.uint16)
        else:
            array = tensor.float().numpy(force=True)
    except (RuntimeError, TypeError) as error:
        raise TypeError(f"{name} cannot be read from this tensor: {error}") from None
    return array


def is_wide(array: NDArray[Any]) -> bool:
    """Whether its type is one that only regcore.scores.wide takes."""
    return type_name(array) in wide.TYPES


@cache
def _name_of(dtype: np.dtype[Any]) -> str:
    """NumPy makes up the name of a dtype anew each time, which takes as long as ten images do."""
    return "bfloat16" if dtype == np.uint16 else dtype.name


def type_name(array: NDArray[Any]) -> str:
    """The name of its dtype, as the kernels know it; uint16 holds the bits of bfloat16."""
    return _name_of(array.dtype)


def byte_rows(given: NDArray[Any]) -> NDArray[np.uint8]:
    """The same memory as bytes [images, bytes of a row]; a copy where a row has gaps."""
    rows = np.atleast_2d(given)
    if rows.strides[-1] != rows.itemsize:
        rows = rows.copy()
    return rows.view(np.uint8)


def has_mask(values: object) -> bool:
    """Whether the values are a masked array, or a list of rows of which one is: NumPy drops it."""
    rows = values if isinstance(values, (list, tuple)) else (values,)
    return any(map(is_masked_array, rows))


def whole_number(name: str, value: object) -> int:
    """The value as an int; raises TypeError for a bool, a fraction, a text or anything else."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number, not {shown(value)}")
    return operator.index(value)


def count_workers(workers: int) -> int:
    """The number of threads; raises TypeError for no whole number, ValueError below 1."""
    count = whole_number("workers", workers)
    if count < 1:
        raise ValueError(f"workers must be at least 1, not {count}")
    return count
