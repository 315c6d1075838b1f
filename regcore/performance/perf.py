"""A timeline as figures: rates, latencies, and what each stage worked and waited.

All times are of time.perf_counter, all rates are over wall time, and the end-to-end rate counts
from the first request for a batch to the last use of scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from regcore.backends.protocol import DeviceStage
from regcore.inference.timeline import Timeline
from regcore.performance.cluster import ClusterLoad
from regcore.performance.device_batches import DeviceBatches, busy_seconds
from regcore.schemas.fields import (
    Amount,
    BatchSize,
    Count,
    InterfaceRate,
    Positive,
    StageName,
    Workers,
    described,
)

_PERCENTILES = (50.0, 90.0, 95.0, 99.0)


@dataclass(frozen=True)
class Distribution:
    """Percentiles of a set of times in ms."""

    count: Annotated[Positive, described("How many times there are.")]
    min: Annotated[Amount, described("The smallest.")]
    mean: Annotated[Amount, described("Their mean.")]
    median: Annotated[Amount, described("50 % are smaller.")]
    p90: Annotated[Amount, described("90 % are smaller.")]
    p95: Annotated[Amount, described("95 % are smaller.")]
    p99: Annotated[Amount, described("99 % are smaller.")]
    max: Annotated[Amount, described("The largest.")]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Distribution | None:
        """Without NaN, which stands for no time; None for an empty set."""
        values = values[~np.isnan(values)]
        if not len(values):
            return None
        median, p90, p95, p99 = np.percentile(values, _PERCENTILES).tolist()
        return cls(
            len(values),
            float(values.min()),
            float(values.mean()),
            median,
            p90,
            p95,
            p99,
            float(values.max()),
        )


@dataclass(frozen=True)
class StageLoad:
    """What a stage of the pipeline did, in s summed over its threads, or its devices."""

    stage: Annotated[
        Literal["preprocess", "device", "post"], described("Which part of the pipeline.")
    ]
    threads: Annotated[Positive, described("How many threads or devices it has.")]
    busy_s: Annotated[
        Amount, described("At work, in s summed over its threads; a device also while it copies.")
    ]
    wait_input_s: Annotated[Amount, described("Waiting for the stage before.")]
    wait_output_s: Annotated[Amount, described("Waiting for room in the stage after it.")]

    def utilisation(self, seconds: float) -> float:
        """The part of wall time in which a thread of it was busy, 0 to 1."""
        return self.busy_s / (self.threads * seconds) if seconds else 0.0


@dataclass(frozen=True)
class Perf:
    """How fast a run was."""

    batch_size: BatchSize
    workers: Workers
    devices: Annotated[Sequence[Count], described("Numbers of the devices that were used.")]
    images: Annotated[Count, described("That the device was given.")]
    batches: Annotated[Count, described("That the device was given.")]
    seconds: Annotated[
        Amount, described("From the first request for a batch to the last use of scores.")
    ]
    images_per_s: Annotated[Amount, described("images / seconds.")]
    first_batch_s: Annotated[
        Amount | None,
        described("From the start to the first scores; null where there were none."),
    ]
    interface_images_per_s: InterfaceRate
    compute: Annotated[
        Distribution | None,
        described("Of a batch in the model's execution; null where none was measured."),
    ]
    h2d: Annotated[
        Distribution | None,
        described("Of the copies of a batch to the device; null where none was measured."),
    ]
    d2h: Annotated[
        Distribution | None,
        described("Of the copies of its scores back; null where none was measured."),
    ]
    batch: Annotated[
        Distribution | None,
        described("From the submission of a batch to its scores; null where none was measured."),
    ]
    stages: Annotated[Sequence[StageLoad], described("What each stage did.")]
    worker_seconds: Annotated[
        Mapping[StageName, Amount],
        described("Of all workers in each of their stages; empty where nothing was preprocessed."),
    ]
    cluster: Annotated[
        ClusterLoad | UnsetType,
        described(
            "Of a run on a cluster: who ran the batches. Then the devices have no numbers, and the "
            "times of single batches are left out, as each machine has a clock of its own."
        ),
    ] = UNSET


def measure(timeline: Timeline, *, batch_size: int, workers: int) -> Perf:
    """The figures of a timeline."""
    if timeline.tasks:
        return _of_tasks(timeline, batch_size, workers)
    given = DeviceBatches.of(timeline.batches)
    seconds = timeline.end - timeline.start
    compute = given.compute_seconds
    lasted = given.times["taken"] - given.times["submitted"]
    return Perf(
        batch_size=batch_size,
        workers=workers,
        devices=given.devices,
        images=given.images,
        batches=len(given),
        seconds=seconds,
        images_per_s=given.images / seconds if seconds else 0.0,
        first_batch_s=float(given.times["taken"][0]) - timeline.start if len(given) else None,
        interface_images_per_s=given.images / compute if compute > 0 else None,
        compute=Distribution.of(1000 * given.seconds["compute"]),
        h2d=Distribution.of(1000 * given.seconds["h2d"]),
        d2h=Distribution.of(1000 * given.seconds["d2h"]),
        batch=Distribution.of(1000 * lasted),
        stages=_stages(timeline, given, workers),
        worker_seconds=dict(timeline.worker_seconds) if timeline.prepared else {},
    )


def _of_tasks(timeline: Timeline, batch_size: int, workers: int) -> Perf:
    """Durations can be added up whatever clocks they are of; moments cannot."""
    parts = [measure(t.timeline, batch_size=batch_size, workers=workers) for t in timeline.tasks]
    given = [DeviceBatches.of(task.timeline.batches) for task in timeline.tasks]
    cluster = ClusterLoad.of(timeline.tasks)
    seconds = timeline.end - timeline.start
    images = sum(part.images for part in parts)
    compute = sum(part.compute_seconds for part in given)

    def spread(stage: DeviceStage) -> Distribution | None:
        return Distribution.of(1000 * np.concatenate([part.seconds[stage] for part in given]))

    lasted = [part.times["taken"] - part.times["submitted"] for part in given]
    spent: dict[str, float] = {}
    for part in parts:
        for stage, busy in part.worker_seconds.items():
            spent[stage] = spent.get(stage, 0.0) + busy
    waited = max(0.0, seconds - timeline.use_seconds)
    first = timeline.first_scores
    return Perf(
        batch_size=batch_size,
        workers=workers,
        devices=(),
        images=images,
        batches=sum(part.batches for part in parts),
        seconds=seconds,
        images_per_s=images / seconds if seconds else 0.0,
        first_batch_s=None if first is None else first - timeline.start,
        interface_images_per_s=images / compute if compute > 0 else None,
        compute=spread("compute"),
        h2d=spread("h2d"),
        d2h=spread("d2h"),
        batch=Distribution.of(1000 * np.concatenate(lasted)),
        stages=(
            *_stages_of_tasks(parts, cluster.slots),
            StageLoad("post", 1, timeline.use_seconds, waited, 0.0),
        ),
        worker_seconds=spent,
        cluster=cluster,
    )


def _stages_of_tasks(parts: Sequence[Perf], slots: int) -> Iterator[StageLoad]:
    stages: tuple[Literal["preprocess", "device"], ...] = ("preprocess", "device")
    for stage in stages:
        loads = [load for part in parts for load in part.stages if load.stage == stage]
        if loads:
            yield StageLoad(
                stage,
                slots * max(load.threads for load in loads),
                sum(load.busy_s for load in loads),
                sum(load.wait_input_s for load in loads),
                sum(load.wait_output_s for load in loads),
            )


def _stages(timeline: Timeline, given: DeviceBatches, workers: int) -> tuple[StageLoad, ...]:
    stages = []
    if timeline.prepared:
        spent = dict(timeline.worker_seconds)
        waited = spent.pop("wait")
        stages.append(StageLoad("preprocess", workers, sum(spent.values()), 0.0, waited))
    stages.append(
        StageLoad(
            "device",
            max(1, len(given.devices)),
            busy_seconds(timeline.batches),
            timeline.wait_seconds,
            timeline.room_seconds,
        )
    )
    every = timeline.batches.table()
    used = every[every["used"] > 0]
    busy = float((used["used"] - used["begun"]).sum())
    waited = max(0.0, timeline.end - timeline.start - busy)
    stages.append(StageLoad("post", 1, busy, waited, 0.0))
    return tuple(stages)
