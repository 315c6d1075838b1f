"""The first choice of each image, in the order of the images, until nobody wants the next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result
from regcore.errors import DecodeError
from regcore.images.batch_stream import Batch
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.inputs.photos import device_stream
from regcore.inference.inputs.source import closed_after
from regcore.inference.pipeline import run_pipeline
from regcore.inference.timeline import Timeline
from regcore.scores.topk import NO_CLASS, best_classes

#: Takes the first choices of the next images, int64 [images], NO_CLASS where an image failed, and
#: the number of the model's classes; says whether further ones are wanted.
Use = Callable[[NDArray[np.int64], int], bool]


class FirstChoices:
    """Puts what a pipeline gives into the order of the images, and hands it on.

    errors: one for each image that could not be read.
    """

    def __init__(self, count: int, use: Use) -> None:
        self.errors: list[DecodeError] = []
        self.wanted = True
        self._choices = np.full(count, NO_CLASS, np.int64)
        self._known = np.zeros(count, np.bool_)
        self._use = use
        self._used = 0
        self._classes = 0

    def add(self, batch: Batch, result: Result | None) -> None:
        """Takes what became of a batch; see run_pipeline."""
        self.errors += batch.errors
        self._known[[error.index for error in batch.errors]] = True
        if result is not None:
            self._classes = result.scores.shape[1]
            _, best = best_classes(result.scores, 1)
            self._choices[batch.indices] = best[:, 0]
            self._known[batch.indices] = True
        gaps = np.flatnonzero(~self._known[self._used :])
        end = self._used + int(gaps[0]) if len(gaps) else len(self._known)
        if end > self._used and self.wanted:
            self.wanted = self._use(self._choices[self._used : end], self._classes)
            self._used = end

    def until_enough(self, batches: Iterable[Batch]) -> Generator[Batch]:
        """The batches, until no further ones are wanted."""
        for batch in batches:
            if not self.wanted:
                return
            yield batch


def first_choices(
    preprocessor: Preprocessor,
    backend: Backend,
    items: Sequence[Image],
    use: Use,
    *,
    batch_size: int,
    device_timeout: float = DEVICE_TIMEOUT,
) -> tuple[DecodeError, ...]:
    """Runs the model on `items` in their order, until `use` wants no more; the images that failed.

    use: is called in another thread, one call at a time. The few batches that are under way when it
    wants no more are run and forgotten.
    """
    if not len(items):
        return ()
    with device_stream(preprocessor, backend, items, batch_size) as stream:
        return first_choices_of(stream, backend, len(items), use, device_timeout=device_timeout)


def first_choices_of(
    batches: Iterable[Batch],
    backend: Backend,
    count: int,
    use: Use,
    *,
    device_timeout: float = DEVICE_TIMEOUT,
) -> tuple[DecodeError, ...]:
    """The same for batches of `count` images in all."""
    choices = FirstChoices(count, use)
    with closed_after(choices.until_enough(batches)) as coming:
        run_pipeline(coming, backend, choices.add, Timeline(), device_timeout=device_timeout)
    return tuple(choices.errors)
