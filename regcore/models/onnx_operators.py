"""What an ONNX file says of its operators that ONNX Runtime does not tell, read without onnx."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from regcore.errors import BackendError
from regcore.files.input_file import read_input
from regcore.files.protobuf import INTEGER_BYTES, MAX_MESSAGE_BYTES, fields

_MAX_DEPTH = 32

# Numbers of fields in onnx.proto.
_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _FUNCTION_NODE = 1, 5, 7
_NODE_INPUT, _NODE_OUTPUT, _NODE_KIND, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INTEGER, _ATTRIBUTE_TENSOR = 1, 3, 5
_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS = 6, 11
_TENSOR_INT32S, _TENSOR_NAME, _TENSOR_RAW = 5, 8, 9

_RANDOM = (
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
)


@dataclass(frozen=True)
class _Node:
    kind: str
    inputs: list[str]
    outputs: list[str]
    integers: dict[str, int]
    tensors: dict[str, memoryview]


@dataclass
class _Found:
    """nodes: of all graphs. true: names of tensors that hold other than 0."""

    nodes: list[_Node] = field(default_factory=list)
    true: set[str] = field(default_factory=set)


def doubts(path: Path) -> tuple[str, ...]:
    """What makes the scores of the ONNX file `path` doubtful, one sentence or none.

    Raises BackendError where the file is not there, or is no regular one.
    """
    if not path.exists():
        raise BackendError(f"{path}: no such model file")
    operators = doubtful_operators(read_input(path, MAX_MESSAGE_BYTES, error=BackendError))
    doubt = (
        f"{path}: has {operators}, so that the scores of an image depend on those beside it or on "
        "chance; export it again in evaluation mode, after model.eval()"
    )
    return (doubt,) if operators else ()


def doubtful_operators(model: bytes) -> str:
    """What makes the scores of an ONNX model depend on the batch or on chance, or nothing.

    As in `2 BatchNormalization and 1 Dropout in training mode`. A model that is damaged, which
    others say better, has nothing.
    """
    found = _Found()
    try:
        for number, value in fields(memoryview(model)):
            if number == _MODEL_GRAPH:
                _read_nodes(value, _GRAPH_NODE, found)
            elif number == _MODEL_FUNCTIONS:
                _read_nodes(value, _FUNCTION_NODE, found)
    except ValueError:
        return ""
    training = Counter(node.kind for node in found.nodes if _trains(node, found.true))
    random = Counter(node.kind for node in found.nodes if node.kind in _RANDOM)
    parts = [
        f"{' and '.join(f'{count} {kind}' for kind, count in counted.items())} {what}"
        for counted, what in ((training, "in training mode"), (random, "of random numbers"))
        if counted
    ]
    return ", ".join(parts)


def _trains(node: _Node, true: set[str]) -> bool:
    if node.kind == "BatchNormalization":
        # Before opset 14 the further outputs, which nobody else wants, were the sign.
        several = sum(map(bool, node.outputs)) > 1
        return bool(node.integers.get("training_mode", several))
    return node.kind == "Dropout" and len(node.inputs) > 2 and node.inputs[2] in true  # noqa: PLR2004


def _read_nodes(graph: memoryview, node_field: int, found: _Found, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    for number, value in fields(graph):
        if number == node_field:
            node = _read_node(value, found, depth)
            found.nodes.append(node)
            if node.kind == "Constant" and _holds_true(node.tensors.get("value")):
                found.true.update(node.outputs)
        elif number == _GRAPH_INITIALIZER and node_field == _GRAPH_NODE and _holds_true(value):
            found.true.update(_text(part) for kind, part in fields(value) if kind == _TENSOR_NAME)


def _read_node(node: memoryview, found: _Found, depth: int) -> _Node:
    read = _Node("", [], [], {}, {})
    kind = ""
    for number, value in fields(node):
        if number == _NODE_INPUT:
            read.inputs.append(_text(value))
        elif number == _NODE_OUTPUT:
            read.outputs.append(_text(value))
        elif number == _NODE_KIND:
            kind = _text(value)
        elif number == _NODE_ATTRIBUTE:
            _read_attribute(value, read, found, depth)
    return _Node(kind, read.inputs, read.outputs, read.integers, read.tensors)


def _read_attribute(attribute: memoryview, node: _Node, found: _Found, depth: int) -> None:
    name, integer, tensor = "", None, None
    for number, value in fields(attribute):
        if number == _ATTRIBUTE_NAME:
            name = _text(value)
        elif number == _ATTRIBUTE_INTEGER:
            integer = int.from_bytes(value, "little")
        elif number == _ATTRIBUTE_TENSOR:
            tensor = value
        elif number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
            _read_nodes(value, _GRAPH_NODE, found, depth + 1)
    if integer is not None:
        node.integers[name] = integer
    if tensor is not None:
        node.tensors[name] = tensor


def _holds_true(tensor: memoryview | None) -> bool:
    """Whether a tensor of one value holds other than 0."""
    if tensor is None:
        return False
    return any(
        any(value)
        for number, value in fields(tensor)
        if number in (_TENSOR_INT32S, _TENSOR_RAW) and len(value) <= INTEGER_BYTES
    )


def _text(value: memoryview) -> str:
    return bytes(value).decode(errors="replace")
