"""TopN of a dataset's scores, counted where they lie, and every image once."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import DatasetError, DecodeError, UsageError
from regcore.scores.topn import TopN

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Counted:
    """What `topn` has counted.

    topn: of the images without an error. names: of all images, in no order. errors: one for each
    image that failed, by name.
    """

    topn: TopN
    names: frozenset[str]
    errors: tuple[DecodeError, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every image was counted."""
        return not self.errors


def topn(
    dataset: Any,  # noqa: ANN401  (ray.data.Dataset)
    *,
    labels: str = "label",
    scores: str = "scores",
    names: str = "name",
    errors: str = "error",
    n: int = 5,
    expected: Iterable[str] | None = None,
    **settings: Any,  # noqa: ANN401
) -> Counted:
    """Counts TopN of a dataset of scores, and proves that every image is in it once.

    dataset: of Ray Data. labels, scores, names: its columns with the class indices, the scores
    [classes], and what tells images apart. errors: the column that says why an image failed; there
    need not be one. n, settings: those of TopN. expected: the names of all images that should be
    there. Only counts and names come to the driver.

    Ray does work again that it takes for lost, and whoever joins, repeats or resumes datasets may
    double rows: an accuracy of such is of something else. Raises DatasetError where a name comes
    twice, or one of the expected does not come, or a stranger does, and UsageError where a column
    is not there.
    """
    TopN(n, **settings)  # wrong settings are told here
    count = partial(
        _count, labels=labels, scores=scores, names=names, errors=errors, n=n, settings=settings
    )
    counted = dataset.map_batches(count, batch_size=None, zero_copy_batch=True)
    whole = TopN(n, **settings)
    seen: set[str] = set()
    failed: list[DecodeError] = []
    for row in counted.iter_rows():
        # What `_count` has pickled in a task of this same program.
        part, part_names, part_errors = pickle.loads(row["counted"])  # noqa: S301
        _once(seen, part_names)
        if part.count or part.ignored:
            whole.merge(part)
        failed += (DecodeError(name, detail) for name, detail in part_errors)
    if expected is not None:
        _all_expected(seen, set(expected))
    return Counted(whole, frozenset(seen), tuple(sorted(failed, key=lambda error: error.path)))


def _count(
    batch: Columns,
    *,
    labels: str,
    scores: str,
    names: str,
    errors: str,
    n: int,
    settings: Mapping[str, Any],
) -> dict[str, list[bytes]]:
    missing = [column for column in (labels, scores, names) if column not in batch]
    if missing:
        raise UsageError(f"no column {missing[0]} among {', '.join(batch)}")
    found = [str(name) for name in batch[names]]
    reasons = batch.get(errors)
    good = np.ones(len(found), np.bool_)
    if reasons is not None:
        good = np.array([not reason for reason in reasons], np.bool_)
    part = TopN(n, **settings)
    if good.any():
        part.update(np.stack(list(batch[scores][good])), batch[labels][good])
    failed = [
        (found[place], str(reasons[place]))
        for place in np.flatnonzero(~good).tolist()
        if reasons is not None
    ]
    return {"counted": [pickle.dumps((part, found, failed))]}


def _once(seen: set[str], names: Iterable[str]) -> None:
    for name in names:
        if not name:
            raise DatasetError(
                "an image has no name, so that nobody can tell whether it is counted once; "
                "names= says which column tells images apart"
            )
        if name in seen:
            raise DatasetError(f"{name}: is in the dataset twice, so that it would count twice")
        seen.add(name)


def _all_expected(seen: set[str], expected: set[str]) -> None:
    for names, what in ((expected - seen, "did not come"), (seen - expected, "was not expected")):
        if names:
            more = f", as {counted(len(names) - 1, 'other')}" if len(names) > 1 else ""
            raise DatasetError(f"{min(names)}: {what}{more}; no accuracy is given")
