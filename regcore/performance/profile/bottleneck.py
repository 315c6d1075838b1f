"""Which stage holds the others up, and what would help: from measurements to one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from regcore.counted import counted
from regcore.performance.perf import Perf, StageLoad
from regcore.schemas.fields import Amount, Positive, described, published

#: Two rates that differ by less are called the same.
_SAME = 0.05
#: Workers that read for so much of their time are slow because of the storage.
_READS_MOSTLY = 0.5


@dataclass(frozen=True)
class Ceilings:
    """What each stage does alone at the first batch size, in images/s."""

    storage: Annotated[Amount, described("Reading files that are not in memory yet.")]
    preprocess: Annotated[
        dict[int, Amount],
        Meta(min_length=1),
        published(propertyNames={"pattern": "^[1-9][0-9]*$"}),
        described("Preprocessing files that are, by the number of workers, `workers` among them."),
    ]
    uint8: Annotated[
        Amount | None,
        described(
            "Preprocessing with as many workers, but without normalisation and a quarter of the "
            "bytes; null where the input is uint8."
        ),
    ]
    device: Annotated[Amount, described("The device with a batch at hand.")]
    post: Annotated[Amount, described("Counting the scores.")]
    workers: Annotated[Positive, described("With which the whole was measured.")]
    processors: Annotated[Positive, described("That this process may use.")]

    @property
    def host(self) -> float:
        """The rate of preprocessing with the workers at hand."""
        return self.preprocess[self.workers]

    def of(self, stage: str) -> float:
        """The rate of one of the stages in StageLoad."""
        return {"preprocess": self.host, "device": self.device, "post": self.post}[stage]


@dataclass(frozen=True)
class Advice:
    """What would help."""

    workers: Annotated[Positive | None, described("How many to run with instead.")]
    uint8: Annotated[bool, described("Whether to let the device normalise.")]
    expected: Annotated[Amount, described("Images/s that it should give.")]


@dataclass(frozen=True)
class Bottleneck:
    """The stage that holds the others up, and the sentence that says so with its evidence.

    advice: what would help, if anything at hand does.
    """

    stage: str
    sentence: str
    advice: Advice | None


def share(part: float, digits: int = 0) -> str:
    """A part of a whole in words; more than all of it is what a measurement is off by."""
    if part > 1:
        return "100 % (within the noise of the measurement)"
    return f"{part:.{digits}%}"


def busiest(stages: Sequence[StageLoad], seconds: float) -> str:
    """The stage whose threads were busy for the largest part of the time.

    In a pipeline with bounded queues all stages show the same rate, as they wait for the slowest
    one; what tells it from the others is that it does not wait.
    """
    return max(stages, key=lambda stage: stage.utilisation(seconds)).stage


def judge(ceilings: Ceilings, perf: Perf) -> Bottleneck:
    """Names the bottleneck of a run, with the evidence.

    It is the stage that was busiest, unless another one gives less alone and the run reached that:
    where both are nearly always busy, which of them waits a little less says nothing.
    """
    rate = perf.images_per_s
    stage = busiest(perf.stages, perf.seconds)
    stages = [load.stage for load in perf.stages]
    slowest = min(stages, key=ceilings.of)
    together = ""
    if rate < (1 - 2 * _SAME) * ceilings.of(slowest):
        together = (
            f"; together the stages reach {_rate(rate)}, less than each alone, "
            "as they share the processors"
        )
    elif ceilings.of(stage) > (1 + _SAME) * ceilings.of(slowest):
        stage = slowest
    if stage == "device":
        return Bottleneck(
            stage, _device_sentence(ceilings) + together + _cold(ceilings, rate), None
        )
    if stage == "post":
        sentence = (
            f"post-processing is the bottleneck: {_rate(ceilings.post)}, where the device "
            f"gives {_rate(ceilings.device)}"
        )
        return Bottleneck(stage, sentence + together + _cold(ceilings, rate), None)
    reading = perf.worker_seconds.get("read", 0.0)
    busy = sum(load.busy_s for load in perf.stages if load.stage == "preprocess")
    if busy and reading > _READS_MOSTLY * busy:
        sentence = (
            f"storage is the bottleneck: the workers read for {share(reading / busy)} of their "
            f"time, and {_rate(rate)} come, where the device could take {_rate(ceilings.device)}; "
            "a faster disk, more workers that wait for it, or images read before, would help"
        )
        return Bottleneck("storage", sentence + together, None)
    # A host that shares the processors gives what it gave, not what it could give alone.
    gives = rate if together else ceilings.host
    sentence, advice = _host_sentence(ceilings, gives)
    return Bottleneck(stage, sentence + together + _cold(ceilings, rate), advice)


def _device_sentence(ceilings: Ceilings) -> str:
    begin = f"the device is the bottleneck: {_rate(ceilings.device)}"
    if ceilings.host < (1 - _SAME) * ceilings.device:
        return f"{begin} alone, the host {_rate(ceilings.host)} ({_workers(ceilings.workers)})"
    return (
        f"{begin}, the host could feed {_rate(ceilings.host)} ({_workers(ceilings.workers)}); "
        "adding workers gains nothing"
    )


def _cold(ceilings: Ceilings, rate: float) -> str:
    if ceilings.storage > (1 - _SAME) * rate:
        return ""
    return (
        f"; files that are not in memory yet come at {_rate(ceilings.storage)}, "
        "which bounds a first pass over them"
    )


def _host_sentence(ceilings: Ceilings, gives: float) -> tuple[str, Advice | None]:
    """gives: images/s of the host with its workers in the run."""
    device, workers = ceilings.device, ceilings.workers
    alone = f"{_rate(ceilings.host)} ({_workers(workers)})"
    begin = f"the host is the bottleneck: {alone}"
    if gives < ceilings.host:
        begin = f"the host is the bottleneck: {_rate(gives)} beside the others, {alone} alone"
    begin += f", where the device could take {_rate(device)}"
    if gives > (1 - _SAME) * device:
        return f"{begin}; they are about as fast", None
    if not gives:
        return f"{begin}; of the first images none could be read", None
    each = gives / workers
    more = math.ceil(device / each) - workers
    spare = ceilings.processors - workers
    uint8 = 0.0
    if ceilings.uint8 is not None and ceilings.uint8 > (1 + _SAME) * ceilings.host:
        uint8 = min(device, gives * ceilings.uint8 / ceilings.host)
    enough = uint8 >= (1 - _SAME) * device
    if more <= spare:
        also = ", or uint8 input," if enough else ""
        return (
            f"{begin}; {_workers(more, 'more ')}{also} would reach the device's rate",
            Advice(workers + more, uint8=False, expected=min(device, (workers + more) * each)),
        )
    missing = f"{_workers(more, 'more ')} would be needed, and {_processors(spare)} spare"
    if uint8:
        reach = "reach the device's rate" if enough else "help"
        return (
            f"{begin}; uint8 input ({_rate(uint8)}) would {reach}; else {missing}",
            Advice(None, uint8=True, expected=uint8),
        )
    if spare > 0:
        everything = ceilings.processors
        return f"{begin}; {missing}", Advice(everything, uint8=False, expected=everything * each)
    return f"{begin}; {missing}", None


def _rate(images_per_s: float) -> str:
    return f"{images_per_s:,.0f} images/s"


def _workers(count: int, more: str = "") -> str:
    return counted(count, f"{more}worker", form=",")


def _processors(count: int) -> str:
    return counted(count, "processor is", "processors are") if count > 0 else "no processor is"
