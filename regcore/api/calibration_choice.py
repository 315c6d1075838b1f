"""Which of a user's photos a quantiser is calibrated with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.api.labelled_data import read_labelled_data
from regcore.api.messages import Log, log_listing
from regcore.api.photo_list import chosen_photos
from regcore.errors import UsageError
from regcore.sources.protocol import ImageSource
from regcore.trust.certify.order import draw_order


def photos_to_choose_from(
    images: str | Path, labels: str | Path | None, list_file: Path | None, log: Log
) -> tuple[ImageSource, NDArray[np.int64] | None, str | None]:
    """The photos to choose from, with the class of each and who says it, where that is known."""
    try:
        data = read_labelled_data(images, labels, log, list_file=list_file, subset=True)
    except UsageError:
        if labels is not None:
            raise
        source = chosen_photos(images, list_file)
        log_listing(log, source)
        log(
            "nothing says the labels: images are chosen from all alike; --labels FILE balances them"
        )
        return source, None, None
    assert data.source is not None  # noqa: S101  (it is no store)
    found = data.labelled
    return data.source.chosen(found.names), found.labels, found.origin


def balanced_choice(
    names: Sequence[str],
    classes: NDArray[np.int64] | None,
    count: int,
    seed: int,
    is_copy: Callable[[int], bool] = lambda _: False,
) -> list[int]:
    """The places of `count` images, evenly from all classes, in an order that the seed fixes.

    First one image of each class, then a second of each, and so on; which one, and the order of
    the classes, follow from the seed and the names, see regcore.trust.certify.order. is_copy: is
    asked once of an image whose turn it is, whether it is a copy of one before; copies have their
    turn when there is nothing else.
    """
    order: list[int] = draw_order(names, seed).tolist()
    of_class: dict[int, deque[int]] = {}
    for rank, place in enumerate(order):
        label = 0 if classes is None else int(classes[place])
        of_class.setdefault(label, deque()).append(rank)
    chosen: list[int] = []
    copies: list[int] = []
    while of_class and len(chosen) < count:
        turns = [(ranks.popleft(), label) for label, ranks in of_class.items()]
        heapify(turns)
        while turns and len(chosen) < count:
            rank, label = heappop(turns)
            if not is_copy(order[rank]):
                chosen.append(order[rank])
                continue
            copies.append(order[rank])
            if of_class[label]:
                heappush(turns, (of_class[label].popleft(), label))
        of_class = {label: ranks for label, ranks in of_class.items() if ranks}
    return chosen + copies[: count - len(chosen)]
