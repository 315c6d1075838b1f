"""What an ONNX file holds, read without running it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from regcore.errors import BackendError, RegcoreError
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_operators import doubts
from regcore.models.onnx_package import STANDARD_DOMAINS, import_onnx
from regcore.models.tensors import TensorSpec, empty_size, image_input

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto, TypeProto, ValueInfoProto


@dataclass(frozen=True)
class OnnxFile:
    """The facts of an ONNX file.

    inputs, outputs: without the weights. opset: of the standard operators.
    weights: how many values of each dtype its constant tensors have.
    metadata: what regcore wrote into it of its images, or None.
    properties: all its key-value pairs.
    doubts: what makes its scores doubtful, a sentence each.
    data_files: names of the files with weights outside of it, and what is wrong with each, or
    nothing.
    """

    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    opset: int
    producer: str
    weights: dict[str, int]
    metadata: ModelMetadata | None
    properties: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    data_files: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        """All that belongs to the model."""
        return [self.path, *(self.path.parent / name for name in self.data_files)]

    def check_data(self) -> None:
        """Raises BackendError where files with weights are missing or cut short."""
        for name, problem in self.data_files.items():
            if problem:
                raise BackendError(f"{self.path}: its weights in {name}: {problem}")

    @property
    def image(self) -> TensorSpec:
        """The one image input; BackendError unless it has four dimensions, the last three fixed."""
        if len(self.inputs) == 1:
            image = image_input(self.path, self.inputs)
            if len(image.shape or ()) == 4 and None not in (image.shape or ())[1:]:  # noqa: PLR2004
                return image
        listed = ", ".join(map(str, self.inputs)) or "none"
        raise BackendError(
            f"{self.path}: expected one image input of a fixed size, the model has {listed}"
        )


def read_onnx(path: Path) -> OnnxFile:
    """Reads the facts; BackendError where the file is not there or is no ONNX model."""
    onnx = import_onnx()
    found = doubts(path)
    try:
        return _facts(path, onnx.load(path, load_external_data=False), found)
    except RegcoreError:
        raise
    except OSError as error:
        raise BackendError(f"{path}: {error.strerror}") from error
    except Exception as error:  # protobuf's, whose class depends on its version
        raise BackendError(f"{path}: not an ONNX model, or only a part of one") from error


def _facts(path: Path, model: ModelProto, found: tuple[str, ...]) -> OnnxFile:
    graph = model.graph
    opsets = [o.version for o in model.opset_import if o.domain in STANDARD_DOMAINS]
    if not graph.node or not opsets:
        raise BackendError(f"{path}: not an ONNX model (it has no operators)")
    constants = {tensor.name for tensor in graph.initializer}
    weights: Counter[str] = Counter()
    for tensor in graph.initializer:
        weights[_dtype(tensor.data_type)] += math.prod(tensor.dims)
    properties = {_text(entry.key): _text(entry.value) for entry in model.metadata_props}
    inputs = _specs(value for value in graph.input if value.name not in constants)
    return OnnxFile(
        path=path,
        inputs=inputs,
        outputs=_specs(graph.output),
        opset=max(opsets),
        producer=f"{_text(model.producer_name)} {_text(model.producer_version)}".strip(),
        weights=dict(weights.most_common()),
        metadata=ModelMetadata.from_properties(path, properties),
        properties=properties,
        doubts=(*filter(None, (empty_size(path, spec) for spec in inputs)), *found),
        data_files=_data_files(path, graph.initializer),
    )


def _data_files(path: Path, tensors: Iterable[TensorProto]) -> dict[str, str]:
    """The files with weights beside a model; see OnnxFile."""
    problems: dict[str, str] = {}
    for tensor in tensors:
        place = {_text(entry.key): _text(entry.value) for entry in tensor.external_data}
        name = place.get("location", "")
        if not name or tensor.data_location != import_onnx().TensorProto.EXTERNAL:
            continue
        end = int(place.get("offset") or 0) + int(place.get("length") or 0)
        problems[name] = problems.get(name) or _problem(path.parent, name, end)
    return problems


def _problem(folder: Path, name: str, end: int) -> str:
    if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
        return "lie outside of the model's folder, where no runtime reads them"
    file = folder / name
    if not file.is_file():
        return "this file is missing beside the model"
    size = file.stat().st_size
    return "" if size >= end else f"the file is cut short, {size} of {end} bytes"


def _specs(values: Iterable[ValueInfoProto]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            _text(value.name),
            _shape(value.type.tensor_type),
            _dtype(value.type.tensor_type.elem_type),
        )
        for value in values
    )


def _shape(tensor: TypeProto.Tensor) -> tuple[int | None, ...] | None:
    if not tensor.HasField("shape"):
        return None
    # Negative sizes are another way to say that they may vary.
    return tuple(
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None
        for dim in tensor.shape.dim
    )


def _text(value: str | bytes) -> str:
    """The text itself; protobuf gives the bytes of what is not UTF-8."""
    return value if isinstance(value, str) else value.decode(errors="backslashreplace")


def _dtype(kind: int) -> str:
    name = str(import_onnx().TensorProto.DataType.Name(kind)).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)
