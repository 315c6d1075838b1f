"""Jobs as tasks of Ray: few at a time, tried again where a process or a node dies."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from regcore._native.choices import MAX_WORKERS
from regcore.counted import counted
from regcore.errors import RegcoreError, UsageError, first_line
from regcore.files.arguments import whole_within
from regcore.ray.cluster import import_ray, node_cpus, node_units

Job = TypeVar("Job")

#: How often a job is tried again whose process dies: one that always kills it must end at last.
_RETRIES = 10
#: Jobs that wait for each that is in work.
_AHEAD = 2


def task_workers(wanted: int | None) -> int:
    """Threads of a task: so many as are `wanted`, by default the CPUs of the smallest node."""
    if wanted is not None:
        return whole_within("workers", wanted, 1, MAX_WORKERS)
    return max(1, min(node_cpus(), default=1))


def tasks_at_once(cpus: int, gpus: int = 0) -> int:
    """How many tasks that reserve so much run at a time; UsageError where none ever would."""
    nodes = node_units()
    most = max((there for there, _ in nodes), default=0)
    if most < cpus:
        raise UsageError(
            f"no node of the cluster has {counted(cpus, 'CPU')}, the largest has {most}; take "
            "fewer workers"
        )
    count = sum(min(there // cpus, has // gpus if gpus else there) for there, has in nodes)
    if not count:
        raise UsageError(
            f"no node of the cluster has {counted(cpus, 'CPU')} and {counted(gpus, 'GPU')} that "
            "Ray knows of; take another device, or fewer workers"
        )
    return count


def finished(
    function: Callable[..., Any],
    jobs: Iterable[Job],
    shared: object,
    *,
    cpus: int,
    at_once: int,
    gpus: int = 0,
) -> Generator[tuple[Job, Any]]:
    """Each job with function(job, shared), in the order in which they finish.

    shared: is sent once. cpus, gpus: that each reserves. at_once: how many of them run at a time.
    Raises what the function raises, RegcoreError where a process dies again and again; whatever is
    under way is cancelled where the caller stops.
    """
    ray = import_ray()
    task = ray.remote(function).options(num_cpus=cpus, num_gpus=gpus, max_retries=_RETRIES)
    sent = ray.put(shared)
    waiting: dict[Any, Job] = {}
    left = iter(jobs)
    try:
        while True:
            while len(waiting) < _AHEAD * at_once and (job := next(left, None)) is not None:
                waiting[task.remote(job, sent)] = job
            if not waiting:
                return
            ready, _ = ray.wait(list(waiting), num_returns=1)
            yield waiting.pop(ready[0]), _result(ray, ready[0])
    finally:
        for reference in waiting:
            # With its process, which Ray would use again: one that is interrupted in the midst of
            # an import may keep Python's lock of imports, and its threads wait for ever.
            ray.cancel(reference, force=True)


def _result(ray: Any, reference: Any) -> Any:  # noqa: ANN401
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        raise cause if isinstance(cause, Exception) else error from None
    except ray.exceptions.RayError as error:
        raise RegcoreError(f"Ray gave up after {_RETRIES} tries: {first_line(error)}") from error
