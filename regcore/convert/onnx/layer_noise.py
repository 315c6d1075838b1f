"""Each layer's values in a model of lower precision beside those of the float32 one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.convert.onnx.float_nodes import name_nodes, shape_nodes
from regcore.convert.onnx.score_noise import decibels, power
from regcore.errors import BackendError, MismatchError, first_line
from regcore.models.onnx_package import import_onnx
from regcore.models.onnx_writer import writing_onnx
from regcore.schemas.fields import Count, described

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto
    from onnxruntime import InferenceSession


@dataclass(frozen=True)
class LayerNoise:
    """A node of the float32 model whose result the other has, too."""

    place: Annotated[Count, described("In the order of computation, from 0.")]
    layer: Annotated[str, described("The node's name.")]
    operator: Annotated[str, described("What it computes, as ONNX calls it.")]
    signal_to_noise_db: Annotated[
        float | None,
        described("The float32 values to their difference, as powers; null: they are the same."),
    ]
    step_db: Annotated[
        float | None,
        described(
            "How far that is below the noisiest of its inputs; null where no input has noise."
        ),
    ]
    not_finite: Annotated[Count, described("Values that are NaN or infinite here alone.")]
    float32_nan: Annotated[
        Count, described("Values that are NaN in the float32 model, which are left out.")
    ]


class _Pair(NamedTuple):
    """A node and its result: the tensors of that in both models."""

    node: NodeProto
    theirs: str
    ours: str


@dataclass
class _Sums:
    signal: float = 0.0
    noise: float = 0.0
    not_finite: int = 0
    float32_nan: int = 0

    def add(self, theirs: NDArray[Any], ours: NDArray[Any]) -> None:
        theirs, ours = theirs.astype(np.float64), ours.astype(np.float64)
        finite = np.isfinite(theirs)
        both = finite & np.isfinite(ours)
        if not both.all():
            self.not_finite += int((finite & ~both).sum())
            self.float32_nan += int(np.isnan(theirs).sum())
            theirs, ours = theirs[both], ours[both]
        self.signal += power(theirs)
        self.noise += power(theirs - ours)


@dataclass
class _Walk:
    """What is known of tensors while the nodes are gone through: their ratio, None for no noise."""

    of_tensor: dict[str, float | None] = field(default_factory=dict)

    def inputs(self, node: NodeProto) -> float | None:
        known = [self.of_tensor.get(name) for name in node.input]
        return min((one for one in known if one is not None), default=None)


def layer_noise(
    path: Path,
    against: Path,
    images: NDArray[Any],
    batch: int,
    done: Callable[[int], object] = lambda _: None,
) -> list[LayerNoise]:
    """The layers of the float32 model `against` in the order of computation.

    images: as both models take them; batch: how many at once. done: is told how many images are.
    Where a value is quantised, what goes on is the quantised one. Raises MismatchError where the
    models have no layer in common, and BackendError where one of them does not run.
    """
    onnx = import_onnx()
    models = [onnx.load(file) for file in (against, path)]
    pairs = _pairs(models[0].graph, models[1].graph)
    if not pairs:
        raise MismatchError(
            f"{path} and {against} have no layer in common: the names of their tensors differ, as "
            "they do where the one was not made of the other"
        )
    with tempfile.TemporaryDirectory(prefix="regcore-layers-") as folder:
        theirs = _Opened(models[0], [pair.theirs for pair in pairs], Path(folder) / "0.onnx")
        ours = _Opened(models[1], [pair.ours for pair in pairs], Path(folder) / "1.onnx")
        sums = [_Sums() for _ in pairs]
        compared: set[int] = set()
        for at in range(0, len(images), batch):
            values = (opened.run(images[at : at + batch]) for opened in (theirs, ours))
            for number, (one, other) in enumerate(zip(*values, strict=True)):
                if one.dtype.kind == "f" and other.dtype.kind == "f" and one.shape == other.shape:
                    sums[number].add(one, other)
                    compared.add(number)
            done(min(at + batch, len(images)))
    found = {pairs[number].theirs: sums[number] for number in sorted(compared)}
    return _in_order(models[0].graph, found)


def _pairs(theirs: GraphProto, ours: GraphProto) -> list[_Pair]:
    name_nodes(theirs)
    sizes = set(shape_nodes(theirs))
    peers = _values(ours)
    return [
        _Pair(node, node.output[0], peers[node.output[0]])
        for node in theirs.node
        if node.op_type != "Constant" and node.name not in sizes and node.output[0] in peers
    ]


def _values(graph: GraphProto) -> dict[str, str]:
    """Of each tensor that a node makes the one that goes on: what 8 bits leave, else itself."""
    quantised = {
        node.input[0]: node.output[0] for node in graph.node if node.op_type == "QuantizeLinear"
    }
    restored = {
        node.input[0]: node.output[0] for node in graph.node if node.op_type == "DequantizeLinear"
    }
    made = [name for node in graph.node for name in node.output if name]
    return {name: restored.get(quantised.get(name, ""), name) for name in made}


def _in_order(graph: GraphProto, found: Mapping[str, _Sums]) -> list[LayerNoise]:
    walk = _Walk()
    layers: list[LayerNoise] = []
    for node in graph.node:
        inputs = walk.inputs(node)
        sums = found.get(node.output[0])
        if sums is None:  # what it makes of noise is not known
            walk.of_tensor.update(dict.fromkeys(node.output, inputs))
            continue
        ratio = decibels(sums.signal, sums.noise)
        walk.of_tensor.update(dict.fromkeys(node.output, ratio))
        step = None if inputs is None or ratio is None else inputs - ratio
        layers.append(
            LayerNoise(
                len(layers),
                node.name,
                node.op_type,
                ratio,
                step,
                sums.not_finite,
                sums.float32_nan,
            )
        )
    return layers


class _Opened:
    """A model that gives the values of these tensors."""

    def __init__(self, model: ModelProto, names: Sequence[str], path: Path) -> None:
        onnx, ort = import_onnx(), import_onnxruntime()
        outputs = {value.name for value in model.graph.output}
        for name in dict.fromkeys(names):
            if name not in outputs:
                model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
        self._names = list(names)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        try:
            with writing_onnx(model, path):
                pass
            self._session: InferenceSession = ort.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of ONNX Runtime's many classes
            raise BackendError(f"ONNX Runtime: {first_line(error)}") from error
        self._input = self._session.get_inputs()[0].name

    def run(self, images: NDArray[Any]) -> list[NDArray[Any]]:
        try:
            found: list[NDArray[Any]] = self._session.run(self._names, {self._input: images})
        except Exception as error:  # of ONNX Runtime's many classes
            raise BackendError(f"ONNX Runtime: {first_line(error)}") from error
        return found
