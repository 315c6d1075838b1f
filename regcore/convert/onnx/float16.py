"""Float32 models to float16, by ONNX Runtime's converter."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.convert.onnx.fuse_preprocess import PREFIX
from regcore.models.onnx_package import (
    check_onnx,
    exceeds_file,
    import_onnx,
    without_weights,
)

if TYPE_CHECKING:
    from onnx import ModelProto


def to_float16(model: ModelProto, kept: Sequence[str] = ()) -> ModelProto:
    """The model computing in float16; its input and output keep their types.

    kept: the names of nodes that stay float32. So does a fused normalisation: float16 is too coarse
    for its constants.
    """
    import_onnxruntime()
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    known = exceeds_file(model)
    if known:
        # What follows can infer shapes of one message only.
        inferred = import_onnx().shape_inference.infer_shapes(without_weights(model))
        del model.graph.value_info[:]
        model.graph.value_info.extend(inferred.graph.value_info)
    fused = [node.name for node in model.graph.node if node.name.startswith(PREFIX)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of weights that become 0 or the largest float16
        converted: ModelProto = convert_float_to_float16(
            model, keep_io_types=True, node_block_list=[*fused, *kept], disable_shape_infer=known
        )
    # The converter appends its Casts at the end.
    OnnxModel.graph_topological_sort(converted.graph)
    check_onnx(converted)
    return converted


def float16_nodes(converted: ModelProto, names: Collection[str]) -> tuple[int, int]:
    """How many nodes of these names take or give float16 in a converted model, and how many others.

    names: those of the nodes before the conversion, which adds its own Casts.
    """
    onnx = import_onnx()
    known = without_weights(converted) if exceeds_file(converted) else converted
    graph = onnx.shape_inference.infer_shapes(known).graph
    types = {one.name: one.data_type for one in graph.initializer}
    for values in (graph.input, graph.output, graph.value_info):
        types |= {one.name: one.type.tensor_type.elem_type for one in values}
    half = sum(
        any(types.get(name) == onnx.TensorProto.FLOAT16 for name in (*node.input, *node.output))
        for node in graph.node
        if node.name in names
    )
    return half, len(names) - half
