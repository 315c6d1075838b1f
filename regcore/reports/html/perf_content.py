"""What a report takes from perf.json and trace.json, typed; whatever else they hold is passed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from msgspec import Meta

from regcore.evaluation.run_content import Count, Seconds
from regcore.reports.html.contents import Rate

_MANY = 50_000_000
_Moments = Annotated[list[Annotated[float, Meta(ge=-1e10, le=1e10)]], Meta(max_length=_MANY)]


@dataclass(frozen=True)
class Stage:
    """How long the threads of a stage were at work, and waited for the stage before."""

    stage: str
    threads: Annotated[int, Meta(ge=1, le=1 << 20)]
    busy_s: Seconds
    wait_input_s: Seconds = 0.0


@dataclass(frozen=True)
class BatchCompute:
    """How long a batch computes on the device, in ms."""

    median: Seconds
    p99: Seconds


@dataclass(frozen=True)
class BatchMoments:
    """When each batch was asked for, had, given to the device, done, and used, in s."""

    asked_s: _Moments
    got_s: _Moments
    submitted_s: _Moments
    taken_s: _Moments
    begun_s: _Moments
    used_s: _Moments

    def __post_init__(self) -> None:
        if len({len(column) for column in vars(self).values()}) > 1:
            raise ValueError("the columns of batch_times have different lengths")


@dataclass(frozen=True)
class PerfContent:
    """perf.json; schema `perf`."""

    images_per_s: Rate | None
    seconds: Seconds
    workers: Count
    batches: Count
    stages: Annotated[list[Stage], Meta(max_length=100)]
    interface_images_per_s: Rate | None = None
    compute: BatchCompute | None = None
    first_batch_s: Seconds | None = None
    worker_seconds: Annotated[dict[str, Seconds], Meta(max_length=100)] = field(
        default_factory=dict
    )
    batch_times: BatchMoments | None = None
    environment: dict[str, str] = field(default_factory=dict)
    run: str | None = None


@dataclass(frozen=True)
class TraceEvent:
    """One span or name of the trace-event format; times are in microseconds."""

    name: str
    ph: str
    pid: Count = 0
    tid: Count = 0
    ts: Annotated[float, Meta(ge=-1e16, le=1e16)] = 0.0
    dur: Annotated[float, Meta(ge=0, le=1e16)] = 0.0
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TraceContent:
    """trace.json, as `regcore run --trace` writes it."""

    traceEvents: list[TraceEvent]  # noqa: N815  (the format's own name)
    run: str | None = None
