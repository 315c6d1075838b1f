"""Normalisation moved into the model: pixels in as uint8, a quarter of the bytes of float32."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from regcore.backends.onnxruntime.backend import import_onnxruntime
from regcore.images.preprocessor import Preprocessor
from regcore.images.recipe import Recipe
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_package import check_onnx, import_onnx

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

#: What the names of the normalising nodes begin with.
PREFIX = "regcore/normalise/"

_TO_NCHW = (0, 3, 1, 2)
_IR_VERSION = 8


def fuse_preprocess(model: ModelProto, metadata: ModelMetadata) -> None:
    """Gives the model's input [N, 3, crop, crop] the recipe's uint8 and layout, in place.

    Its first nodes then are the contract's three float32 operations: u8 / 255, - mean, / std.
    metadata: with that recipe; it goes into the model.
    """
    recipe = metadata.recipe
    helper = import_onnx().helper
    graph = model.graph
    (image,) = graph.input
    name, normalised = image.name, f"{PREFIX}image"
    for node in graph.node:
        node.input[:] = [normalised if value == name else value for value in node.input]
    nodes, constants = _normalising_nodes(recipe, name, normalised)
    batch = image.type.tensor_type.shape.dim[0]
    shape = [batch.dim_param or batch.dim_value, *recipe.image_shape]
    uint8 = import_onnx().TensorProto.UINT8
    image.CopyFrom(helper.make_tensor_value_info(name, uint8, shape))
    others = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *others])
    graph.initializer.extend(constants)
    helper.set_model_props(model, metadata.to_properties())
    check_onnx(model)


def normalisation_difference(recipe: Recipe, opset: int) -> float:
    """The largest difference between the normalising nodes, run on the CPU, and the contract.

    Over all 256 values of every channel; 0.0 means equal.
    """
    onnx = import_onnx()
    helper, kinds = onnx.helper, onnx.TensorProto
    small = replace(recipe, resize=16, crop=16)
    nodes, constants = _normalising_nodes(small, "image", "normalised")
    graph = helper.make_graph(
        nodes,
        "normalise",
        [helper.make_tensor_value_info("image", kinds.UINT8, [1, *small.image_shape])],
        [helper.make_tensor_value_info("normalised", kinds.FLOAT, [1, 3, 16, 16])],
        constants,
    )
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    session = import_onnxruntime().InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (ours,) = session.run(None, {"image": Preprocessor(small)([values])})
    theirs = Preprocessor(replace(small, dtype="float32", layout="nchw"))([values])
    return float(np.abs(ours - theirs).max())


def _normalising_nodes(
    recipe: Recipe, source: str, result: str
) -> tuple[list[NodeProto], list[Any]]:
    onnx = import_onnx()
    constants = {
        "scale": np.float32(255).reshape(1, 1, 1, 1),
        "mean": np.array(recipe.mean, np.float32).reshape(1, 3, 1, 1),
        "std": np.array(recipe.std, np.float32).reshape(1, 3, 1, 1),
    }
    # TensorRT takes uint8 only where a Cast comes next, so that any transposition comes after it.
    steps: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Cast", [], {"to": onnx.TensorProto.FLOAT})
    ]
    if recipe.layout == "nhwc":
        steps.append(("Transpose", [], {"perm": _TO_NCHW}))
    steps += [("Div", ["scale"], {}), ("Sub", ["mean"], {}), ("Div", ["std"], {})]
    nodes = []
    for number, (kind, operands, attributes) in enumerate(steps):
        name = f"{PREFIX}{number}_{kind}"
        output = result if number == len(steps) - 1 else f"{name}_output"
        inputs = [source, *(PREFIX + operand for operand in operands)]
        nodes.append(onnx.helper.make_node(kind, inputs, [output], name=name, **attributes))
        source = output
    tensors = [onnx.numpy_helper.from_array(v, PREFIX + k) for k, v in constants.items()]
    return nodes, tensors
