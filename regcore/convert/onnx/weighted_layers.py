"""The layers of a model: a node with weights, and what follows it until the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regcore.convert.onnx.float_nodes import shape_nodes

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


class Layer(NamedTuple):
    """name: of the node with weights. nodes: the names of all, in the order of computation."""

    name: str
    nodes: tuple[str, ...]


def layers_of(graph: GraphProto) -> list[Layer]:
    """The layers of a graph whose nodes have names, in the order of computation.

    A node without weights belongs to the latest of the layers that it takes from, as an addition
    does to the branch that ends there. What comes before the first layer, and what computes sizes,
    belongs to none.
    """
    constants = {tensor.name for tensor in graph.initializer}
    constants |= {name for node in graph.node if node.op_type == "Constant" for name in node.output}
    sizes = set(shape_nodes(graph))
    layers: list[tuple[str, list[str]]] = []
    layer_of: dict[str, int] = {}  # a tensor's
    for node in graph.node:  # which are in the order of their computation
        if node.op_type == "Constant" or node.name in sizes:
            continue
        if _has_weights(node, constants):
            layers.append((node.name, []))
            place = len(layers) - 1
        else:
            place = max((layer_of.get(name, -1) for name in node.input), default=-1)
        if place >= 0:
            layers[place][1].append(node.name)
            layer_of.update(dict.fromkeys(node.output, place))
    return [Layer(name, tuple(nodes)) for name, nodes in layers]


def _has_weights(node: NodeProto, constants: set[str]) -> bool:
    return node.op_type in _WEIGHTED and any(name in constants for name in node.input[:2])
