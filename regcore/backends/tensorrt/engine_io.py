"""What an engine takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regcore.errors import BackendError
from regcore.models.tensors import TensorSpec, image_input

_DTYPES = {
    "FLOAT": "float32",
    "HALF": "float16",
    "INT8": "int8",
    "UINT8": "uint8",
    "INT32": "int32",
    "INT64": "int64",
    "BOOL": "bool",
}
_RANK = 2


@dataclass(frozen=True)
class ShapeProfile:
    """An optimisation profile: its number, and the batches that it takes."""

    index: int
    smallest: int
    best: int
    largest: int


@dataclass(frozen=True)
class EngineIO:
    """An engine's tensors.

    image, outputs: their batch is None where profiles leave a choice.
    profiles: by the largest batch, in ascending order; one where the batch is built in.
    """

    image: TensorSpec
    outputs: tuple[TensorSpec, ...]
    profiles: tuple[ShapeProfile, ...]

    @property
    def batches(self) -> tuple[int, ...]:
        """As in the record of an engine: the built-in batch, or smallest, best and largest."""
        last = self.profiles[-1]
        if self.image.shape and self.image.shape[0] is not None:
            return (last.largest,)
        return min(p.smallest for p in self.profiles), last.best, last.largest


def describe_engine(trt: Any, engine: Any, subject: str) -> EngineIO:  # noqa: ANN401
    """Describes an engine. Raises BackendError where it is none of images and scores."""
    inputs: list[TensorSpec] = []
    outputs: list[TensorSpec] = []
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        side = inputs if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT else outputs
        side.append(_spec(engine, name))
    image = image_input(subject, inputs)
    shape = image.shape or ()
    if len(shape) < _RANK or None in shape[1:]:
        raise BackendError(f"{subject}: of its sizes only the batch may vary, but it takes {image}")
    for output in outputs:
        if not output.shape or None in output.shape[1:] or output.dtype not in _DTYPES.values():
            raise BackendError(f"{subject}: has the output {output}, of no fixed size or type")
    return EngineIO(image, tuple(outputs), _profiles(engine, image))


def _spec(engine: Any, name: str) -> TensorSpec:  # noqa: ANN401
    kind = engine.get_tensor_dtype(name).name
    shape = tuple(None if dim < 0 else int(dim) for dim in engine.get_tensor_shape(name))
    return TensorSpec(name, shape, _DTYPES.get(kind, kind))


def _profiles(engine: Any, image: TensorSpec) -> tuple[ShapeProfile, ...]:  # noqa: ANN401
    built_in = image.shape[0] if image.shape else None
    if built_in is not None:
        return (ShapeProfile(0, built_in, built_in, built_in),)
    found = []
    for index in range(engine.num_optimization_profiles):
        shapes = engine.get_tensor_profile_shape(image.name, index)
        found.append(ShapeProfile(index, *(int(shape[0]) for shape in shapes)))
    return tuple(sorted(found, key=lambda profile: profile.largest))
