"""What an .om takes and gives, as the device's runtime tells it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regcore.backends.ascend.pyacl import Acl
from regcore.backends.ascend.resources import Resources
from regcore.counted import counted
from regcore.errors import BackendError
from regcore.models.tensors import TensorSpec, image_input

#: The input with the gear of a dynamic batch, and the one with parameters of a dynamic AIPP.
GEAR_INPUT, _AIPP_INPUT = "ascend_mbatch_shape_data", "ascend_dynamic_aipp_data"

# aclDataType
_DTYPES = {
    0: "float32",
    1: "float16",
    2: "int8",
    3: "int32",
    4: "uint8",
    6: "int16",
    7: "uint16",
    8: "uint32",
    9: "int64",
    10: "uint64",
    11: "float64",
    12: "bool",
}


@dataclass(frozen=True)
class ModelIO:
    """A model's tensors.

    image, outputs: their batch is None where it is chosen from `gears`, which are the batches that
    the model can compute, in ascending order; there is one where the batch is built in.
    image_index, gear_index: of these inputs; the latter is None where the batch is built in.
    input_bytes, output_bytes: of all inputs and outputs, for the largest batch.
    """

    image: TensorSpec
    outputs: tuple[TensorSpec, ...]
    gears: tuple[int, ...]
    image_index: int
    gear_index: int | None
    input_bytes: tuple[int, ...]
    output_bytes: tuple[int, ...]

    @property
    def batches(self) -> tuple[int, ...]:
        """As in the record of an .om."""
        return self.gears


def describe_model(acl: Acl, resources: Resources, model: int) -> ModelIO:
    """Describes a loaded model. Raises BackendError where it is none of images and scores."""
    desc = resources.handle("mdl.create_desc", undo="mdl.destroy_desc")
    acl.do("mdl.get_desc", desc, model)
    inputs = [_spec(acl, desc, i, "input") for i in range(acl.get("mdl.get_num_inputs", desc))]
    outputs = [_spec(acl, desc, i, "output") for i in range(acl.get("mdl.get_num_outputs", desc))]
    names = [spec.name for spec in inputs]
    if _AIPP_INPUT in names:
        raise BackendError(f"{acl.subject}: dynamic AIPP is not supported: convert with static")
    image = image_input(acl.subject, [spec for spec in inputs if spec.name != GEAR_INPUT])
    gears = _gears(acl, desc, image)
    shape = image.shape or ()
    if None in shape[1:] or not gears or (len(gears) > 1) != (GEAR_INPUT in names):
        raise BackendError(
            f"{acl.subject}: of its sizes only the batch may vary, but it takes {image}"
        )
    if len(gears) > 1:
        # Their batch is the largest gear, or -1: the documents and their examples differ.
        outputs = [replace(spec, shape=(None, *(spec.shape or ())[1:])) for spec in outputs]
    found = ModelIO(
        image=image,
        outputs=tuple(outputs),
        gears=gears,
        image_index=names.index(image.name),
        gear_index=names.index(GEAR_INPUT) if GEAR_INPUT in names else None,
        input_bytes=_sizes(acl, desc, len(inputs), "input"),
        output_bytes=_sizes(acl, desc, len(outputs), "output"),
    )
    _check_sizes(acl, found)
    return found


def _spec(acl: Acl, desc: int, index: int, side: str) -> TensorSpec:
    dims: dict[str, Any] = acl.value(f"mdl.get_{side}_dims", desc, index)
    dtype = acl.get(f"mdl.get_{side}_data_type", desc, index)
    shape = tuple(None if dim < 0 else int(dim) for dim in dims["dims"])
    # An output is called after its node, as in Gemm_105:0:class, and then as in the ONNX file.
    name = str(dims["name"]).rsplit(":", 1)[-1]
    return TensorSpec(name, shape, _DTYPES.get(dtype, f"aclDataType {dtype}"))


def _gears(acl: Acl, desc: int, image: TensorSpec) -> tuple[int, ...]:
    gears: dict[str, Any] = acl.value("mdl.get_dynamic_batch", desc)
    if gears["batchCount"]:
        return tuple(sorted(gears["batch"][: gears["batchCount"]]))
    batch = image.shape[0] if image.shape else None
    return (batch,) if batch else ()


def _sizes(acl: Acl, desc: int, count: int, side: str) -> tuple[int, ...]:
    return tuple(acl.get(f"mdl.get_{side}_size_by_index", desc, i) for i in range(count))


def _check_sizes(acl: Acl, found: ModelIO) -> None:
    try:
        item = np.dtype(found.image.dtype).itemsize
    except TypeError:
        raise BackendError(f"{acl.subject}: images cannot be {found.image.dtype}") from None
    size, batch = found.input_bytes[found.image_index], found.gears[-1]
    expected = batch * math.prod(dim or 0 for dim in (found.image.shape or ())[1:]) * item
    if size != expected or min(*found.input_bytes, *found.output_bytes) < 1:
        raise BackendError(
            f"{acl.subject}: its description contradicts itself: {found.image} has "
            f"{counted(size, 'byte')} at "
            f"batch {batch}, the inputs {found.input_bytes}, the outputs {found.output_bytes}"
        )
