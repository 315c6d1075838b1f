"""What a Ray cluster has, and how much of it actors may take."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from regcore.counted import counted
from regcore.errors import BackendError, UsageError, first_line
from regcore.files.arguments import whole_within

#: The address that means a Ray of this machine's own.
LOCAL = "local"

_PATIENCE = 10.0  # s
_MOST = 1 << 20
#: What reads a dataset runs as tasks of one CPU each, and one of them must always find its place.
_FOR_READERS = 1


def import_ray() -> Any:  # noqa: ANN401  (a module)
    """The module ray. Raises BackendError where it is not installed."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BackendError(
            f"Ray is not installed ({error}); install it with: pip install 'regcore[ray]'"
        ) from error
    return ray


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Ray at this address for the block, or "local": one of this machine's own, which ends with it.

    A connection that there is already is used and left. Raises BackendError where there is no Ray.
    """
    ray = import_ray()
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or each task warns
    own = {"include_dashboard": False} if address == LOCAL else {}
    on_termination = signal.getsignal(signal.SIGTERM)
    try:
        _knock(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
        if on_termination is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, on_termination)  # Ray has put its own there
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise BackendError(f"no Ray at {address}: {first_line(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raises OSError where nobody listens at HOST:PORT: Ray itself tries that for many minutes."""
    host, mark, port = address.removeprefix("ray://").rpartition(":")
    if mark and port.isdigit():
        socket.create_connection((host, int(port)), _PATIENCE).close()


def node_cpus() -> list[int]:
    """The CPUs of each node that is alive; Ray is started on this machine if it was not."""
    return [cpus for cpus, _ in node_units()]


def node_units() -> list[tuple[int, int]]:
    """The CPUs and the GPUs of each node that is alive; Ray is started as by node_cpus."""
    ray = import_ray()
    if not ray.is_initialized():
        ray.init()
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [(int(has.get("CPU", 0)), int(has.get("GPU", 0))) for has in alive]


def node_name() -> str:
    """What tells the node on which the caller's process runs from others."""
    return str(import_ray().get_runtime_context().get_node_id())


def reserved_cpus() -> int | None:
    """How many CPUs the task or actor that calls this has reserved; None elsewhere."""
    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return None
    context = ray.get_runtime_context()
    if context.get_task_id() is None and context.get_actor_id() is None:
        return None
    return max(1, int(context.get_assigned_resources().get("CPU", 0)))


def resources(
    workers: int | None = None, *, actors: int | None = None, batch_size: int = 256
) -> dict[str, Any]:
    """The arguments of `map_batches` with which actors of Preprocess get on with who reads.

    workers: threads of an actor, for which it reserves as many CPUs; by default all but one of the
    largest node. actors: how many there may be at most, by default as many as fit. batch_size:
    images of a call; a batch of uint8 images of 224 x 224 takes 38 MB.

    One CPU stays free: where actors take all, the tasks that read the dataset wait for an actor to
    end, and the actors for the tasks, and nothing moves. Raises UsageError where the cluster is too
    small for that, BackendError where Ray is not installed.
    """
    batch_size = whole_within("batch_size", batch_size, 1, _MOST)
    nodes = node_cpus()
    total = sum(nodes)
    if workers is None:
        workers = max(1, max(nodes, default=0) - _FOR_READERS)
    workers = whole_within("workers", workers, 1, _MOST)
    fit = sum(cpus // workers for cpus in nodes)
    most = fit if total - fit * workers >= _FOR_READERS else fit - 1
    if actors is not None:
        actors = whole_within("actors", actors, 1, _MOST)
    if most < 1 or (actors or 0) > most:
        raise UsageError(_too_small(nodes, workers, actors or 1, most))
    return {
        "num_cpus": workers,
        "concurrency": (1, actors or most),
        "batch_size": batch_size,
    }


def _too_small(nodes: list[int], workers: int, actors: int, most: int) -> str:
    have = f"the cluster has {counted(sum(nodes), 'CPU')} on {counted(len(nodes), 'node')}"
    want = f"{counted(actors, 'actor')} of {counted(workers, 'worker')}"
    advice = (
        f"take {counted(most, 'actor')} at most"
        if most > 0
        else "take fewer workers, or a larger cluster"
    )
    return f"{have}: {want} would leave none to the tasks that read the images; {advice}"
