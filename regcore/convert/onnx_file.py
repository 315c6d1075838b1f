"""What an ONNX file holds, read without running it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regcore.backends import TensorSpec
from regcore.convert.torch_to_onnx import import_onnx
from regcore.errors import BackendError
from regcore.model_metadata import ModelMetadata

if TYPE_CHECKING:
    from onnx import ValueInfoProto

_STANDARD_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True)
class OnnxFile:
    """The facts of an ONNX file.

    inputs, outputs: without the weights. opset: of the standard operators.
    weights: how many values of each dtype its constant tensors have.
    metadata: what regcore wrote into it, or None.
    """

    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    opset: int
    producer: str
    weights: dict[str, int]
    metadata: ModelMetadata | None

    @property
    def image(self) -> TensorSpec:
        """The one image input; BackendError unless it has four dimensions, the last three fixed."""
        if len(self.inputs) == 1:
            shape = self.inputs[0].shape or ()
            if len(shape) == 4 and None not in shape[1:]:  # noqa: PLR2004
                return self.inputs[0]
        listed = ", ".join(map(str, self.inputs)) or "none"
        raise BackendError(
            f"{self.path}: expected one image input of a fixed size, the model has {listed}"
        )


def read_onnx(path: Path) -> OnnxFile:
    """Reads the facts; BackendError where the file is not there or is no ONNX model."""
    onnx = import_onnx()
    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise BackendError(f"{path}: {error.strerror}") from error
    except Exception as error:  # protobuf's, whose class depends on its version
        raise BackendError(f"{path}: not an ONNX model ({type(error).__name__})") from error
    graph = model.graph
    opsets = [o.version for o in model.opset_import if o.domain in _STANDARD_DOMAINS]
    if not graph.node or not opsets:
        raise BackendError(f"{path}: not an ONNX model (it has no operators)")
    constants = {tensor.name for tensor in graph.initializer}
    weights: Counter[str] = Counter()
    for tensor in graph.initializer:
        weights[_dtype(tensor.data_type)] += math.prod(tensor.dims)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    return OnnxFile(
        path=path,
        inputs=_specs(value for value in graph.input if value.name not in constants),
        outputs=_specs(graph.output),
        opset=max(opsets),
        producer=f"{model.producer_name} {model.producer_version}".strip(),
        weights=dict(weights.most_common()),
        metadata=ModelMetadata.from_properties(path, properties),
    )


def _specs(values: Iterable[ValueInfoProto]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            value.name,
            tuple(
                dim.dim_value if dim.HasField("dim_value") else None
                for dim in value.type.tensor_type.shape.dim
            ),
            _dtype(value.type.tensor_type.elem_type),
        )
        for value in values
    )


def _dtype(kind: int) -> str:
    name = str(import_onnx().TensorProto.DataType.Name(kind)).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)
