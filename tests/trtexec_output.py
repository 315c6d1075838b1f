"""What trtexec prints of a run, in the manner of each TensorRT from 7.1 to 11, with made-up times.

Version 7.1 puts every value on a line of its own, 7.2 to 8.4 print "End-to-End Host Latency" and
one percentile, later ones neither of both. Version 11 changes the defaults of what is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

ROWS = {
    "Latency": 1.5,
    "End-to-End Host Latency": 2.0,
    "Enqueue Time": 0.9,
    "H2D Latency": 0.1,
    "GPU Compute Time": 1.25,
    "D2H Latency": 0.0078125,
}
STAMP = "[11/23/2026-12:00:01] [I] "


def milliseconds(name: str, batch: int) -> list[float]:
    """Minimum, maximum, mean, median and 99th percentile of a row: it grows with the batch."""
    mean = ROWS[name] * (0.5 + 0.5 * batch)
    return [mean * 0.75, mean * 2, mean, mean * 0.875, mean * 1.5]


def queries_per_s(batch: int) -> float:
    """As the device alone would do: its compute times one after the other."""
    return float(f"{1000 / milliseconds('GPU Compute Time', batch)[2]:.6g}")


def settings(version: tuple[int, ...], *, fp16: bool, threads: bool) -> dict[str, str]:
    """By name, as the log prints them."""
    told = {"Precision": "FP32+FP16" if fp16 else "FP32"}
    told["Inference Streams" if version >= (8, 6) else "Streams"] = "1"
    told |= {"Sleep time": "0ms", "Idle time": "0ms", "ExposeDMA": "Disabled"}
    new = version >= (11,)
    if version >= (7, 2):
        told["Data transfers"] = "Disabled" if new else "Enabled"
    told["Spin-wait"] = "Enabled" if new else "Disabled"
    told["Multithreading"] = "Enabled" if threads else "Disabled"
    told["CUDA Graph"] = "Enabled" if new else "Disabled"
    return told


def output(
    version: tuple[int, ...],
    shape: tuple[int, ...],
    *,
    fp16: bool = False,
    threads: bool = True,
    implicit: bool = False,
    name: str = "image",
) -> Iterator[str]:
    """The lines between RUNNING and PASSED."""
    batch = shape[0]
    yield f"{STAMP}=== Inference Options ==="
    yield f"{STAMP}Batch: {batch if implicit else 'Explicit'}"
    if not implicit:
        yield f"{STAMP}Input inference shape: {name}={'x'.join(map(str, shape))}"
    for setting, value in settings(version, fp16=fp16, threads=threads).items():
        yield f"{STAMP}{setting}: {value}"
    yield f"{STAMP}=== Device Information ==="
    yield f"{STAMP}Selected Device: Stand-in T4"
    if version >= (8, 2):
        yield f"{STAMP}TensorRT version: {'.'.join(map(str, version))}"
    yield f"{STAMP}Warmup completed 10 queries over 200 ms"
    qps = queries_per_s(batch) * (batch if implicit else 1)
    if version < (7, 2):
        yield from _old_summary(batch, qps)
        return
    yield f"{STAMP}=== Performance summary ==="
    yield f"{STAMP}Throughput: {qps:g} qps"
    for row in ROWS:
        if row != "End-to-End Host Latency" or version < (8, 4):
            yield f"{STAMP}{row}: {_row(version, milliseconds(row, batch))}"
    yield f"{STAMP}Total Host Walltime: 3.00305 s"
    yield f"{STAMP}Total GPU Compute Time: 2.98 s"
    yield "[11/23/2026-12:00:01] [W] * GPU compute time is unstable, with coefficient of variance"
    yield f"{STAMP}Explanations of the performance metrics are printed in the verbose logs."
    yield "[11/23/2026-12:00:01] [V] === Explanations of the performance metrics ==="
    yield "[11/23/2026-12:00:01] [V] Latency: the summation of H2D Latency and others."


def queries(
    version: tuple[int, ...], count: int, *, begin: float = 100.0
) -> list[dict[str, float]]:
    """The times of so many queries, from `begin` ms on, as trtexec has them before it writes them.

    Each begins while the last one computes. Their keys are those of the version.
    """
    into, out = ("In", "Out") if version < (7, 1) else ("H2d", "D2h")
    found = []
    free = begin
    for number in range(count):
        h2d, compute, d2h = 0.125 + number % 3 / 64, 1.25 + number % 7 / 8, 0.0625
        start = max(begin, free - 0.5 - h2d)
        computes = max(start + h2d, free)
        free = computes + compute
        times = {"startEnqMs": start - 0.0625, "endEnqMs": start + 0.25} if version > (7, 1) else {}
        times |= {f"start{into}Ms": start, f"end{into}Ms": start + h2d}
        times |= {"startComputeMs": computes, "endComputeMs": free}
        times |= {f"start{out}Ms": free, f"end{out}Ms": free + d2h}
        times |= {f"{into[0].lower()}{into[1:]}Ms": h2d, "computeMs": compute}
        times |= {f"{out[0].lower()}{out[1:]}Ms": d2h, "latencyMs": h2d + compute + d2h}
        if version < (8, 5):
            times["endToEndMs"] = free + d2h - start
        found.append(times)
    return found


def times_file(queries: list[dict[str, float]]) -> str:
    """As trtexec writes it: a line for each query, numbers of six digits."""
    lines = [" , ".join(f'"{name}" : {ms:g}' for name, ms in one.items()) for one in queries]
    marks = ["  ", *[", "] * (len(lines) - 1)]
    objects = (f"{mark}{{ {line} }}" for mark, line in zip(marks, lines, strict=True))
    return "\n".join(["[", *objects, "]"]) + "\n"


def _row(version: tuple[int, ...], values: list[float]) -> str:
    low, high, mean, median, late = values
    parts = [("min", low), ("max", high), ("mean", mean), ("median", median)]
    ranks = (90, 95, 99) if version >= (8, 5) else (99,)
    parts += [(f"percentile({rank}%)", late) for rank in ranks]
    return ", ".join(f"{name} = {value:g} ms" for name, value in parts)


def _old_summary(batch: int, qps: float) -> Iterator[str]:
    latency, end_to_end = (milliseconds(row, batch) for row in list(ROWS)[:2])
    yield f"{STAMP}Host Latency"
    for part, own, all_of_it in zip(
        ("min", "max", "mean", "median"), latency, end_to_end, strict=False
    ):
        yield f"{STAMP}{part}: {own:g} ms (end to end {all_of_it:g} ms)"
    yield f"{STAMP}percentile: {latency[4]:g} ms at 99% (end to end {end_to_end[4]:g} ms at 99%)"
    yield f"{STAMP}throughput: {qps:g} qps"
    yield f"{STAMP}walltime: 3.00305 s"
    for heading, row in (("Enqueue Time", "Enqueue Time"), ("GPU Compute", "GPU Compute Time")):
        low, high, mean, median, late = milliseconds(row, batch)
        yield f"{STAMP}{heading}"
        yield f"{STAMP}min: {low:g} ms"
        yield f"{STAMP}max: {high:g} ms"
        if heading == "GPU Compute":
            yield f"{STAMP}mean: {mean:g} ms"
        yield f"{STAMP}median: {median:g} ms"
        if heading == "GPU Compute":
            yield f"{STAMP}percentile: {late:g} ms at 99%"
    yield f"{STAMP}total compute time: 2.98 s"
