"""The best classes of every image, for arrays of any evaluator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore._native import topk as native
from regcore.scores.arrays import (
    byte_rows,
    count_workers,
    is_wide,
    score_array,
    type_name,
    whole_number,
)
from regcore.scores.wide import topk_wide

#: The index of a choice for which a row has no number left: NaN is nobody's choice.
NO_PREDICTION = -2
#: The index where there is no class: past the last one, or for an image without scores.
NO_CLASS = -1


def topk(
    scores: Any,  # noqa: ANN401  # whatever NumPy can look into
    k: int,
    *,
    out: tuple[NDArray[Any], NDArray[np.int64]] | None = None,
    workers: int = 1,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The k best scores of every row, best first, and their class indices.

    scores: [images, classes] or [classes], float64, float32, float16, bfloat16 or integers; uint16
    is taken for the bits of bfloat16. A NumPy array or memory map, a torch tensor, lists of
    numbers, or anything else with the buffer protocol, DLPack or __array__. float32, float16,
    bfloat16, int8 and uint8 are read where they lie, once, if the scores of a row lie side by side;
    others, and tensors of a device, are copied first. regcore.torch.topk gives tensors.
    out: where the results go, C-contiguous, and not in the memory of the scores. workers: threads,
    for many rows.

    Returns values, in the dtype of the scores (float32 for bfloat16), and indices int64, both
    [images, k] or [k]. Equal scores, 0 and -0 among them, keep the order of their indices, and NaN
    ranks below everything: the result is that of NumPy's stable argsort(-scores), on every machine.

    Raises TypeError for another dtype, ValueError for another shape or k outside 1..classes.
    """
    given = score_array(scores)
    if given.ndim not in (1, 2):
        raise ValueError(f"scores must be [images, classes] or [classes], not {given.ndim}-D")
    k = whole_number("k", k)
    classes = given.shape[-1]
    if not 1 <= k <= classes:
        raise ValueError(f"k must lie between 1 and the number of classes, {classes}, not {k}")
    shape = (*given.shape[:-1], k)
    name = type_name(given)
    value_dtype = np.dtype(np.float32) if name == "bfloat16" else given.dtype
    if out is None:
        values, indices = np.empty(shape, value_dtype), np.empty(shape, np.int64)
    else:
        try:
            values, indices = out
        except (TypeError, ValueError):
            raise ValueError("out must be two arrays, values and indices") from None
        _check_out("values", values, shape, value_dtype, given)
        _check_out("indices", indices, shape, np.dtype(np.int64), given)
        if np.shares_memory(values, indices):
            raise ValueError("out: values and indices lie in the same memory")
    threads = count_workers(workers)
    rows, row_values, row_indices = map(np.atleast_2d, (given, values, indices))
    if is_wide(given):
        topk_wide(rows, row_values, row_indices, threads)
    else:
        native.topk(byte_rows(given), name, row_values.view(np.uint8), row_indices, threads)
    return values, indices


def best_classes(
    scores: Any,  # noqa: ANN401
    k: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The choices of every row, best first: the one place that says what a first choice is.

    As `topk`, but NaN is nobody's choice: in its place stand the index NO_PREDICTION and the value
    NaN, past the last class NO_CLASS and NaN. So the first choice is the label exactly where TopN
    counts a hit (ties "lowest").

    scores: [images, classes]. Returns values float32 and indices int64, both [images, k].
    """
    given = score_array(scores)
    count = min(whole_number("k", k), given.shape[1])
    found, ranked = topk(given, count)
    values = np.full((len(given), k), np.nan, np.float32)
    indices = np.full((len(given), k), NO_CLASS, np.int64)
    with np.errstate(over="ignore", under="ignore"):
        values[:, :count] = found
    indices[:, :count] = np.where(np.isnan(values[:, :count]), NO_PREDICTION, ranked)
    return values, indices


def top1(scores: NDArray[Any]) -> NDArray[np.int64]:
    """The class with the highest score of each row, int64 [images]; NO_PREDICTION if all NaN."""
    return best_classes(scores, 1)[1][:, 0]


def _check_out(
    name: str,
    array: NDArray[Any],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    scores: NDArray[Any],
) -> None:
    if not isinstance(array, np.ndarray):
        raise ValueError(f"out: {name} must be a NumPy array, not {type(array).__name__}")  # noqa: TRY004
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(
            f"out: {name} must be {dtype} of shape {shape}, not {array.dtype} of {array.shape}"
        )
    flags = array.flags
    if not flags.c_contiguous or not flags.writeable or not flags.aligned:
        raise ValueError(f"out: {name} must be C-contiguous, aligned and writable")
    if np.may_share_memory(array, scores) and np.shares_memory(array, scores):
        raise ValueError(f"out: {name} lies in the memory of the scores")
