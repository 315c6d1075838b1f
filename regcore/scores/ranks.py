"""The rank of every image's true class, by each rule for equal scores, without sorting."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regcore._native import topk as native
from regcore.counted import counted
from regcore.scores.arrays import byte_rows, count_workers, is_wide, score_array, type_name
from regcore.scores.labels import label_array, one_row
from regcore.scores.wide import label_places_wide

#: Which of two equal scores goes first; see `ranks`.
Ties = Literal["lowest", "highest", "optimistic", "pessimistic"]
TIES: tuple[Ties, ...] = ("lowest", "highest", "optimistic", "pessimistic")


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

    scores: [images, classes], as for `topk`, or [classes] of one image with its one label: then
    int64 [1]. labels: a class index for each row, integers.
    ties: of the scores equal to the label's, which go before it:
        "lowest"       those of lower index, as in NumPy's stable argsort(-scores) and in `topk`
        "highest"      those of higher index, as in scikit-learn's top_k_accuracy_score
        "optimistic"   none, as in TensorFlow's in_top_k (for finite scores; it makes rows with
                       others a miss) and in torcheval (for k > 1)
        "pessimistic"  all
    """
    return label_ranks(scores, labels, workers=workers).ranks(ties)


class LabelRanks(NamedTuple):
    """Where the labels' scores stand in their rows; each int32 [images].

    above: higher scores, or all classes where the label's own score is NaN. ties_before and
    ties_after: other scores equal to it, at lower and at higher indices. nan: 1 for a row with
    any NaN.
    """

    above: NDArray[np.int32]
    ties_before: NDArray[np.int32]
    ties_after: NDArray[np.int32]
    nan: NDArray[np.int32]

    def ranks(self, ties: Ties) -> NDArray[np.int64]:
        """As the function `ranks`."""
        before: NDArray[np.int64] = self.above.astype(np.int64)
        lower_indices, higher_indices = _going_before(ties)
        if lower_indices:
            before += self.ties_before
        if higher_indices:
            before += self.ties_after
        return before

    def count_hits(self, ties: Ties, hits: NDArray[np.int64]) -> tuple[int, int]:
        """Adds 1 to hits[rank] for each row; to hits[-1] for each rank that has no place before it.

        Returns on how many rows another rule for ties could give another rank before hits[-1], and
        how many hold NaN.
        """
        return native.count_ranks(*self, *_going_before(ties), hits)


def label_ranks(
    scores: Any,  # noqa: ANN401
    labels: Any,  # noqa: ANN401
    *,
    workers: int = 1,
) -> LabelRanks:
    """What `ranks` is computed from: one pass over the scores, whatever the rule for ties."""
    given, wanted = one_row(score_array(scores), label_array(labels))
    if given.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"scores must be [images, classes], not {given.ndim}-D")
    images, classes = given.shape
    if wanted.shape != (images,):
        of = counted(images, "image")
        raise ValueError(f"scores of {of} do not go with labels of {wanted.shape}")
    wrong = wanted[(wanted < 0) | (wanted >= classes)]
    if wrong.size:
        raise ValueError(f"label {wrong[0]} is not among the {counted(classes, 'class')}")
    found = np.empty((len(LabelRanks._fields), images), np.int32)
    classes_of = np.ascontiguousarray(wanted, np.int64)
    threads = count_workers(workers)
    if is_wide(given):
        label_places_wide(given, classes_of, found)
    else:
        native.label_places(byte_rows(given), type_name(given), classes_of, found, threads)
    return LabelRanks(*found)


def _going_before(ties: Ties) -> tuple[bool, bool]:
    """Whether equal scores of lower, and of higher indices go before the label's."""
    check_ties(ties)
    return ties in ("lowest", "pessimistic"), ties in ("highest", "pessimistic")


def check_ties(ties: Ties) -> Ties:
    """The rule itself; raises ValueError for one that does not exist."""
    if ties not in TIES:
        raise ValueError(f"ties must be one of {', '.join(TIES)}, not {ties!r}")
    return ties
