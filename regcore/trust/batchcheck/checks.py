"""The checks: each changes one thing around images whose scores are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend
from regcore.backends.recipe_fit import static_batch
from regcore.trust.batchcheck.comparison import Comparison, Scores
from regcore.trust.batchcheck.findings import CheckFound

Images = NDArray[Any]

#: More rotations, slots or sizes than that tell nothing new, and cost as many batches.
_MOST = 32
_REPEATS = 3
#: Slots whose neighbours are changed, three batches for each.
_SURROUNDED = 8
#: Far from every photo, and finite in float16.
_EXTREME = 1e4


@dataclass(frozen=True)
class Known:
    """A batch, its scores as it was run first, and the number of the device that ran it."""

    images: Images
    scores: Scores
    device: int

    @property
    def size(self) -> int:
        """Of the batch."""
        return len(self.images)


def run_checks(backend: Backend, images: Images) -> Iterator[CheckFound]:
    """All checks of one batch. images: as the backend takes them, as many as the batch has.

    Raises BackendError where the backend fails.
    """
    images = np.ascontiguousarray(images)
    known = Known(images, *_run_somewhere(backend, images))
    yield _repeat(backend, known)
    yield _queue(backend, known)
    yield _slots(backend, known)
    yield _neighbours(backend, known)
    yield _padding(backend, known)
    yield _sizes(backend, known)


def _repeat(backend: Backend, known: Known) -> CheckFound:
    """As often as each of several devices has its turn."""
    found = Comparison("repeat")
    for number in range(max(_REPEATS, backend.depth + 1)):
        scores, device = _run_somewhere(backend, known.images)
        place = f"slot {{}}, run {number + 2}"
        if device != known.device:
            place += f" on device {device}, beside run 1 on device {known.device}"
        found.add(scores, known.scores, place)
    return found.result()


def _run_somewhere(backend: Backend, images: Images) -> tuple[Scores, int]:
    """The scores, and which of several devices had its turn."""
    backend.submit(images)
    result = backend.result()
    return np.array(result.scores, np.float32), result.spans[0].device


def _queue(backend: Backend, known: Known) -> CheckFound:
    """A backend that uses a batch's memory too early mixes it with the next one."""
    found = Comparison("queue")
    if backend.depth == 1:
        return found.result("the backend takes one batch at a time")
    shifts = [number % known.size for number in range(2 * backend.depth)]
    batches = [np.ascontiguousarray(np.roll(known.images, shift, axis=0)) for shift in shifts]
    alone = [backend.run(batch) for batch in batches]
    results: list[Scores] = []
    for number, batch in enumerate(batches):
        if number >= backend.depth:
            results.append(np.array(backend.result().scores, np.float32))
        backend.submit(batch)
    while len(results) < len(batches):
        results.append(np.array(backend.result().scores, np.float32))
    for number, (scores, right) in enumerate(zip(results, alone, strict=True)):
        found.add(scores, right, f"slot {{}} of batch {number} in the queue")
    return found.result()


def _slots(backend: Backend, known: Known) -> CheckFound:
    """Each image in many slots; what most of them give is right, so that a bad one is named."""
    found = Comparison("slots")
    if known.size == 1:
        return found.result("a batch of 1 has one slot")
    shifts = _spread(known.size, _MOST)
    scores = np.stack(
        [
            np.roll(backend.run(np.ascontiguousarray(np.roll(known.images, shift, 0))), -shift, 0)
            for shift in shifts
        ]
    )
    middle = np.sort(scores, axis=0)[len(shifts) // 2]
    # By slots, so that the worst one has its name.
    for slot in range(known.size):
        rows = [(slot - shift) % known.size for shift in shifts]
        by_shift = scores[np.arange(len(shifts)), rows]
        found.add(
            np.ascontiguousarray(by_shift), np.ascontiguousarray(middle[rows]), f"slot {slot}"
        )
    return found.result()


def _neighbours(backend: Backend, known: Known) -> CheckFound:
    """Each image in its own slot, with copies of itself, of another image, or black around it."""
    found = Comparison("neighbours")
    if known.size == 1:
        return found.result("a batch of 1 has no neighbours")
    for slot in _spread(known.size, _SURROUNDED):
        others = {
            "copies of itself": known.images[slot],
            "copies of another image": known.images[(slot + 1) % known.size],
            "zeros": np.zeros_like(known.images[slot]),
        }
        for words, other in others.items():
            batch = np.repeat(other[None], known.size, axis=0)
            batch[slot] = known.images[slot]
            scores = backend.run(batch)[slot : slot + 1]
            found.add(scores, known.scores[slot : slot + 1], f"slot {slot} beside {words}")
    return found.result()


def _padding(backend: Backend, known: Known) -> CheckFound:
    """The first images of a batch whose rest is padding of several kinds, some of them hostile."""
    found = Comparison("padding")
    if known.size == 1:
        return found.result("a batch of 1 needs no padding")
    for count in sorted({1, known.size // 2, known.size - 1}):
        for words, value in _paddings(known.images.dtype):
            batch = known.images.copy()
            batch[count:] = value
            scores = backend.run(batch)[:count]
            found.add(scores, known.scores[:count], f"image {{}} of {count} padded with {words}")
    return found.result()


def _paddings(dtype: np.dtype[Any]) -> list[tuple[str, float]]:
    if dtype.kind == "f":
        return [("zeros", 0.0), (f"{_EXTREME:g}", _EXTREME), ("NaN", np.nan)]
    limits = np.iinfo(dtype)
    return [(str(value), value) for value in (limits.min, limits.max)]


def _sizes(backend: Backend, known: Known) -> CheckFound:
    """The same images in smaller batches, which a model of one batch size pads by itself."""
    found = Comparison("sizes")
    if known.size == 1:
        return found.result("a batch of 1 has no smaller one")
    padded = " (padded by the backend)" if static_batch(backend) else ""
    for size in _spread(known.size, _MOST)[1:]:
        for first in range(0, known.size, size):
            part = np.ascontiguousarray(known.images[first : first + size])
            right = known.scores[first : first + size]
            found.add(
                backend.run(part), right, f"image {first} + {{}} in a batch of {len(part)}{padded}"
            )
    return found.result()


def _spread(count: int, most: int) -> list[int]:
    """0 to count - 1, or `most` of these in even distances."""
    return sorted({int(place) for place in np.linspace(0, count - 1, min(count, most))})
