"""A model's tensors: which are the images and the scores, and scores in the form that ranks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import BackendError, ScoreOutputError

_FLOATS = ("float32", "float16")
_SIGNED = ("int8", "int16", "int32", "int64")
_UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
#: The dtypes of scores that NumPy knows.
SCORE_DTYPES = (*_FLOATS, "float64", *_SIGNED, *_UNSIGNED)

_BITS = np.int64(0x7FFFFFFF)
_INFINITY = int(np.float32(np.inf).view(np.int32))


@dataclass(frozen=True)
class TensorSpec:
    """Name, shape and NumPy dtype of a model's input or output.

    A dimension is None where it may vary; shape or dtype is None where the backend takes any.
    """

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str | None

    def __str__(self) -> str:
        # A name comes from outside, and messages are one line.
        name = self.name if self.name.isprintable() else ascii(self.name)
        return f"{name} {describe(self.dtype, self.shape)}"


def image_input(model: object, inputs: Sequence[TensorSpec]) -> TensorSpec:
    """The only input. Raises BackendError, with the name of `model`, where there is another.

    A size of 0, which broken exports have, is an error, too.
    """
    if len(inputs) != 1:
        raise BackendError(f"{model}: expected one image input, the model has {_listing(inputs)}")
    problem = empty_size(model, inputs[0])
    if problem:
        raise BackendError(problem)
    return inputs[0]


def empty_size(model: object, image: TensorSpec) -> str:
    """What is wrong with an input that takes no image, or nothing."""
    if 0 not in (image.shape or ()):
        return ""
    what = "batch size" if image.shape and image.shape[0] == 0 else "size"
    return (
        f"{model}: its input {image} has the built-in {what} 0, which takes no image; export it "
        "again, with a batch size that may vary"
    )


def score_output(
    model: object,
    outputs: Sequence[TensorSpec],
    name: str | None,
    *,
    dtypes: Sequence[str] = SCORE_DTYPES,
    open_shapes: bool = False,
) -> TensorSpec:
    """The output called `name`, or the only one that can be scores [images, classes].

    Sides of length 1 after the classes, as in SqueezeNet's [images, 1000, 1, 1], do not matter.
    Floats go before integers, two sides before more, and fixed ones before those that may vary.
    dtypes: those that the backend can hand on. open_shapes: whether it sees only when it runs the
    model whether a side has length 1. Raises ScoreOutputError, with the name of `model` and
    all outputs, where there is not just one, and BackendError where none can be chosen: the model
    has no float output at all, nor integers that can be scores.
    """
    fits = [
        (_fit(spec), spec) for spec in outputs if spec.dtype in dtypes and name in (None, spec.name)
    ]
    taken = [(fit, spec) for fit, spec in fits if fit is not None and (open_shapes or not fit[0])]
    best = min((fit for fit, _ in taken), default=None)
    fitting = [spec for fit, spec in taken if fit == best]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and not any(_may_be_scores(spec, dtypes) for spec in outputs):
        raise BackendError(
            f"{model}: has no float output, only {_listing(outputs)}; export it with its scores "
            "[images, classes], from before the ArgMax or what else makes this of them"
        )
    wanted = f"float output named {name}" if name is not None else "float output [images, classes]"
    count = "more than one" if fitting else "no"
    integers = "" if fitting else ", nor one of integers"
    raise ScoreOutputError(f"{model}: {count} {wanted}{integers}", _listing(outputs))


def _may_be_scores(spec: TensorSpec, dtypes: Sequence[str]) -> bool:
    """Whether choosing this output can be worth a try: it has floats, or fits."""
    floats = spec.dtype is None or spec.dtype.startswith(("float", "bfloat"))
    return floats or (spec.dtype in dtypes and _fit(spec) is not None)


def _fit(spec: TensorSpec) -> tuple[bool, bool, int] | None:
    """How well an output can be scores, the least the best; None where it cannot.

    First of it is whether that depends on sides that may vary.
    """
    shape, whole = spec.shape, spec.dtype in (*_SIGNED, *_UNSIGNED)
    if not shape:  # not known; nobody would call one number scores
        return True, whole, 0
    if len(shape) == 1 or sum(dim not in (1, None) for dim in shape[1:]) > 1:
        return None
    return sum(dim != 1 for dim in shape[1:]) > 1, whole, len(shape)


def scores_spec(spec: TensorSpec) -> TensorSpec:
    """What `as_scores` makes of an output."""
    sides = [dim for dim in (spec.shape or ())[1:] if dim != 1] or [1]
    classes = sides[0] if len(sides) == 1 and spec.shape else None
    batch = spec.shape[0] if spec.shape else None
    dtype = spec.dtype if spec.dtype in _FLOATS else "float32"
    return TensorSpec(spec.name, (batch, classes), dtype)


def is_scores(values: NDArray[Any]) -> bool:
    """Whether they are [images, classes], with or without sides of length 1."""
    return values.ndim > 1 and sum(dim != 1 for dim in values.shape[1:]) <= 1


def as_scores(values: NDArray[Any]) -> NDArray[Any]:
    """Scores [images, classes] in float32 or float16, in the order of `values`.

    values: [images, classes], with or without sides of length 1, of a dtype of SCORE_DTYPES. Those
    of other dtypes become float32 that rank just as they do, see `ordered_float32`.
    """
    rows = values.reshape(len(values), math.prod(values.shape[1:])) if values.ndim > 2 else values  # noqa: PLR2004
    return rows if rows.dtype.name in _FLOATS else ordered_float32(rows)


def ordered_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    """Each row rounded to float32, where two values are equal if, and only if, they were before.

    What rounding would make equal is moved apart by as few of the next float32 numbers as it
    takes; all else is rounded to the nearest. Infinities and NaN stay.
    """
    if values.dtype.itemsize <= 2:  # noqa: PLR2004  (float32 holds them as they are)
        return values.astype(np.float32)
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    order = np.argsort(values, axis=1, kind="stable")
    before = np.take_along_axis(values, order, axis=1)
    after = np.take_along_axis(rounded, order, axis=1)
    differ = before[:, 1:] > before[:, :-1]  # false beside NaN, which stands at the end
    lost = differ & ~(after[:, 1:] > after[:, :-1])
    # A finite value that became an infinity would pass for one.
    infinite = np.isinf(after)
    grown = infinite & np.isfinite(before) if before.dtype.kind == "f" else infinite
    rows = np.flatnonzero(lost.any(axis=1) | grown.any(axis=1))
    if not len(rows):
        return rounded
    limit = np.finfo(np.float32).max
    finite = np.where(grown[rows], np.copysign(limit, after[rows]), after[rows])
    apart = _moved_apart(finite.astype(np.float32), differ[rows])
    moved = rounded[rows]
    np.put_along_axis(moved, order[rows], apart, axis=1)
    rounded[rows] = moved
    return rounded


def _moved_apart(rows: NDArray[np.float32], differ: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Ascending rows, NaN last, where each value is above the one before if `differ` says so."""
    bits = rows.view(np.int32).astype(np.int64)
    places = np.where(bits < 0, -(bits & _BITS), bits)  # whole numbers in the order of the floats
    steps = np.zeros(rows.shape, np.int64)
    np.cumsum(differ, axis=1, out=steps[:, 1:])
    numbers = ~np.isnan(rows)
    upward = np.maximum.accumulate(np.where(numbers, places - steps, -_BITS * 4), axis=1) + steps
    # At the upper end there is room below alone.
    full = (rows == np.inf).any(axis=1, keepdims=True)
    ceiling = _INFINITY - (steps[:, -1:] + ~full - steps)
    places = np.minimum(upward, ceiling)
    bits = np.where(places < 0, -places | ~_BITS, places)
    moved = (bits & 0xFFFFFFFF).astype(np.uint32).view(np.float32)
    return np.where(numbers, moved, rows)


def _listing(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(str(spec) for spec in specs) or "none"


def describe(dtype: str | None, shape: tuple[int | None, ...] | None) -> str:
    """`float32 [N, 3, 224, 224]`: N for a batch and `?` for another dimension that may vary."""
    if shape is None:
        return f"{dtype or 'any dtype'} [any shape]"
    names = ["N" if i == 0 else "?" for i in range(len(shape))]
    dims = ", ".join(
        name if dim is None else str(dim) for dim, name in zip(shape, names, strict=True)
    )
    return f"{dtype or 'any dtype'} [{dims}]"
