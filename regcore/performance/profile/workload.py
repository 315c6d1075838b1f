"""The profile of a model on a machine: each stage alone, the whole, and what holds it up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from regcore.backends.protocol import Backend
from regcore.counted import counted
from regcore.host import default_workers
from regcore.images.preprocessor import Preprocessor
from regcore.images.sources import Image
from regcore.performance.perf import Perf, measure
from regcore.performance.profile import stage_rates as ceilings
from regcore.performance.profile.bottleneck import Advice, Bottleneck, Ceilings, judge
from regcore.performance.profile.cached_input import FixedInputBackend
from regcore.recipes.recipe import Recipe
from regcore.schemas.fields import Amount, described

#: Makes a preprocessor for a recipe and a number of workers.
Prepare = Callable[[Recipe, int], Preprocessor]
Say = Callable[[str], object]

_SLICE = 0.25  # of a measurement's time, for a point of the curve of workers
_EACH = 8  # workers up to which every number is a point


def worker_counts(most: int) -> list[int]:
    """1 to `most`, each up to 8 and then half as many again and twice as many: 12, 16, 24, 32."""
    counts = list(range(1, min(most, _EACH) + 1))
    power = _EACH
    while counts[-1] < most:
        counts += [min(most, count) for count in (power * 3 // 2, power * 2)]
        power *= 2
    return sorted(set(counts))


@dataclass(frozen=True)
class BatchProfile:
    """One batch size: the device alone, and the whole pipeline, in images/s."""

    batch_size: int
    device_images_per_s: float
    perf: Perf

    @property
    def reached(self) -> float:
        """The part of the device's rate that the whole gives; 0 where the device gave none."""
        if not self.device_images_per_s:
            return 0.0
        return self.perf.images_per_s / self.device_images_per_s


@dataclass(frozen=True)
class Verified:
    """What the advice gave when it was tried."""

    what: Annotated[str, described("What was tried.")]
    expected: Annotated[Amount, described("Images/s that it should give.")]
    images_per_s: Annotated[Amount, described("Images/s that it gave.")]


@dataclass(frozen=True)
class Profile:
    """ceilings, verdict: of the first batch size."""

    batches: tuple[BatchProfile, ...]
    ceilings: Ceilings
    verdict: Bottleneck
    verified: Verified | None


@dataclass(frozen=True)
class Workload:
    """What is measured: a model, images, the recipe between them, and with how many workers.

    seconds: for each measurement, of which there are about five, and two for each batch size; a
        quarter of it for preprocessing with each smaller number of workers.
    say: called with what is being measured.
    """

    backend: Backend
    images: Sequence[Image]
    recipe: Recipe
    prepare: Prepare
    workers: int
    seconds: float
    say: Say = lambda _: None

    def profile(self, batch_sizes: Sequence[int], *, verify: bool = False) -> Profile:
        """Measures each stage alone, the whole at each batch size, and judges the first.

        verify: whether to try what the verdict advises.
        Raises DecodeError where no image is good, BackendError as the backend does.
        """
        batches = [self._batch(batch_size) for batch_size in batch_sizes]
        found = self._ceilings(batches[0])
        verdict = judge(found, batches[0].perf)
        verified = None
        if verify and verdict.advice is not None:
            self.say("what the verdict advises")
            verified = self._try(verdict.advice, batches[0].batch_size)
        return Profile(tuple(batches), found, verdict, verified)

    def _batch(self, batch_size: int) -> BatchProfile:
        preprocessor = self.prepare(self.recipe, self.workers)
        self.say(f"the device alone, batch {batch_size}")
        cached = ceilings.cached_batch(preprocessor, self.backend, self.images, batch_size)
        alone = ceilings.device_rate(self.backend, cached, self.seconds)
        self.say(f"the whole, batch {batch_size}")
        return BatchProfile(batch_size, alone, self._whole(preprocessor, batch_size))

    def _whole(
        self, preprocessor: Preprocessor, batch_size: int, backend: Backend | None = None
    ) -> Perf:
        timeline = ceilings.whole(
            preprocessor, backend or self.backend, self.images, batch_size, self.seconds
        )
        return measure(timeline, batch_size=batch_size, workers=preprocessor.workers)

    def _ceilings(self, first: BatchProfile) -> Ceilings:
        self.say("storage alone")
        storage = ceilings.storage_rate(self.images, self.workers, self.seconds)
        preprocess = {
            count: self._host(self.recipe, count, first.batch_size, _SLICE * self.seconds)
            for count in worker_counts(self.workers)[:-1]
        }
        preprocess[self.workers] = self._host(
            self.recipe, self.workers, first.batch_size, self.seconds
        )
        uint8 = None
        if self.recipe.dtype != "uint8":
            recipe = self.recipe.in_form("uint8")
            uint8 = self._host(recipe, self.workers, first.batch_size, self.seconds)
        self.say("post-processing alone")
        preprocessor = self.prepare(self.recipe, self.workers)
        cached = ceilings.cached_batch(preprocessor, self.backend, self.images, first.batch_size)
        post = ceilings.post_rate(self.backend.run(cached), self.seconds)
        return Ceilings(
            storage=storage,
            preprocess=preprocess,
            uint8=uint8,
            device=first.device_images_per_s,
            post=post,
            workers=self.workers,
            processors=default_workers(),
        )

    def _host(self, recipe: Recipe, workers: int, batch_size: int, seconds: float) -> float:
        self.say(f"preprocessing alone, to {recipe.dtype}, workers: {workers}")
        preprocessor = self.prepare(recipe, workers)
        return ceilings.preprocess_rate(preprocessor, self.images, batch_size, seconds)

    def _try(self, advice: Advice, batch_size: int) -> Verified:
        if not advice.uint8:
            preprocessor = self.prepare(self.recipe, advice.workers or self.workers)
            perf = self._whole(preprocessor, batch_size)
            return Verified(
                counted(preprocessor.workers, "worker"), advice.expected, perf.images_per_s
            )
        preprocessor = self.prepare(self.recipe.in_form("uint8"), self.workers)
        takes = self.backend.inputs[0].dtype
        if takes in {None, "uint8"}:
            perf = self._whole(preprocessor, batch_size)
            return Verified("uint8 input", advice.expected, perf.images_per_s)
        cached = ceilings.cached_batch(
            self.prepare(self.recipe, self.workers), self.backend, self.images, batch_size
        )
        perf = self._whole(preprocessor, batch_size, FixedInputBackend(self.backend, cached))
        what = f"uint8 input, as if the model took it (it computed one {takes} batch over and over)"
        return Verified(what, advice.expected, perf.images_per_s)
