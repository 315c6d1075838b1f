"""The package onnx, which is imported where it is needed, and what it says of a model.

No protobuf message, and so no ONNX file, has more than 2 GiB. A model with more weights exists in
memory; what reads or checks it as one message gets it without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from regcore.errors import BackendError, first_line

if TYPE_CHECKING:
    from onnx import ModelProto

STANDARD_DOMAINS = ("", "ai.onnx")
#: Of a model in one file; there must be room for its graph, too.
MOST_WEIGHTS_BYTES = (1 << 31) - (1 << 25)
#: A constant from this size on is weights, not something that shapes hang on.
LARGE_TENSOR_BYTES = 1 << 10
#: From this one on a constant need not be an input.
_CONSTANTS_IR_VERSION = 4


def import_onnx() -> ModuleType:
    """The onnx module. Raises BackendError where it is not installed."""
    try:
        import onnx
    except ImportError as error:
        raise BackendError(
            f"onnx is not installed ({error}); install it with: pip install 'regcore[convert]'"
        ) from error
    return onnx


def check_onnx(model: ModelProto) -> None:
    """Raises BackendError where ONNX's checker, shape inference included, refuses the model."""
    onnx = import_onnx()
    checked = without_weights(model) if exceeds_file(model) else model
    try:
        onnx.checker.check_model(checked, full_check=True)
    except Exception as error:  # its exceptions share no other base
        raise BackendError(f"the ONNX checker refuses the model: {first_line(error)}") from error


def exceeds_file(model: ModelProto) -> bool:
    """Whether the weights of a model are more than one file of ONNX can hold."""
    return weights_bytes(model) > MOST_WEIGHTS_BYTES


def weights_bytes(model: ModelProto) -> int:
    """The bytes of a model's constant tensors, as files have them."""
    return sum(len(tensor.raw_data) for tensor in model.graph.initializer)


def without_weights(model: ModelProto) -> ModelProto:
    """The same model, but with large constants as inputs of their type and shape."""
    onnx = import_onnx()
    made: ModelProto = onnx.ModelProto()
    for name, value in model.ListFields():
        if name.name != "graph":
            _put(made, name.name, value)
    for name, value in model.graph.ListFields():
        if name.name != "initializer":
            _put(made.graph, name.name, value)
    inputs = {value.name for value in model.graph.input}
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < LARGE_TENSOR_BYTES:
            made.graph.initializer.append(tensor)
        elif tensor.name not in inputs:
            made.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
    return made


def _put(message: Any, name: str, value: Any) -> None:  # noqa: ANN401
    field = getattr(message, name)
    if hasattr(field, "extend"):
        field.extend(value)
    elif hasattr(field, "CopyFrom"):
        field.CopyFrom(value)
    else:
        setattr(message, name, value)


def hold_only(field: Any, messages: Iterable[Any]) -> None:  # noqa: ANN401
    """Makes a repeated field hold these messages, which may be some that it holds now."""
    # Copies: protobuf may take the others back with the field's own.
    copies = [type(one).FromString(one.SerializeToString()) for one in messages]
    del field[:]
    field.extend(copies)


def constants_are_no_inputs(model: ModelProto) -> None:
    """Takes the constants of a model, which older ones name as inputs, too, from those inputs."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]
    hold_only(model.graph.input, inputs)
    model.ir_version = max(model.ir_version, _CONSTANTS_IR_VERSION)


def opset_of(model: ModelProto) -> int:
    """The version of ONNX's own operators in a model."""
    return max(int(one.version) for one in model.opset_import if one.domain in STANDARD_DOMAINS)
