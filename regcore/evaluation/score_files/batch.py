"""What every source of predictions gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from regcore.errors import ScoreFileError

#: Images to a batch: enough to keep threads busy, few enough to stay in a cache.
BATCH_SIZE = 256


@dataclass(frozen=True)
class ScoreBatch:
    """Scores of some images.

    scores: float32 [images, classes], valid until the next batch is asked for.
    indices: for each row, the place of its image in the list that is read.
    errors: the images of this part whose scores could not be read; they have no row.
    longer: text files that go on after the line that was read.
    """

    scores: NDArray[np.float32]
    indices: NDArray[np.intp]
    errors: tuple[ScoreFileError, ...] = ()
    longer: tuple[str, ...] = ()


class ScoreSource(Protocol):
    """A list of images with `classes` scores each."""

    classes: int

    def batches(self, workers: int) -> Iterator[ScoreBatch]:
        """All images in order, read by `workers` threads."""
