"""Weights that stay in float also where ONNX Runtime would rather have them in 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regcore.models.onnx_package import import_onnx

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

_SUFFIX = "_in_float"


def guard_float_weights(model: ModelProto) -> None:
    """Puts a multiplication by 1 before each node of float weights that takes dequantised values.

    From 1.21 on ONNX Runtime quantises such weights when it opens the model, with one scale for all
    channels, if the node's result is quantised, too: a layer that was to stay in float would be
    the coarsest of all. It does so right behind a DequantizeLinear alone.
    """
    onnx = import_onnx()
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    nodes: list[NodeProto] = []
    guarded: dict[str, str] = {}  # tensors
    for node in model.graph.node:
        ones = _ones(node, weights)
        maker = makers.get(node.input[0]) if node.input else None
        if ones is not None and maker is not None and maker.op_type == "DequantizeLinear":
            taken = node.input[0]
            if taken not in guarded:
                guarded[taken] = f"{taken}{_SUFFIX}"
                constant = f"{guarded[taken]}_ones"
                model.graph.initializer.append(onnx.numpy_helper.from_array(ones, constant))
                nodes.append(
                    onnx.helper.make_node(
                        "Mul", [taken, constant], [guarded[taken]], name=guarded[taken]
                    )
                )
            node.input[0] = guarded[taken]
        nodes.append(node)
    if guarded:
        made = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del model.graph.node[:]
        model.graph.node.extend(made)


def _ones(node: NodeProto, weights: dict[str, TensorProto]) -> Any:  # noqa: ANN401
    """1 for each channel of the input; None of a node whose weights nobody would quantise."""
    tensor = weights.get(node.input[1]) if len(node.input) > 1 else None
    if tensor is None or tensor.data_type != import_onnx().TensorProto.FLOAT:
        return None
    settings = {one.name: one.i for one in node.attribute}
    if node.op_type == "Gemm" and not settings.get("transA"):
        return np.ones(tensor.dims[1 if settings.get("transB") else 0], np.float32)
    if node.op_type not in {"Conv", "ConvTranspose"}:
        return None
    first = node.op_type == "ConvTranspose"
    channels = tensor.dims[0] if first else tensor.dims[1] * settings.get("group", 1)
    return np.ones((1, channels, *[1] * (len(tensor.dims) - 2)), np.float32)
