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

from pathlib import Path
from statistics import mean

from regcore.atomic import write_text
from regcore.pipeline import BatchTimes, Timeline


def write_benchmark_files(folder: Path, timeline: Timeline, batch_size: int) -> list[Path]:
    """Writes a file for each device that computed anything, and returns their paths."""
    given = [batch for batch in timeline.batches if batch.taken]
    devices = sorted({span.device for batch in given for span in batch.spans})
    paths = []
    for device in devices:
        of_device = [b for b in given if b.spans and b.spans[0].device == device]
        path = folder / f"perf_vision_batchsize_{batch_size}_device_{device}.txt"
        write_text(path, benchmark_lines(timeline, of_device))
        paths.append(path)
    return paths


def write_pure_files(folder: Path, timeline: Timeline, model: str) -> None:
    """Writes `PureInfer_perf_of_MODEL_in_device_N.txt`, the tool's file for runs without images.

    Rate (samples/s) and latency (ms per sample) are both means over the batches, as the tool takes
    them, so that the one is not quite the inverse of the other.
    """
    batches = [batch for batch in timeline.batches if batch.taken and batch.spans]
    for device in sorted({batch.spans[0].device for batch in batches}):
        latencies = [
            1000 * sum(s.end - s.start for s in batch.spans if s.stage == "compute") / batch.images
            for batch in batches
            if batch.spans[0].device == device
        ]
        rate = mean(1000 / latency for latency in latencies)
        write_text(
            folder / f"PureInfer_perf_of_{model}_in_device_{device}.txt",
            f"ave_throughputRate: {rate:g}samples/s, ave_latency: {mean(latencies):g}ms\n",
        )


def benchmark_lines(timeline: Timeline, given: list[BatchTimes]) -> str:
    """The five lines, for batches that one device computed."""
    start = timeline.start
    images = sum(batch.images for batch in given)
    fetched = max(batch.got for batch in given)
    read = timeline.last_read or fetched
    prepared = timeline.last_prepared or fetched
    taken = max(batch.taken for batch in given)
    used = max(batch.used for batch in given)
    compute = sum(s.end - s.start for b in given for s in b.spans if s.stage == "compute")
    in_module = sum(s.end - s.start for b in given for s in b.spans)
    seconds = timeline.end - start
    return (
        f"[e2e] throughputRate: {images / seconds:g}, latency: {1000 * seconds:g}\n"
        f"[data read] {_rate(images / (read - start))}\n"
        f"[preprocess] {_rate(images / (prepared - start))}\n"
        f"[infer] throughputRate: {images / (taken - start):g}, "
        f"Interface throughputRate: {images / compute:g}, "
        f"moduleLatency: {1000 * in_module / images:g}\n"
        f"[post] {_rate(len(given) / (used - start))}\n"
    )


def _rate(rate: float) -> str:
    return f"throughputRate: {rate:g}, moduleLatency: {1000 / rate:g}"
