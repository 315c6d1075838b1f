"""The best classes of every image, and the rank of its true class; for arrays of any evaluator."""

from __future__ import annotations

import operator
import sys
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore._native import topk as native
from regcore.files.arguments import shown

#: Which of two equal scores goes first; see `ranks`.
Ties = Literal["lowest", "highest", "optimistic", "pessimistic"]
TIES: tuple[Ties, ...] = ("lowest", "highest", "optimistic", "pessimistic")

#: The choice of a row that has no number left for it: NaN is nobody's choice.
NO_ANSWER = -2
#: Where there is no such place: beyond the last class, or an image without scores.
NO_PLACE = -1

_DTYPES = "float32, float16, bfloat16 (or its bits as uint16), int8 or uint8"


def topk(
    scores: Any,  # noqa: ANN401  # whatever NumPy can look into
    k: int,
    *,
    out: tuple[NDArray[Any], NDArray[np.int64]] | None = None,
    workers: int = 1,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The k best scores of every row, best first, and their class indices.

    scores: [images, classes] or [classes], float32, float16, bfloat16, int8 or uint8; uint16 is
    taken for the bits of bfloat16. A NumPy array or memory map, a torch tensor in main memory, or
    anything else with the buffer protocol, DLPack or __array__. It is read where it lies, once,
    if the scores of a row lie side by side; otherwise it is copied first.
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
    name = _type_name(given)
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
    native.topk(
        _byte_rows(given),
        name,
        np.atleast_2d(values).view(np.uint8),
        np.atleast_2d(indices),
        count_workers(workers),
    )
    return values, indices


def best_classes(
    scores: Any,  # noqa: ANN401
    k: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The choices of every row, best first: the one place that says what a first choice is.

    As `topk`, but NaN is nobody's choice: its place has the index NO_ANSWER and the value NaN, and
    those beyond the last class NO_PLACE and NaN. So the first choice is the label exactly where
    TopN counts a hit (ties "lowest").

    scores: [images, classes]. Returns values float32 and indices int64, both [images, k].
    """
    given = score_array(scores)
    count = min(whole_number("k", k), given.shape[1])
    found, ranked = topk(given, count)
    values = np.full((len(given), k), np.nan, np.float32)
    indices = np.full((len(given), k), NO_PLACE, np.int64)
    values[:, :count] = found
    indices[:, :count] = np.where(np.isnan(values[:, :count]), NO_ANSWER, ranked)
    return values, indices


def first_choices(scores: NDArray[Any]) -> NDArray[np.int64]:
    """The class with the highest score of each row, NO_ANSWER where all are NaN: int64 [images]."""
    return best_classes(scores, 1)[1][:, 0]


def ranks(
    scores: Any,  # noqa: ANN401
    labels: Any,  # noqa: ANN401
    *,
    ties: Ties = "lowest",
    workers: int = 1,
) -> NDArray[np.int64]:
    """How many scores of each row go before that of its label, without sorting: int64 [images].

    0 is the best; a rank below n is a hit of TopN. A label whose score is NaN has the rank
    `classes`, which is a hit of nothing.

    scores: [images, classes], as for `topk`. labels: a class index for each row, integers.
    ties: of the scores equal to the label's, which go before it:
        "lowest"       those of lower index, as in NumPy's stable argsort(-scores) and in `topk`
        "highest"      those of higher index, as in scikit-learn's top_k_accuracy_score
        "optimistic"   none, as in TensorFlow's in_top_k (for finite scores; it makes rows with
                       others a miss) and in torcheval (for k > 1)
        "pessimistic"  all
    """
    return label_places(scores, labels, workers=workers).ranks(ties)


class LabelPlaces(NamedTuple):
    """Where the labels' scores stand in their rows; each int32 [images].

    above: higher scores, or all classes where the label's own score is NaN. equal_before and
    equal_behind: other scores equal to it, at lower and at higher indices. nan: 1 for a row with
    any NaN.
    """

    above: NDArray[np.int32]
    equal_before: NDArray[np.int32]
    equal_behind: NDArray[np.int32]
    nan: NDArray[np.int32]

    def ranks(self, ties: Ties) -> NDArray[np.int64]:
        """As the function `ranks`."""
        before: NDArray[np.int64] = self.above.astype(np.int64)
        lower_indices, higher_indices = _going_before(ties)
        if lower_indices:
            before += self.equal_before
        if higher_indices:
            before += self.equal_behind
        return before

    def tally(self, ties: Ties, hits: NDArray[np.int64]) -> tuple[int, int]:
        """Adds 1 to hits[rank] for each row; to hits[-1] for each rank that has no place before it.

        Returns on how many rows another rule for ties could give another rank before hits[-1], and
        how many hold NaN.
        """
        return native.count_ranks(*self, *_going_before(ties), hits)


def label_places(
    scores: Any,  # noqa: ANN401
    labels: Any,  # noqa: ANN401
    *,
    workers: int = 1,
) -> LabelPlaces:
    """What `ranks` is computed from: one pass over the scores, whatever the rule for ties."""
    given = score_array(scores)
    if given.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"scores must be [images, classes], not {given.ndim}-D")
    images, classes = given.shape
    wanted = label_array(labels)
    if wanted.shape != (images,):
        raise ValueError(f"scores of {images} images do not go with labels of {wanted.shape}")
    wrong = wanted[(wanted < 0) | (wanted >= classes)]
    if wrong.size:
        raise ValueError(f"label {wrong[0]} is not among the {classes} classes")
    places = np.empty((len(LabelPlaces._fields), images), np.int32)
    native.label_places(
        _byte_rows(given),
        _type_name(given),
        np.ascontiguousarray(wanted, np.int64),
        places,
        count_workers(workers),
    )
    return LabelPlaces(*places)


def _going_before(ties: Ties) -> tuple[bool, bool]:
    """Whether equal scores of lower, and of higher indices go before the label's."""
    check_ties(ties)
    return ties in ("lowest", "pessimistic"), ties in ("highest", "pessimistic")


def check_ties(ties: Ties) -> Ties:
    """The rule itself; raises ValueError for one that does not exist."""
    if ties not in TIES:
        raise ValueError(f"ties must be one of {', '.join(TIES)}, not {ties!r}")
    return ties


def whole_number(name: str, value: object) -> int:
    """The value as an int; raises TypeError for a bool, a fraction, a text or anything else."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number, not {shown(value)}")
    return operator.index(value)


def _has_mask(values: object) -> bool:
    """Whether the values are a masked array, or a list of rows of which one is: NumPy drops it."""
    rows = values if isinstance(values, (list, tuple)) else (values,)
    return any(isinstance(row, np.ma.MaskedArray) for row in rows)


def label_array(labels: Any) -> NDArray[np.integer[Any]]:  # noqa: ANN401
    """Labels as an array of integers; raises TypeError for anything else, and for masked arrays."""
    if _has_mask(labels):
        raise TypeError("labels cannot be a masked array; leave out the images without a label")
    try:
        array = np.asarray(labels)
    except (TypeError, ValueError) as error:
        raise TypeError(f"labels must be integers, one for each image: {error}") from None
    if array.dtype == object:
        raise TypeError("labels must be integers of at most 64 bits")
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"labels must be integers, not {array.dtype}")
    return array if array.size else array.astype(np.int64)


def score_array(scores: Any) -> NDArray[Any]:  # noqa: ANN401
    """The scores as an array that shares their memory where it can.

    torch's bfloat16, which NumPy does not know, becomes its bits, uint16. Raises TypeError for a
    dtype that `topk` does not take.
    """
    array: NDArray[Any]
    if _has_mask(scores):
        raise TypeError("scores cannot be a masked array; fill what is masked, for instance by NaN")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(scores, torch.Tensor):
        tensor = scores.detach()
        bits = tensor.dtype == torch.bfloat16
        array = tensor.view(torch.int16).numpy().view(np.uint16) if bits else tensor.numpy()
    elif hasattr(scores, "__dlpack__") and not hasattr(scores, "__array__"):
        array = np.from_dlpack(scores)
    else:
        try:
            array = np.asarray(scores)
        except (TypeError, ValueError) as error:
            raise TypeError(f"scores must be an array of {_DTYPES}: {error}") from None
    if _type_name(array) not in native.TYPES or not array.dtype.isnative:
        raise TypeError(f"scores must be {_DTYPES}, not {array.dtype}")
    return array


@cache
def _name_of(dtype: np.dtype[Any]) -> str:
    """NumPy makes up the name of a dtype anew each time, which takes as long as ten images do."""
    return "bfloat16" if dtype == np.uint16 else dtype.name


def _type_name(array: NDArray[Any]) -> str:
    return _name_of(array.dtype)


def _byte_rows(given: NDArray[Any]) -> NDArray[np.uint8]:
    """The same memory as bytes [images, bytes of a row]; a copy where a row has gaps."""
    rows = np.atleast_2d(given)
    if rows.strides[-1] != rows.itemsize:
        rows = rows.copy()
    return rows.view(np.uint8)


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


def count_workers(workers: int) -> int:
    """The number of threads; raises TypeError for no whole number, ValueError below 1."""
    count = whole_number("workers", workers)
    if count < 1:
        raise ValueError(f"workers must be at least 1, not {count}")
    return count
