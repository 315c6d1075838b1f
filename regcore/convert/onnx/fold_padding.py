"""Padding that is computed from sizes made constant, and a part of the convolution after it.

TensorFlow's padding is exported so. In 8 bits a runtime would leave it in float, between two
conversions of large tensors, which cost more than many a convolution.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.onnxruntime.library import import_onnxruntime
from regcore.models.onnx_package import exceeds_file, hold_only, import_onnx

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_SEVERE = 3  # of messages: none but errors
_DTYPES: dict[str, Any] = {"tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


def fold_padding(model: ModelProto, shape: tuple[int, ...], batch: int | None) -> int:
    """Folds each Pad of zeros around the pixels into its convolution; returns how many.

    shape: of an image. batch: the one that is built in; None: what is computed for one image must
    be the same for two. The convolutions give what they gave before. A model that is too large for
    one file, or that has graphs within its nodes, stays as it is.
    """
    nested = import_onnx().AttributeProto.GRAPH  # which may take from outside
    if exceeds_file(model) or any(
        one.type == nested for node in model.graph.node for one in node.attribute
    ):
        return 0
    wanted = _candidates(model)
    values = _constants(model, [pad.input[1] for pad, _ in wanted], shape, batch)
    folded = []
    for pad, conv in wanted:
        pads = values.get(pad.input[1])
        if pads is not None and _fold(pads, conv):
            conv.input[0] = pad.input[0]
            folded.append(pad.output[0])
    if folded:
        _drop_unused(model)
    return len(folded)


def _candidates(model: ModelProto) -> list[tuple[NodeProto, NodeProto]]:
    """Each Pad of zeros whose result one convolution alone takes, with that."""
    nodes = model.graph.node
    uses = Counter(name for node in nodes for name in node.input)
    uses.update(value.name for value in model.graph.output)
    takers = {node.input[0]: node for node in nodes if node.op_type == "Conv"}
    found = []
    for node in nodes:
        if node.op_type != "Pad" or len(node.input) < 2 or not _pads_zeros(node, model):  # noqa: PLR2004
            continue
        conv = takers.get(node.output[0])
        if conv is not None and uses[node.output[0]] == 1 and _pads_itself(conv):
            found.append((node, conv))
    return found


def _pads_zeros(pad: NodeProto, model: ModelProto) -> bool:
    modes = [one.s for one in pad.attribute if one.name == "mode"]
    axes = len(pad.input) > 3 and pad.input[3]  # noqa: PLR2004
    if any(mode != b"constant" for mode in modes) or axes:
        return False
    name = pad.input[2] if len(pad.input) > 2 else ""  # noqa: PLR2004
    if not name:
        return True
    tensors = [one for one in model.graph.initializer if one.name == name]
    tensors += [
        one.t
        for node in model.graph.node
        if node.op_type == "Constant" and node.output[0] == name
        for one in node.attribute
        if one.name == "value"
    ]
    to_array = import_onnx().numpy_helper.to_array
    return bool(tensors) and not any(to_array(one).any() for one in tensors)


def _pads_itself(conv: NodeProto) -> bool:
    """Whether its padding is that of its attribute `pads`."""
    modes = [one.s for one in conv.attribute if one.name == "auto_pad"]
    return all(mode in (b"NOTSET", b"VALID") for mode in modes)


def _constants(
    model: ModelProto, names: list[str], shape: tuple[int, ...], batch: int | None
) -> dict[str, NDArray[np.int64]]:
    """The values of those tensors that are the same whatever the images are, and how many."""
    if not names:
        return {}
    onnx, ort = import_onnx(), import_onnxruntime()
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    constants = {tensor.name: tensor for tensor in copy.graph.initializer}
    found = {
        name: onnx.numpy_helper.to_array(constants[name]) for name in names if name in constants
    }
    computed = [name for name in dict.fromkeys(names) if name not in found]
    if not computed:
        return found
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.helper.make_empty_tensor_value_info(one) for one in computed)
    options = ort.SessionOptions()
    options.log_severity_level = _SEVERE
    try:
        session = ort.InferenceSession(
            copy.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        image = session.get_inputs()[0]
        dtype = _DTYPES.get(image.type, np.float32)
        runs: list[list[Any]] = [
            session.run(computed, {image.name: np.full((count, *shape), filled, dtype)})
            for count, filled in ((batch or 1, 0), (batch or 2, 1))
        ]
    except Exception:  # noqa: BLE001  # of many classes; who runs the model says it better
        return found
    same = zip(computed, *runs, strict=True)
    return {**found, **{name: one for name, one, two in same if np.array_equal(one, two)}}


def _fold(pads: NDArray[np.int64], conv: NodeProto) -> bool:
    """Adds padding to that of a convolution; False where some of it is not around the pixels."""
    rank = len(pads) // 2
    low, high = pads[:rank], pads[rank:]
    if (pads < 0).any() or low[:2].any() or high[:2].any():
        return False
    own = next((one for one in conv.attribute if one.name == "pads"), None)
    more = [*low[2:].tolist(), *high[2:].tolist()]
    if own is None:
        conv.attribute.append(import_onnx().helper.make_attribute("pads", more))
    else:
        own.ints[:] = [one + two for one, two in zip(own.ints, more, strict=True)]
    for one in conv.attribute:
        if one.name == "auto_pad":
            one.s = b"NOTSET"
    return True


def _drop_unused(model: ModelProto) -> None:
    """Removes the nodes and constants that nobody takes any more."""
    graph = model.graph
    while True:
        used = {name for node in graph.node for name in node.input}
        used |= {value.name for value in graph.output}
        kept = [node for node in graph.node if used.intersection(node.output)]
        if len(kept) == len(graph.node):
            break
        hold_only(graph.node, kept)
    hold_only(graph.initializer, [one for one in graph.initializer if one.name in used])
