"""Files that hold one tensor: NumPy's .npy, ONNX's TensorProto, and plain values."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.input_file import read_input
from regcore.trust.identify.tensor_proto import read_tensor_proto

#: What the dtypes of files are called in a recipe; NumPy keeps bfloat16 as its bits.
_DTYPES = {
    "float32": "float32", "float16": "float16", "uint16": "bfloat16", "uint8": "uint8",
    "int8": "int8", "float64": "float64",
}  # fmt: skip
#: How zip archives begin; no values of photos do so by chance.
_ZIP = b"PK\3\4"
_PROTO_SUFFIXES = (".pb", ".tensorproto")


@dataclass(frozen=True)
class StoredTensor:
    """The bytes of a tensor, uint8 [bytes]; shape and dtype are None where the file says none."""

    path: str
    data: NDArray[np.uint8]
    shape: tuple[int, ...] | None = None
    dtype: str | None = None


def read_tensor(path: Path) -> StoredTensor:
    """What a file holds, by its suffix: .npy, .pb, or else values and nothing more.

    Raises DatasetError for a file that cannot be read, or whose values no recipe gives.
    """
    content = read_input(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return _stored(path, _from_npy(path, content))
    if suffix in _PROTO_SUFFIXES:
        return _stored(path, read_tensor_proto(path, content))
    if not content:
        raise DatasetError(f"{path}: is empty")
    if content.startswith(_ZIP):
        raise DatasetError(
            f"{path}: is a zip archive, as NumPy's .npz and torch's .pt are; save its tensor by "
            "numpy.save, and give that"
        )
    return StoredTensor(str(path), np.frombuffer(content, np.uint8))


def _from_npy(path: Path, content: bytes) -> NDArray[np.generic]:
    try:
        found: NDArray[np.generic] = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DatasetError(f"{path}: is no .npy file: {error}") from error
    return found


def _stored(path: Path, values: NDArray[np.generic]) -> StoredTensor:
    plain = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
    if plain.dtype.name not in _DTYPES:
        raise DatasetError(
            f"{path}: holds {plain.dtype.name}, which no recipe gives; it is one of "
            f"{', '.join(_DTYPES)}"
        )
    if not plain.size:
        raise DatasetError(f"{path}: has no values, its shape is {values.shape}")
    data = plain.reshape(-1).view(np.uint8)
    return StoredTensor(str(path), data, tuple(values.shape), _DTYPES[plain.dtype.name])
