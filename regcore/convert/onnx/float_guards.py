"""Nodes that stay in float also where ONNX Runtime would rather compute them in 8 bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from regcore.models.onnx_package import hold_only, import_onnx

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_SUFFIX = "_in_float"
_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm"})
#: Operators that move values and change none, through which runtimes move a DequantizeLinear.
_MOVE = frozenset(
    {"MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Flatten", "Identity"}
)


def guard_float_nodes(model: ModelProto, kept: Sequence[str]) -> None:
    """Puts a sum of one value before each node that stays in float and takes dequantised values.

    Between quantised tensors ONNX Runtime computes many a node in 8 bits when it opens the model,
    an addition as well as, from 1.21 on, a convolution whose weights are in float, those with one
    scale for all channels: a layer that was to stay in float would be the coarsest of all. It does
    so right behind a DequantizeLinear alone, and removes multiplications by 1, but no such sum.
    kept: the names of the nodes. Those that only move values give the same in 8 bits, and stay.
    """
    onnx = import_onnx()
    names = set(kept)
    constants = {tensor.name for tensor in model.graph.initializer}
    floats = {
        one.name for one in model.graph.initializer if one.data_type == onnx.TensorProto.FLOAT
    }
    makers = {name: node for node in model.graph.node for name in node.output}
    nodes: list[NodeProto] = []
    guarded: dict[str, str] = {}  # tensors
    for node in model.graph.node:
        wanted = node.name in names and node.op_type not in _MOVE
        weights = node.op_type in _WEIGHTED and len(node.input) > 1 and node.input[1] in floats
        for place, taken in enumerate(node.input):
            if not (wanted or (weights and place == 0)) or not _dequantised(
                taken, makers, constants
            ):
                continue
            if taken not in guarded:
                guarded[taken] = f"{taken}{_SUFFIX}"
                nodes.append(
                    onnx.helper.make_node("Sum", [taken], [guarded[taken]], name=guarded[taken])
                )
            node.input[place] = guarded[taken]
        nodes.append(node)
    if guarded:
        hold_only(model.graph.node, nodes)


def is_guard(node: NodeProto) -> bool:
    """Whether guard_float_nodes has put a node there."""
    return node.op_type == "Sum" and len(node.input) == 1 and node.name.endswith(_SUFFIX)


def own_nodes(graph: GraphProto) -> list[NodeProto]:
    """The nodes of a quantised graph that compute something."""
    linear = {"QuantizeLinear", "DequantizeLinear"}
    return [node for node in graph.node if node.op_type not in linear and not is_guard(node)]


def _dequantised(name: str, makers: Mapping[str, NodeProto], constants: set[str]) -> bool:
    """Whether a tensor has values of a DequantizeLinear, but for those of a constant."""
    while maker := makers.get(name):
        name = maker.input[0] if maker.input else ""
        if maker.op_type == "DequantizeLinear":
            return name not in constants
        if maker.op_type not in _MOVE:
            return False
    return False
