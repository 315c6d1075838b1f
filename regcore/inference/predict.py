"""What a model takes images for: the best classes of each, without labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result
from regcore.errors import DecodeError
from regcore.images.batch_stream import Batch
from regcore.images.diagnostics import Diagnostic
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image
from regcore.inference.device_timeout import DEVICE_TIMEOUT
from regcore.inference.inputs.photos import device_stream
from regcore.inference.pipeline import run_pipeline
from regcore.inference.timeline import Timeline
from regcore.scores.probabilities import are_probabilities, are_shares, softmax
from regcore.scores.topk import NO_CLASS, best_classes


@dataclass(frozen=True)
class Predictions:
    """The best classes of every item, in the order of the items.

    indices int64 and scores float32, [items, top], as `best_classes` has them: NO_CLASS and NaN
    where an image failed. probabilities: float64 of the same shape, 0 to 1, NaN where there is
    none. shares: whether there is none because the scores lie between 0 and 1, as a sigmoid's do,
    and do not add up to 1. classes: of the model, 0 where no image was run. errors: one for each
    item that could not be read; diagnostics: items that are damaged, rotated or clipped.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    shares: bool
    classes: int
    errors: tuple[DecodeError, ...]
    diagnostics: tuple[Diagnostic, ...]


def predict(
    preprocessor: Preprocessor,
    backend: Backend,
    items: Sequence[Image],
    *,
    top: int,
    batch_size: int,
    progress: Callable[[int, int], object] | None = None,
    device_timeout: float = DEVICE_TIMEOUT,
) -> Predictions:
    """Runs the model on `items`, among which one may be several times.

    An image that cannot be decoded ends up in `errors`, and the others go on without it.
    progress: called with the number of items done so far and, of these, failed. Scores are taken
    for probabilities where those of all images are such, otherwise for logits, unless all of them
    lie between 0 and 1.
    """
    indices = np.full((len(items), top), NO_CLASS, np.int64)
    scores = np.full((len(items), top), np.nan, np.float32)
    powers = np.full((len(items), top), np.nan)
    errors: list[DecodeError] = []
    diagnostics: list[Diagnostic] = []
    done = classes = 0
    normalized = within = True

    def use(batch: Batch, result: Result | None) -> None:
        nonlocal done, classes, normalized, within
        errors.extend(batch.errors)
        diagnostics.extend(batch.diagnostics)
        if result is not None:
            rows = batch.indices
            classes = result.scores.shape[1]
            scores[rows], indices[rows] = best_classes(result.scores, top)
            best = indices[rows].clip(0)
            powers[rows] = np.take_along_axis(softmax(result.scores), best, axis=1)
            normalized = normalized and bool(are_probabilities(result.scores).all())
            known = result.scores[~np.isnan(result.scores).any(axis=1)]
            within = within and bool(are_shares(known).all())
            done += len(rows)
        if progress is not None:
            progress(done + len(errors), len(errors))

    with device_stream(preprocessor, backend, items, batch_size) as stream:
        run_pipeline(stream, backend, use, Timeline(), device_timeout=device_timeout)
    shares = within and not normalized and bool((indices >= 0).any())
    probabilities = scores.astype(np.float64) if normalized else powers
    probabilities[(indices < 0) | shares] = np.nan
    return Predictions(
        indices, scores, probabilities, shares, classes, tuple(errors), tuple(diagnostics)
    )
