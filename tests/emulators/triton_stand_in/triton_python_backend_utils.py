"""Of Triton's Python backend what a model that prepares images uses, and strict about it.

What the server refuses, or crashes on, is an error here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES: dict[str, type[Any]] = {
    "TYPE_BOOL": np.bool_,
    "TYPE_UINT8": np.uint8,
    "TYPE_INT64": np.int64,
    "TYPE_FP16": np.float16,
    "TYPE_FP32": np.float32,
    "TYPE_STRING": np.object_,
}


class TritonModelException(Exception):  # noqa: N818  # its name
    """What a model raises."""


class TritonError:
    """What a response has in place of tensors."""

    def __init__(self, message: str) -> None:
        if not isinstance(message, str):
            raise TypeError("an error has a message")
        self._message = message

    def message(self) -> str:
        return self._message


class Tensor:
    """A named array of a dtype that Triton knows."""

    def __init__(self, name: str, array: NDArray[Any]) -> None:
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name}: a tensor is made of a NumPy array")
        if array.dtype.type not in _DTYPES.values():
            raise TypeError(f"{name}: Triton has no {array.dtype}")
        self._name, self._array = name, array

    def name(self) -> str:
        return self._name

    def as_numpy(self) -> NDArray[Any]:
        return self._array

    def is_cpu(self) -> bool:
        return True


class InferenceRequest:
    """What the server hands over."""

    def __init__(self, inputs: list[Tensor]) -> None:
        self._inputs = inputs

    def inputs(self) -> list[Tensor]:
        return self._inputs


class InferenceResponse:
    """Tensors, or an error."""

    def __init__(self, output_tensors: list[Tensor], error: TritonError | None = None) -> None:
        if not all(isinstance(tensor, Tensor) for tensor in output_tensors):
            raise TypeError("a response has tensors")
        if error is not None and not isinstance(error, TritonError):
            raise TypeError("an error is a TritonError")
        self._tensors, self._error = output_tensors, error

    def output_tensors(self) -> list[Tensor]:
        return self._tensors

    def error(self) -> TritonError | None:
        return self._error


def get_input_tensor_by_name(request: InferenceRequest, name: str) -> Tensor | None:
    """The input of this name, None where there is none."""
    return next((tensor for tensor in request.inputs() if tensor.name() == name), None)


def get_output_config_by_name(config: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The output of config.pbtxt of this name, None where there is none."""
    return next((output for output in config["output"] if output["name"] == name), None)


def triton_string_to_numpy(name: str) -> type[Any]:
    """The NumPy type of one of Triton's."""
    return _DTYPES[name]
