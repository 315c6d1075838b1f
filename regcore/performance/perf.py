"""A timeline as figures: rates, latencies, and what each stage worked and waited.

All times are of time.perf_counter, all rates are over wall time, and the end-to-end rate counts
from the first request for a batch to the last use of scores.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.evaluation.run_folder import PERF
from regcore.files.atomic import write_text
from regcore.host import core_versions, default_workers
from regcore.inference.timeline import DEVICE_STAGES, Timeline
from regcore.performance.benchmark_rates import write_benchmark_files
from regcore.performance.device_batches import DeviceBatches, busy_seconds
from regcore.performance.sweep import earlier_files

FORMAT = {"name": "regcore perf", "version": 1}

_PERCENTILES = (50.0, 90.0, 95.0, 99.0)


@dataclass(frozen=True)
class Distribution:
    """Percentiles of a set of times in ms."""

    count: int
    min: float
    mean: float
    median: float
    p90: float
    p95: float
    p99: float
    max: float

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
    """What a stage of the pipeline did, in s summed over its `threads`, or its devices.

    busy: worked; a device, also while it copies.
    wait_input, wait_output: waited for the stage before, and for room behind it.
    """

    stage: str
    threads: int
    busy_s: float
    wait_input_s: float
    wait_output_s: float

    def utilisation(self, seconds: float) -> float:
        """The part of wall time in which a thread of it was busy, 0 to 1."""
        return self.busy_s / (self.threads * seconds) if seconds else 0.0


@dataclass(frozen=True)
class Perf:
    """How fast a run was.

    images, batches: that the device was given. seconds: from the first request for a batch to the
    last use of scores, and images_per_s the images in it.
    first_batch_s: from the start to the first scores.
    interface_images_per_s: of one device, over the time inside the model's execution only, which
        is what the benchmark tool calls the interface rate.
    compute, h2d, d2h: of a batch on the device; batch: from its submission to its scores.
    worker_seconds: of all workers in each of their stages; empty where nothing was preprocessed.
    """

    batch_size: int
    workers: int
    devices: tuple[int, ...]
    images: int
    batches: int
    seconds: float
    images_per_s: float
    first_batch_s: float | None
    interface_images_per_s: float | None
    compute: Distribution | None
    h2d: Distribution | None
    d2h: Distribution | None
    batch: Distribution | None
    stages: tuple[StageLoad, ...]
    worker_seconds: dict[str, float]


def measure(timeline: Timeline, *, batch_size: int, workers: int) -> Perf:
    """The figures of a timeline."""
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


def to_dict(perf: Perf, timeline: Timeline) -> dict[str, Any]:
    """perf.json: the figures, and under `batch_times` a column for each time of each batch.

    Those are in s from the start; compute_ms, h2d_ms and d2h_ms are of the device.
    """
    given = DeviceBatches.of(timeline.batches)
    columns: dict[str, Any] = {"images": given.times["images"].astype(int).tolist()}
    for name in ("asked", "got", "submitted", "taken", "begun", "used"):
        columns[f"{name}_s"] = np.round(given.times[name] - timeline.start, 6).tolist()
    for stage in DEVICE_STAGES:
        milliseconds = np.nan_to_num(1000 * given.seconds[stage])
        columns[f"{stage}_ms"] = np.round(milliseconds, 4).tolist()
    columns["device"] = given.device.tolist()
    return {"format": FORMAT, **asdict(perf), "batch_times": columns}


def write_perf(
    folder: Path,
    perf: Perf,
    timeline: Timeline,
    about: dict[str, str],
    *,
    complete: bool = True,
    sweep: bool = False,
) -> None:
    """Writes perf.json, and the benchmark tool's file for each device.

    about: what was run: model, backend, provider, recipe, and `run`, its identity. complete:
    whether all images were; it is told in perf.json, and so are the names of the benchmark tool's
    files. sweep: whether those of other batch sizes, which an earlier perf.json in the folder
    names, belong to it as well.
    """
    earlier = earlier_files(folder / PERF, about, perf.batch_size) if sweep else []
    texts = write_benchmark_files(folder, timeline, perf.batch_size)
    content = {
        **about,
        "files": [*earlier, *(path.name for path in texts)],
        "complete": complete,
        "environment": environment(),
        **to_dict(perf, timeline),
    }
    write_text(folder / PERF, json.dumps(content))


def environment() -> dict[str, str]:
    """The machine and the versions that a rate depends on."""
    return {
        "machine": platform.machine(),
        "system": platform.platform(),
        "processors": str(default_workers()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "regcore": version("regcore"),
        **core_versions(),
    }
