"""How far the scores of two runs are apart, image by image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import MismatchError
from regcore.evaluation.score_files.source import ScoreSet
from regcore.schemas.fields import Amount, Count, described
from regcore.scores.topk import top1


@dataclass(frozen=True)
class ScoreDifferences:
    """How far two sets of scores of the same images are apart.

    The difference and the cosine leave out images with NaN or infinity; they are 0 and 1 where no
    other image is left.
    """

    images: Annotated[Count, described("Compared.")]
    largest_difference: Annotated[
        Amount, described("The largest difference between two scores of one class.")
    ]
    most_different: Annotated[str, described("The image where it is.")]
    smallest_cosine: Annotated[
        float,
        Meta(ge=-1.000001, le=1),
        described(
            "The smallest cosine of the angle between an image's two rows of scores; 0 where one "
            "of them is all zeros."
        ),
    ]
    least_parallel: Annotated[str, described("The image where it is.")]
    same_answers: Annotated[Count, described("Images whose highest score is in the same class.")]
    differing_bits: Annotated[Count, described("Images whose rows are not bit for bit the same.")]
    not_finite: Annotated[
        Count,
        described("Images of whose scores NaN or infinity keeps a difference from being told."),
    ]


def compare_scores(now: ScoreSet, before: ScoreSet) -> ScoreDifferences:
    """Reads both and compares them; the same images in the same order.

    Raises MismatchError where one lacks images, has unreadable ones, or another number of classes.
    """
    for one in (now, before):
        if one.errors or one.missing or one.surplus:
            lacking = [str(error) for error in one.errors] + [*one.missing, *one.surplus]
            raise MismatchError(
                f"the scores are not of the same images: {len(lacking)} differ, {lacking[0]} is one"
            )
    if now.names != before.names or now.classes != before.classes:
        raise MismatchError(
            f"{counted(len(now.names), 'image')} with {counted(now.classes, 'score')} each cannot "
            f"be compared with {len(before.names)} with {before.classes}"
        )
    difference, cosine = _Worst(0.0), _Worst(1.0)
    same = bits = lost = 0
    for first, a, b in _side_by_side(now, before):
        names = now.names[first : first + len(a)]
        bits += int((a.view(np.uint32) != b.view(np.uint32)).any(axis=1).sum())
        same += int((top1(a) == top1(b)).sum())
        finite = np.flatnonzero(np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1))
        lost += len(a) - len(finite)
        if not len(finite):
            continue
        x, y = a[finite].astype(np.float64), b[finite].astype(np.float64)
        compared = tuple(names[place] for place in finite.tolist())
        length_x, length_y = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
        lengths = length_x * length_y
        without_angle = (length_x == length_y).astype(np.float64)  # zeros are parallel to zeros
        products = np.einsum("ij,ij->i", x, y)
        parallel = np.divide(products, lengths, out=without_angle, where=lengths > 0)
        difference.look(np.abs(x - y).max(axis=1), compared, larger=True)
        cosine.look(parallel, compared, larger=False)
    return ScoreDifferences(
        images=len(now.names),
        largest_difference=difference.value,
        most_different=difference.name,
        smallest_cosine=min(1.0, cosine.value),
        least_parallel=cosine.name,
        same_answers=same,
        differing_bits=bits,
        not_finite=lost,
    )


class _Worst:
    def __init__(self, best: float) -> None:
        self.value = best
        self.name = ""

    def look(self, values: NDArray[np.float64], names: tuple[str, ...], *, larger: bool) -> None:
        place = int(values.argmax() if larger else values.argmin())
        value = float(values[place])
        if not self.name or (value > self.value if larger else value < self.value):
            self.value, self.name = value, names[place]


def _side_by_side(
    now: ScoreSet, before: ScoreSet
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
    """Rows of both for the same images; both read batches of one size."""
    for a, b in zip(now.batches(), before.batches(), strict=True):
        for batch in (a, b):
            if batch.errors:
                raise MismatchError(str(batch.errors[0]))
        yield int(a.indices[0]), np.array(a.scores), np.array(b.scores)
