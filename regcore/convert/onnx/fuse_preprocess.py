"""Normalisation moved into the model: pixels in as uint8, a quarter of the bytes of float32."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.errors import UsageError
from regcore.images.preprocessor import Preprocessor
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_package import check_onnx, hold_only, import_onnx
from regcore.recipes.recipe import Recipe

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

#: What the names of the normalising nodes begin with.
PREFIX = "regcore/normalise/"

_TO_NCHW = (0, 3, 1, 2)
_IR_VERSION = 8


def fuse_preprocess(model: ModelProto, metadata: ModelMetadata) -> None:
    """Gives the model's input [N, channels, rows, columns] the recipe's uint8 and layout, in place.

    Its first nodes then are the contract's float32 operations: u8 / divisor, - mean, / std.
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
    hold_only(graph.node, [*nodes, *graph.node])
    graph.initializer.extend(constants)
    helper.set_model_props(model, metadata.to_properties())
    check_onnx(model)


def normalisation_difference(recipe: Recipe, opset: int) -> float:
    """The largest difference between the normalising nodes, run on the CPU, and the contract.

    Over all 256 values of every channel; 0.0 means equal.
    """
    onnx = import_onnx()
    helper, kinds = onnx.helper, onnx.TensorProto
    small = replace(recipe, resize=16, crop=16, fit="exact")
    channels = len(recipe.mean)
    nodes, constants = _normalising_nodes(small, "image", "normalised")
    graph = helper.make_graph(
        nodes,
        "normalise",
        [helper.make_tensor_value_info("image", kinds.UINT8, [1, *small.image_shape])],
        [helper.make_tensor_value_info("normalised", kinds.FLOAT, [1, channels, 16, 16])],
        constants,
    )
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    session = import_onnxruntime().InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (ours,) = session.run(None, {"image": Preprocessor(small)([values])})
    theirs = Preprocessor(small.in_form("float32", "nchw"))([values])
    return float(np.abs(ours - theirs).max())


def _normalising_nodes(
    recipe: Recipe, source: str, result: str
) -> tuple[list[NodeProto], list[Any]]:
    onnx = import_onnx()
    values = {"scale": (recipe.divisor,), "mean": recipe.mean, "std": recipe.std}
    if recipe.second_std is not None:
        values["second_std"] = recipe.second_std
    if recipe.arithmetic == "float64":
        raise UsageError("a normalisation in float64 is not for devices, and cannot be fused")
    if recipe.arithmetic == "product":
        values["scale"] = (1 / recipe.divisor,)
    constants = {k: np.array(v, np.float32).reshape(1, -1, 1, 1) for k, v in values.items()}
    kinds = {"mean": "Sub", "scale": "Mul" if recipe.arithmetic == "product" else "Div"}
    # TensorRT takes uint8 only where a Cast comes next, so that any transposition comes after it.
    steps: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Cast", [], {"to": onnx.TensorProto.FLOAT})
    ]
    if recipe.layout == "nhwc":
        steps.append(("Transpose", [], {"perm": _TO_NCHW}))
    steps += [(kinds.get(name, "Div"), [name], {}) for name in constants]
    nodes = []
    for number, (kind, operands, attributes) in enumerate(steps):
        name = f"{PREFIX}{number}_{kind}"
        output = result if number == len(steps) - 1 else f"{name}_output"
        inputs = [source, *(PREFIX + operand for operand in operands)]
        nodes.append(onnx.helper.make_node(kind, inputs, [output], name=name, **attributes))
        source = output
    tensors = [onnx.numpy_helper.from_array(v, PREFIX + k) for k, v in constants.items()]
    return nodes, tensors
