"""Tiny ONNX models: the scores are the mean colour of an image times a table of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

RECIPE = Recipe.preset("regnety_016")

#: Red, green and blue images belong to the classes 0, 1 and 2.
COLOURS = np.eye(3, dtype=np.float32)


def save_model(
    path: Path,
    *,
    weights: Any = COLOURS,
    batch: int | None = None,
    size: int | None = 224,
    dtype: str = "float32",
    extra_output: bool = False,
    says_recipe: bool = True,
) -> Path:
    """Writes a model with input image [batch, 3, size, size] and output class [batch, classes].

    says_recipe: whether a model of float32 images of 224 pixels has the guide's recipe in it.
    """
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    first = "N" if batch is None else batch
    weights = np.asarray(weights, dtype=dtype)
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["colour"]),
        helper.make_node("MatMul", ["colour", "weights"], ["class"]),
    ]
    outputs = [helper.make_tensor_value_info("class", kind, [first, weights.shape[1]])]
    if extra_output:
        outputs.append(helper.make_tensor_value_info("colour", kind, [first, 3]))
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", kind, [first, 3, size, size])],
        outputs,
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if says_recipe and size == RECIPE.crop and dtype == RECIPE.dtype:
        properties = ModelMetadata(RECIPE, "regnety_016", "none").to_properties()
        helper.set_model_props(model, properties)
    onnx.save(model, path)
    return path


def save_graph(
    path: Path,
    nodes: list[tuple[Any, ...]],
    output: tuple[str, list[Any] | None],
    *,
    image: tuple[str, list[Any]] = ("float32", ["N", 3, 8, 8]),
    constants: dict[str, Any] | None = None,
    properties: dict[str, str] | None = None,
    opset: int = 17,
) -> Path:
    """Writes a model from `image` to `class`, both with dtype and shape, of nodes.

    nodes: each of operator, inputs, outputs and attributes.
    """
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper

    def tensor(name: str, dtype: str, shape: list[Any] | None) -> Any:
        kind = {"bfloat16": onnx.TensorProto.BFLOAT16}.get(dtype)
        return helper.make_tensor_value_info(
            name, kind or helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape
        )

    graph = helper.make_graph(
        [helper.make_node(kind, *names, **attributes) for kind, *names, attributes in nodes],
        "made",
        [tensor("image", *image)],
        [tensor("class", *output)],
        [
            onnx.numpy_helper.from_array(np.asarray(value), name)
            for name, value in (constants or {}).items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, properties or {})
    onnx.save(model, path)
    return path
