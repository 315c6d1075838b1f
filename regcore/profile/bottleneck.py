"""Which stage holds the others up, and what would help: from measurements to one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from regcore.perf import StageLoad

#: Two rates that differ by less are called the same.
_SAME = 0.05


@dataclass(frozen=True)
class Ceilings:
    """What each stage does alone, in images/s.

    preprocess: by number of workers, `workers` among them. uint8: with as many workers, but
    without normalisation and a quarter of the bytes; None where the input is uint8 already.
    """

    storage: float
    preprocess: dict[int, float]
    uint8: float | None
    device: float
    post: float
    workers: int
    processors: int

    @property
    def host(self) -> float:
        """Of preprocessing with the workers at hand."""
        return self.preprocess[self.workers]


@dataclass(frozen=True)
class Advice:
    """What would help, and the rate in images/s that it should give.

    workers: how many to run with instead. uint8: whether to let the device normalise.
    """

    workers: int | None
    uint8: bool
    expected: float


@dataclass(frozen=True)
class Verdict:
    """The stage that holds the others up, and the sentence that says so with its evidence.

    advice: what would help, if anything at hand does.
    """

    stage: str
    sentence: str
    advice: Advice | None


def busiest(stages: Sequence[StageLoad], seconds: float) -> str:
    """The stage whose threads were busy for the largest part of the time.

    In a pipeline with bounded queues all stages show the same rate, as they wait for the slowest
    one; what tells it from the others is that it does not wait.
    """
    return max(stages, key=lambda stage: stage.utilisation(seconds)).stage


def judge(ceilings: Ceilings, stages: Sequence[StageLoad], seconds: float, rate: float) -> Verdict:
    """Names the bottleneck of a run that gave `rate` images/s, with the evidence.

    stages, seconds: what the stages did in it.
    """
    stage = busiest(stages, seconds)
    alone = min(ceilings.host, ceilings.device, ceilings.post)
    shared = ""
    if rate < (1 - 2 * _SAME) * alone:
        shared = (
            f"; together they reach {_rate(rate)}, less than each alone, "
            "as they share the processors"
        )
    if stage == "device":
        return Verdict(stage, _device_sentence(ceilings) + shared, None)
    if stage == "post":
        sentence = (
            f"post-processing is the bottleneck: {_rate(ceilings.post)}, where the device "
            f"gives {_rate(ceilings.device)}{shared}"
        )
        return Verdict(stage, sentence, None)
    return _host_verdict(ceilings, shared)


def _device_sentence(ceilings: Ceilings) -> str:
    return (
        f"the device is the bottleneck: {_rate(ceilings.device)}, the host could feed "
        f"{_rate(ceilings.host)} ({_workers(ceilings.workers)}); adding workers gains nothing"
    )


def _host_verdict(ceilings: Ceilings, shared: str) -> Verdict:
    if ceilings.storage < (1 + _SAME) * ceilings.host:
        return Verdict(
            "storage",
            f"storage is the bottleneck: it gives {_rate(ceilings.storage)}, where the device "
            f"could take {_rate(ceilings.device)}; a faster disk, or images read before, would "
            f"help{shared}",
            None,
        )
    begin = (
        f"the host is the bottleneck: {_rate(ceilings.host)} ({_workers(ceilings.workers)}), "
        f"where the device could take {_rate(ceilings.device)}"
    )
    each = ceilings.host / ceilings.workers
    more = max(1, math.ceil(ceilings.device / each) - ceilings.workers)
    if ceilings.workers + more <= ceilings.processors:
        workers = ceilings.workers + more
        expected = min(ceilings.device, workers * each)
        return Verdict(
            "preprocess",
            f"{begin}; {_workers(more, 'more ')} would reach the device's rate{shared}",
            Advice(workers, uint8=False, expected=expected),
        )
    spare = ceilings.processors - ceilings.workers
    missing = f"{_workers(more, 'more ')} would be needed, and {_processors(spare)} spare"
    if ceilings.uint8 is not None and ceilings.uint8 > (1 + _SAME) * ceilings.host:
        reach = "reach the device's rate" if ceilings.uint8 >= ceilings.device else "help"
        return Verdict(
            "preprocess",
            f"{begin}; uint8 input ({_rate(ceilings.uint8)}) would {reach}; else {missing}{shared}",
            Advice(None, uint8=True, expected=min(ceilings.device, ceilings.uint8)),
        )
    if spare > 0:
        workers = ceilings.processors
        return Verdict(
            "preprocess",
            f"{begin}; {missing}{shared}",
            Advice(workers, uint8=False, expected=workers * each),
        )
    return Verdict("preprocess", f"{begin}; {missing}{shared}", None)


def _rate(images_per_s: float) -> str:
    return f"{images_per_s:,.0f} images/s"


def _workers(count: int, more: str = "") -> str:
    return f"{count:,} {more}worker{'' if count == 1 else 's'}"


def _processors(count: int) -> str:
    return f"{count} processor{' is' if count == 1 else 's are'}" if count else "no processor is"
