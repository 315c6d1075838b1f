"""Whether an ONNX file says of the first side of its images that it is the batch."""

from __future__ import annotations

from pathlib import Path

from regcore.errors import BackendError
from regcore.files.input_file import read_input
from regcore.files.protobuf import MAX_MESSAGE_BYTES, fields

#: What ONNX calls the axis of the images of a batch.
BATCH = "DATA_BATCH"

# Numbers of fields in onnx.proto: from the model to the denotation of a side of an input.
_GRAPH, _INPUT = 7, 11
_VALUE_NAME, _TO_SHAPE = 1, (2, 1, 2)
_SIDE, _DENOTATION = 1, 3


def denotes_batch(path: Path, image: str) -> bool:
    """Whether the first side of the input `image`, and no other, is denoted as the batch."""
    content = memoryview(read_input(path, MAX_MESSAGE_BYTES, error=BackendError))
    try:
        for graph in _all(content, _GRAPH):
            for value in _all(graph, _INPUT):
                if any(_text(name) == image for name in _all(value, _VALUE_NAME)):
                    return _denotations(value) == [True]
    except ValueError:  # who opens the model says it better
        return False
    return False


def _denotations(value: memoryview) -> list[bool]:
    """For each side down to the last that is denoted as the batch, whether it is."""
    messages = [value]
    for number in _TO_SHAPE:
        messages = [inner for message in messages for inner in _all(message, number)]
    sides = [side for shape in messages for side in _all(shape, _SIDE)]
    batch = [any(_text(word) == BATCH for word in _all(side, _DENOTATION)) for side in sides]
    while batch and not batch[-1]:
        batch.pop()
    return batch


def _all(message: memoryview, number: int) -> list[memoryview]:
    return [value for found, value in fields(message) if found == number]


def _text(value: memoryview) -> str:
    return bytes(value).decode(errors="replace")
