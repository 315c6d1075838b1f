"""The values of a store against those that its sources give now, or against its own ledger."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from regcore.errors import DatasetError, DecodeError, MismatchError, UsageError
from regcore.files.checksum import checksum
from regcore.images.batch_stream import Array
from regcore.images.preprocessor import Preprocessor, Progress
from regcore.sources.protocol import ImageSource
from regcore.sources.spelling import source_of
from regcore.store.ledger_line import Record
from regcore.store.reader import Store

_BATCH_SIZE = 16
_AT_ONCE = 64  # images that a thread reads before it tells of its progress


@dataclass(frozen=True)
class Verification:
    """What a comparison found, in paths below the source folder.

    compared: how many images were; differing: of these, those with another value or checksum.
    changed: whose source is of another size than the one that was read, or is newer and gives
        other values; gone: whose source is not there any more.
    errors: images that fail now, those that are gone as well; unreadable: whose values cannot be
        read from the store.
    """

    compared: int
    differing: tuple[str, ...]
    changed: tuple[str, ...]
    errors: tuple[DecodeError, ...]
    gone: tuple[str, ...] = ()
    unreadable: tuple[DecodeError, ...] = ()


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
    if preprocessor.recipe != store.recipe:
        raise UsageError("the preprocessor must have the recipe of the store")
    chosen = _sampled(store, sample)
    records = [store.record(place) for place in chosen]
    source = source_of(store.root, [record.path for record in records])
    states = [_state(record, source, place) for place, record in enumerate(records)]
    compared = 0
    differing: list[str] = []
    changed = [record.path for record, state in zip(records, states, strict=True) if state.resized]
    errors: list[DecodeError] = []
    unreadable: list[DecodeError] = []
    stored = np.empty((1, *store.recipe.image_shape), store.recipe.numpy_dtype)
    with preprocessor.stream(source.read(), _BATCH_SIZE, on_error="report") as stream:
        for batch in stream:
            for image, index in zip(batch.images, batch.indices.tolist(), strict=True):
                try:
                    store.read_into(chosen[index], stored, verify=False)
                except DatasetError as error:
                    unreadable.append(DecodeError(records[index].path, str(error), index))
                    continue
                same = stored.tobytes() == image.tobytes()
                intact = f"{checksum(stored.tobytes()):016x}" == records[index].checksum
                compared += 1
                if not (same and intact):
                    differing.append(records[index].path)
                    if states[index].newer and not states[index].resized:
                        changed.append(records[index].path)
            errors += batch.errors
            if progress is not None:
                bad = len(errors) + len(unreadable)
                progress(compared + bad, bad + len(differing))
    order = {record.path: index for index, record in enumerate(records)}
    return Verification(
        compared,
        tuple(differing),
        tuple(sorted(changed, key=order.__getitem__)),
        tuple(errors),
        tuple(r.path for r, state in zip(records, states, strict=True) if state.gone),
        tuple(unreadable),
    )


def verify_ledger(
    store: Store, *, workers: int, sample: float = 1.0, progress: Progress | None = None
) -> Verification:
    """Compares the values of a store with the checksums in its ledger, without the sources.

    sample: as for verify_store.
    """
    chosen = _sampled(store, sample)
    parts = [chosen[at : at + _AT_ONCE] for at in range(0, len(chosen), _AT_ONCE)]
    compared = 0
    differing: list[str] = []
    unreadable: list[DecodeError] = []
    with ThreadPoolExecutor(workers, thread_name_prefix="regcore-verify") as pool:
        for part, found in zip(
            parts, pool.map(lambda part: _checked(store, part), parts), strict=True
        ):
            unreadable += found.unreadable
            differing += found.differing
            compared += len(part) - len(found.unreadable)
            if progress is not None:
                progress(compared + len(unreadable), len(differing) + len(unreadable))
    return Verification(compared, tuple(differing), (), (), (), tuple(unreadable))


def _checked(store: Store, places: Sequence[int]) -> Verification:
    image = np.empty((1, *store.recipe.image_shape), store.recipe.numpy_dtype)
    differing: list[str] = []
    unreadable: list[DecodeError] = []
    for place in places:
        error = _problem(store, place, image)
        if isinstance(error, MismatchError):
            differing.append(store.record(place).path)
        elif error is not None:
            unreadable.append(DecodeError(store.record(place).path, str(error), place))
    return Verification(len(places), tuple(differing), (), (), (), tuple(unreadable))


def _problem(store: Store, place: int, image: Array) -> MismatchError | DatasetError | None:
    try:
        store.read_into(place, image, verify=True)
    except (MismatchError, DatasetError) as error:
        return error
    return None


def _sampled(store: Store, sample: float) -> list[int]:
    if not 0 < sample <= 1:
        raise UsageError(f"a sample is a share above 0 and up to 1, not {sample}")
    count = max(1, round(len(store) * sample)) if len(store) else 0
    places: list[int] = np.linspace(0, len(store) - 1, count).round().astype(int).tolist()
    return places


@dataclass(frozen=True)
class _State:
    """What a source is now: not there, of another size, or only of another time."""

    gone: bool = False
    resized: bool = False
    newer: bool = False


def _state(record: Record, source: ImageSource, place: int) -> _State:
    size, mtime_ns = source.version(place)
    if size >= 0:
        return _State(resized=size != record.size, newer=mtime_ns != record.mtime_ns)
    return _State(gone=source.is_gone(place))
