"""The CUDA runtime itself through regcore's classes: copies, events, waits, graphs, errors."""

from __future__ import annotations

import threading
from time import perf_counter, sleep
from typing import Any

import numpy as np
import torch
from gpu.check import Check, run

from regcore.backends.cuda.resources import PAGE_LOCKED, Resources
from regcore.backends.cuda.runtime import Cuda, import_cuda
from regcore.errors import BackendError

IMAGES = (64, 3, 224, 224)
SLEEP_CYCLES = int(1.5e9)  # about 0.8 s of a GPU


def step(check: Check) -> None:
    cuda = Cuda(import_cuda(), "check")
    cuda.do("SetDevice", 0)
    name = cuda.value("GetDeviceProperties", 0).name
    check.ok(isinstance(name, bytes), f"GetDeviceProperties names the device {name!r}")
    errors(check, cuda)
    resources = Resources(cuda, 0)
    round_trip(check, cuda, resources)
    stream = resources.stream()
    waiting_leaves_the_gil(check, cuda, stream, resources.event())
    graph(check, cuda, resources, stream)
    check.ok(resources.release() is None, "everything was given back")


def errors(check: Check, cuda: Cuda) -> None:
    for call, argument, code in (
        ("SetDevice", 99, "cudaErrorInvalidDevice"),
        ("Free", 12345, "cudaErrorInvalidValue"),
    ):
        said = failure(cuda, call, argument)
        check.ok(code in said, f"{call}({argument}): {said or 'raised nothing'}")


def failure(cuda: Cuda, call: str, argument: int) -> str:
    """What the error of a call says; empty where it raises none."""
    try:
        cuda.do(call, argument)
    except BackendError as error:
        return str(error)
    return ""


def round_trip(check: Check, cuda: Cuda, resources: Resources) -> None:
    """In by one stream and out by another, ordered by an event alone."""
    there, back = (resources.host_array(IMAGES, np.dtype(np.float32)) for _ in range(2))
    check.ok(
        PAGE_LOCKED.hold(there)
        and PAGE_LOCKED.hold(there[5:9])
        and not PAGE_LOCKED.hold(np.zeros(4)),
        "page-locked arrays are known as such",
    )
    there[...] = np.random.default_rng(0).random(IMAGES, np.float32)
    device = resources.device_memory(there.nbytes)
    into, out = resources.stream(), resources.stream()
    began, loaded, left, done = (resources.event() for _ in range(4))
    kinds = cuda.module.cudaMemcpyKind
    times = []
    for _ in range(5):
        back[...] = 0
        cuda.do("EventRecord", began, into)
        to_device = (device, there.ctypes.data, there.nbytes, kinds.cudaMemcpyHostToDevice)
        cuda.do("MemcpyAsync", *to_device, into)
        cuda.do("EventRecord", loaded, into)
        cuda.do("StreamWaitEvent", out, loaded, 0)
        cuda.do("EventRecord", left, out)
        to_host = (back.ctypes.data, device, there.nbytes, kinds.cudaMemcpyDeviceToHost)
        cuda.do("MemcpyAsync", *to_host, out)
        cuda.do("EventRecord", done, out)
        cuda.do("EventSynchronize", done)
        marks = ((began, loaded), (left, done))
        times.append([cuda.value("EventElapsedTime", *pair) for pair in marks])
    check.ok(np.array_equal(there, back), "a round trip over two streams is bit-equal")
    h2d, d2h = (there.nbytes / min(one) / 1e6 for one in zip(*times, strict=True))
    check.note(f"{h2d:.1f} GB/s in, {d2h:.1f} GB/s out", h2d_gb_per_s=h2d, d2h_gb_per_s=d2h)


def waiting_leaves_the_gil(check: Check, cuda: Cuda, stream: Any, event: Any) -> None:  # noqa: ANN401
    count, ended = [0], threading.Event()

    def counter() -> None:
        while not ended.is_set():
            count[0] += 1

    with torch.cuda.stream(torch.cuda.ExternalStream(int(stream))):
        torch.cuda._sleep(SLEEP_CYCLES)  # noqa: SLF001
    cuda.do("EventRecord", event, stream)
    thread = threading.Thread(target=counter)
    thread.start()
    sleep(0.01)
    before, start = count[0], perf_counter()
    cuda.do("EventSynchronize", event)
    waited, counted = perf_counter() - start, count[0] - before
    ended.set()
    thread.join()
    check.ok(
        waited > 0.2 and counted > 1000,
        f"EventSynchronize waited {waited:.2f} s, while another thread counted to {counted:,}",
    )


def graph(check: Check, cuda: Cuda, resources: Resources, stream: Any) -> None:  # noqa: ANN401
    value = torch.zeros(1024, device="cuda")
    torch.cuda.synchronize()
    on_stream = torch.cuda.ExternalStream(int(stream))
    with torch.cuda.stream(on_stream):
        value.add_(1)
    cuda.do("StreamSynchronize", stream)
    mode = cuda.module.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
    cuda.do("StreamBeginCapture", stream, mode)
    with torch.cuda.stream(on_stream):
        value.add_(1)
    captured = cuda.value("StreamEndCapture", stream)
    replayed = resources.make("GraphInstantiate", captured, 0, undo="GraphExecDestroy")
    cuda.do("GraphDestroy", captured)
    for _ in range(10):
        cuda.do("GraphLaunch", replayed, stream)
    cuda.do("StreamSynchronize", stream)
    check.ok(
        value[0] == 11, f"a graph of one addition, replayed ten times: {float(value[0])} of 11"
    )


if __name__ == "__main__":
    run("the CUDA runtime through regcore's own classes", step)
