"""The rates that the benchmark tool's files tell, from the times of a run's batches."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import mean

from regcore.files.atomic import write_text
from regcore.formats.benchmark_tool import (
    BenchmarkRates,
    benchmark_text,
    perf_name,
    pure_name,
    pure_text,
)
from regcore.inference.timeline import Timeline
from regcore.performance.device_batches import DeviceBatches


def write_benchmark_files(folder: Path, timeline: Timeline, batch_size: int) -> list[Path]:
    """Writes a file for each device that computed anything, and returns their paths."""
    batches = DeviceBatches.of(timeline.batches)
    paths = []
    for device in batches.devices:
        path = folder / perf_name(batch_size, device)
        write_text(path, benchmark_text(benchmark_rates(timeline, batches.of_device(device))))
        paths.append(path)
    return paths


def write_pure_files(folder: Path, timeline: Timeline, model: str) -> None:
    """Writes a file for each device, as the tool does for runs without images."""
    batches = DeviceBatches.of(timeline.batches)
    for device in batches.devices:
        of_device = batches.of_device(device)
        latencies = (1000 * of_device.seconds["compute"] / of_device.times["images"]).tolist()
        # A batch that took no time has no rate, and all of them none.
        rates = [1000 / latency for latency in latencies if latency > 0]
        rate = mean(rates) if len(rates) == len(latencies) else None
        write_text(folder / pure_name(model, device), pure_text(rate, mean(latencies)))


def benchmark_rates(timeline: Timeline, batches: DeviceBatches) -> BenchmarkRates:
    """The rates of batches that one device computed.

    A stage's rate is over the time from the start to the end of its last piece of work.
    """
    start, seconds = timeline.start, timeline.end - timeline.start
    images, times = batches.images, batches.times
    fetched, taken, used = (float(times[name].max()) for name in ("got", "taken", "used"))
    return BenchmarkRates(
        end_to_end=_rate(images, seconds),
        seconds=seconds,
        read=_rate(images, (timeline.last_read or fetched) - start),
        preprocess=_rate(images, (timeline.last_prepared or fetched) - start),
        infer=_rate(images, taken - start),
        interface=_rate(images, batches.compute_seconds),
        module_ms=1000 * batches.module_seconds / images,
        post=_rate(len(batches), used - start),
    )


def _rate(count: int, seconds: float) -> float | None:
    """None, which is no rate, where no time was measured."""
    rate = count / seconds if seconds > 0 else math.inf
    return rate if math.isfinite(rate) else None
