"""ONNX's TensorProto, as its backend tests keep inputs: input_0.pb.

The fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.protobuf import INTEGER_BYTES, fields

_DIMS, _DATA_TYPE, _FLOAT_DATA, _INT32_DATA, _RAW_DATA, _DOUBLE_DATA = 1, 2, 4, 5, 9, 10
#: By the number of TensorProto.DataType; 16 is bfloat16, whose bits NumPy keeps.
_DTYPES = {1: "<f4", 2: "u1", 3: "i1", 10: "<f2", 11: "<f8", 16: "<u2"}


def read_tensor_proto(path: Path, content: bytes) -> NDArray[np.generic]:
    """The tensor; DatasetError where it is none, or keeps its values in another file."""
    dims: list[int] = []
    kind = 0
    parts: dict[int, list[bytes]] = {}
    try:
        for number, value in fields(memoryview(content)):
            if number == _DIMS:
                dims.append(_integer(value))
            elif number == _DATA_TYPE:
                kind = int.from_bytes(value, "little")
            elif number in (_FLOAT_DATA, _INT32_DATA, _RAW_DATA, _DOUBLE_DATA):
                parts.setdefault(number, []).append(bytes(value))
    except ValueError as error:
        raise DatasetError(f"{path}: is no TensorProto: {error}") from error
    if kind not in _DTYPES:
        raise DatasetError(f"{path}: its data type is {kind}, which no recipe gives")
    values = _values(parts, np.dtype(_DTYPES[kind]))
    if values is None or values.size != math.prod(dims):
        raise DatasetError(f"{path}: does not hold the values of its shape {dims}")
    return values.reshape(dims)


def _integer(value: memoryview) -> int:
    if len(value) != INTEGER_BYTES:
        raise ValueError("its shape is packed, which proto2 is not")
    return int.from_bytes(value, "little")


def _values(
    parts: dict[int, list[bytes]], dtype: np.dtype[np.generic]
) -> NDArray[np.generic] | None:
    if _RAW_DATA in parts:
        raw = parts[_RAW_DATA][-1]
        return None if len(raw) % dtype.itemsize else np.frombuffer(raw, dtype)
    for number, kind in ((_FLOAT_DATA, "<f4"), (_DOUBLE_DATA, "<f8")):
        if number in parts:
            return np.frombuffer(b"".join(parts[number]), kind).astype(dtype)
    return None
