"""The benchmark tool's throughput file, `perf_vision_batchsize_N_device_M.txt`, line for line.

    [e2e] throughputRate: 185.966, latency: 268866
    [data read] throughputRate: 197.421, moduleLatency: 5.06532
    [preprocess] throughputRate: 196.443, moduleLatency: 5.09054
    [infer] throughputRate: 186.579, Interface throughputRate: 263.872, moduleLatency: 4.71504
    [post] throughputRate: 186.579, moduleLatency: 5.35966

Rates are images/s, of [post] batches/s; latencies are ms: of [e2e] of the whole run, else per
image, of [post] per batch. A stage's rate is over the time from the start to the end of its last
piece of work, so that in a pipeline all are about that of its slowest stage. The interface rate is
over the time inside the model's execution only, and the module latency of [infer] has the copies
to and from the device besides.
"""

from __future__ import annotations

import math
from pathlib import Path
from statistics import mean

from regcore.files.atomic import write_text
from regcore.inference.timeline import Timeline
from regcore.performance.device_batches import DeviceBatches


def write_benchmark_files(folder: Path, timeline: Timeline, batch_size: int) -> list[Path]:
    """Writes a file for each device that computed anything, and returns their paths."""
    given = DeviceBatches.of(timeline.batches)
    paths = []
    for device in given.devices:
        path = folder / f"perf_vision_batchsize_{batch_size}_device_{device}.txt"
        write_text(path, benchmark_lines(timeline, given.of_device(device)))
        paths.append(path)
    return paths


def write_pure_files(folder: Path, timeline: Timeline, model: str) -> None:
    """Writes `PureInfer_perf_of_MODEL_in_device_N.txt`, the tool's file for runs without images.

    Rate (samples/s) and latency (ms per sample) are both means over the batches, as the tool takes
    them, so that the one is not quite the inverse of the other.
    """
    given = DeviceBatches.of(timeline.batches)
    for device in given.devices:
        of_device = given.of_device(device)
        latencies = (1000 * of_device.seconds["compute"] / of_device.times["images"]).tolist()
        # A batch that took no time has no rate, and all of them none.
        rates = [1000 / latency for latency in latencies if latency > 0]
        measured = len(rates) == len(latencies)
        shown = f"{mean(rates):g}samples/s" if measured else "n/a"
        write_text(
            folder / f"PureInfer_perf_of_{model}_in_device_{device}.txt",
            f"ave_throughputRate: {shown}, ave_latency: {mean(latencies):g}ms\n",
        )


def benchmark_lines(timeline: Timeline, given: DeviceBatches) -> str:
    """The five lines, for batches that one device computed."""
    start = timeline.start
    images = given.images
    fetched, taken, used = (float(given.times[name].max()) for name in ("got", "taken", "used"))
    read = timeline.last_read or fetched
    prepared = timeline.last_prepared or fetched
    compute, in_module = given.compute_seconds, given.module_seconds
    seconds = timeline.end - start
    return (
        f"[e2e] throughputRate: {_text(_over(images, seconds))}, latency: {1000 * seconds:g}\n"
        f"[data read] {_rate(_over(images, read - start))}\n"
        f"[preprocess] {_rate(_over(images, prepared - start))}\n"
        f"[infer] throughputRate: {_text(_over(images, taken - start))}, "
        f"Interface throughputRate: {_text(_over(images, compute))}, "
        f"moduleLatency: {1000 * in_module / images:g}\n"
        f"[post] {_rate(_over(len(given), used - start))}\n"
    )


def _over(count: int, seconds: float) -> float | None:
    """A rate; None, which is none, where no time was measured."""
    rate = count / seconds if seconds > 0 else math.inf
    return rate if math.isfinite(rate) else None


def _text(rate: float | None) -> str:
    return "n/a" if rate is None else f"{rate:g}"


def _rate(rate: float | None) -> str:
    latency = 1000 / rate if rate else 0.0
    return f"throughputRate: {_text(rate)}, moduleLatency: {latency:g}"
