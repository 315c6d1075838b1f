"""The values of a store against those that its sources give now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regcore.checksum import checksum
from regcore.errors import DecodeError, UsageError
from regcore.preprocess import Preprocessor, Progress
from regcore.store.kept import is_current
from regcore.store.reader import Store

_BATCH_SIZE = 16


@dataclass(frozen=True)
class Verification:
    """What a comparison found, in paths below the source folder.

    compared: how many images were; differing: of these, those with another value or checksum.
    changed: whose source is another file than the one that was read; errors: that fail now.
    """

    compared: int
    differing: tuple[str, ...]
    changed: tuple[str, ...]
    errors: tuple[DecodeError, ...]


def verify_store(
    store: Store,
    preprocessor: Preprocessor,
    *,
    sample: float = 1.0,
    progress: Progress | None = None,
) -> Verification:
    """Makes images of the store again, and compares every byte.

    sample: the share of the images, evenly spread over the list; at least one.
    Raises MismatchError where the preprocessor has another recipe.
    """
    if not 0 < sample <= 1:
        raise UsageError(f"a sample is a share above 0 and up to 1, not {sample}")
    if preprocessor.recipe != store.recipe:
        raise UsageError("the preprocessor must have the recipe of the store")
    count = max(1, round(len(store) * sample)) if len(store) else 0
    chosen = np.linspace(0, len(store) - 1, count).round().astype(int).tolist()
    records = [store.record(place) for place in chosen]
    changed = tuple(r.path for r in records if not is_current(r, store.source / r.path))
    compared = 0
    differing: list[str] = []
    errors: list[DecodeError] = []
    sources = [store.source / record.path for record in records]
    with preprocessor.stream(sources, _BATCH_SIZE, on_error="report") as stream:
        for batch in stream:
            for image, index in zip(batch.images, batch.indices.tolist(), strict=True):
                stored = store[chosen[index]]
                same = stored.tobytes() == image.tobytes()
                intact = f"{checksum(stored.tobytes()):016x}" == records[index].checksum
                if not (same and intact):
                    differing.append(records[index].path)
            compared += len(batch.images)
            errors += batch.errors
            if progress is not None:
                progress(compared + len(errors), len(errors) + len(differing))
    return Verification(compared, tuple(differing), changed, tuple(errors))
