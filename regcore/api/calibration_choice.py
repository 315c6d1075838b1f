"""Which of a user's photos a quantiser is calibrated with."""

from __future__ import annotations

from collections.abc import Sequence
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
    names: Sequence[str], classes: NDArray[np.int64] | None, count: int, seed: int
) -> list[int]:
    """The places of `count` images, evenly from all classes, in an order that the seed fixes.

    First one image of each class, then a second of each, and so on; which one, and the order of
    the classes, follow from the seed and the names, see regcore.trust.certify.order.
    """
    order: list[int] = draw_order(names, seed).tolist()
    if classes is None:
        return order[:count]
    seen: dict[int, int] = {}
    rounds = []
    for place in order:
        label = int(classes[place])
        rounds.append(seen.get(label, 0))
        seen[label] = rounds[-1] + 1
    first = np.argsort(rounds, kind="stable")[:count]
    return [order[row] for row in first.tolist()]
