"""Float32 models to int8: what the quantisers share."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from regcore.convert.onnx.float_guards import own_nodes
from regcore.errors import BackendError, first_line
from regcore.models.onnx_package import check_onnx, import_onnx, opset_of

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

METHODS = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}
PERCENTILE = 99.999

_LOWEST_OPSET = 13  # of a scale for each channel


class PreparedModel(Protocol):
    """A model that can be quantised several times; graph: of what is quantised."""

    graph: GraphProto

    def quantised(self, kept: Sequence[str]) -> ModelProto:
        """The model in int8, but for the nodes of these names. Raises BackendError."""


@dataclass(frozen=True)
class Quantizer:
    """How a model is quantised; see regcore.api.quantize.quantize_model."""

    tool: str
    method: str
    percentile: float
    per_channel: bool
    symmetric: bool


def quantised_nodes(model: ModelProto, kept: Sequence[str]) -> tuple[int, int]:
    """How many nodes take dequantised values, and how many others there are, as those `kept`."""
    made = {
        output
        for node in model.graph.node
        if node.op_type == "DequantizeLinear"
        for output in node.output
    }
    own = own_nodes(model.graph)
    names = set(kept)
    quantised = sum(
        node.name not in names and any(name in made for name in node.input) for node in own
    )
    return quantised, len(own) - quantised


def in_opset(model: ModelProto) -> ModelProto:
    """The model in an operator set that knows a scale for each channel. Raises BackendError."""
    if opset_of(model) >= _LOWEST_OPSET:
        return model
    try:
        converted: ModelProto = import_onnx().version_converter.convert_version(
            model, _LOWEST_OPSET
        )
    except Exception as error:  # of ONNX's many classes
        raise BackendError(
            f"onnx does not raise its operators to opset {_LOWEST_OPSET}: {first_line(error)}"
        ) from error
    check_onnx(converted)
    return converted


@contextmanager
def silenced() -> Iterator[None]:
    """Quantisers print and log advice that is followed, and errors that they raise as well."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
