"""ONNX models to files: one file, or one with the graph and one with the weights beside it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from regcore.files.atomic import replacing
from regcore.models.external_weights import weights_beside
from regcore.models.onnx_package import LARGE_TENSOR_BYTES, exceeds_file, import_onnx

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

# Runtimes map the file into memory, page by page.
_ALIGNMENT = 4096
_DIGEST_LETTERS = 16


@contextmanager
def writing_onnx(model: ModelProto, out: Path) -> Iterator[Path]:
    """Yields a file beside `out` that has the model, and becomes `out` at the end.

    Weights that no single file can hold go into `OUT.DIGEST.data` beside it, where DIGEST is that
    of the weights, so that no other model ever means this file; `model` then has them no more.
    Where the block raises, both go and `out` stays as it was. A file of this kind that belonged to
    what `out` was before goes at the end. Raises OutputError as `replacing` does.
    """
    before = _own_data(out)
    data = _move_weights(model, out) if exceeds_file(model) else None
    try:
        with replacing(out) as temporary:
            temporary.write_bytes(model.SerializeToString())
            yield temporary
    except BaseException:
        if data is not None and data not in before:
            data.unlink(missing_ok=True)
        raise
    for file in before:
        if file != data:
            file.unlink(missing_ok=True)


def _own_data(out: Path) -> list[Path]:
    """The files with weights that a model written here before has beside it."""
    name = re.compile(rf"{re.escape(out.name)}\.[0-9a-f]{{{_DIGEST_LETTERS}}}\.data")
    if not out.parent.is_dir():
        return []
    return weights_beside(out, [file for file in out.parent.iterdir() if name.fullmatch(file.name)])


def _move_weights(model: ModelProto, out: Path) -> Path:
    """Writes all large constants into a file of their own; they then refer to it."""
    weights = [
        tensor for tensor in model.graph.initializer if len(tensor.raw_data) >= LARGE_TENSOR_BYTES
    ]
    digest = hashlib.sha256()
    for tensor in weights:
        digest.update(tensor.raw_data)
    data = out.with_name(f"{out.name}.{digest.hexdigest()[:_DIGEST_LETTERS]}.data")
    with replacing(data) as temporary, temporary.open("wb") as file:
        for tensor in weights:
            _move(tensor, file, data.name)
    return data


def _move(tensor: TensorProto, file: BinaryIO, name: str) -> None:
    file.write(bytes(-file.tell() % _ALIGNMENT))
    offset, length = file.tell(), len(tensor.raw_data)
    file.write(tensor.raw_data)
    tensor.ClearField("raw_data")
    del tensor.external_data[:]
    for key, value in (("location", name), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    tensor.data_location = import_onnx().TensorProto.EXTERNAL
