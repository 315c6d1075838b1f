"""What trtexec measured: one typed result, every value with the line of the log that says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

#: Rows of the summary, under the names that TensorRT 7.2 and newer print.
LATENCY, END_TO_END, ENQUEUE = "Latency", "End-to-End Host Latency", "Enqueue Time"
H2D, COMPUTE, D2H = "H2D Latency", "GPU Compute Time", "D2H Latency"
ROWS = (LATENCY, END_TO_END, ENQUEUE, H2D, COMPUTE, D2H)

#: Settings that decide what the figures mean. Their defaults are not the same in all versions.
CONDITIONS = (
    "Precision",
    "TF32",
    "Streams",
    "Sleep time",
    "Idle time",
    "ExposeDMA",
    "Data transfers",
    "Spin-wait",
    "Multithreading",
    "CUDA Graph",
)


@dataclass(frozen=True)
class Found(Generic[T]):
    """A value, and the number of its line, from 1; None where the caller has told it."""

    value: T
    line: int | None


@dataclass(frozen=True)
class Row:
    """One row of the summary, in ms.

    percentiles: by percentage, as in {99.0: ...}. A value is None where a version prints none.
    line: of the row, or of its heading where each value has a line of its own.
    """

    name: str
    line: int
    min: Found[float]
    max: Found[float]
    mean: Found[float] | None
    median: Found[float]
    percentiles: dict[float, Found[float]]


@dataclass(frozen=True)
class TrtexecResult:
    """The summary of one run.

    qps: queries/s as printed; images_per_query is what one of them is worth: the batch, or 1
        where trtexec has counted images itself (`--batch` of models with an implicit batch).
        None where neither the log nor the caller tells the batch.
    rows: by the names of ROWS. walltime, compute_time: of the whole run, in s.
    settings: by their names in the log, such as "CUDA Graph": "Enabled"; TF32, of which trtexec
        prints nothing, as the command has it.
    warnings: of trtexec, on what limits or blurs the figures.
    """

    log: str
    qps: Found[float]
    rows: dict[str, Row]
    batch: Found[int] | None = None
    images_per_query: int | None = None
    version: Found[str] | None = None
    device: Found[str] | None = None
    settings: dict[str, Found[str]] = field(default_factory=dict)
    walltime: Found[float] | None = None
    compute_time: Found[float] | None = None
    warnings: tuple[Found[str], ...] = ()

    @property
    def images_per_s(self) -> float | None:
        """The rate: qps x images_per_query, or None where that is not known."""
        return None if self.images_per_query is None else self.qps.value * self.images_per_query


def incomparable(a: TrtexecResult, b: TrtexecResult) -> tuple[str, ...]:
    """Why the rates of two results do not compare: one reason for each difference; or empty.

    Other batches and devices are no reason: they are what one compares. What only one of the logs
    tells is a reason, for the defaults differ from version to version.
    """
    told = [("TensorRT", a.version, b.version)]
    told += [(name, a.settings.get(name), b.settings.get(name)) for name in CONDITIONS]
    reasons = [_difference(name, one, other) for name, one, other in told]
    if set(a.rows) != set(b.rows):
        only = ", ".join(name for name in ROWS if (name in a.rows) != (name in b.rows))
        reasons.append(f"only one of them has {only}")
    return tuple(filter(None, reasons))


def _difference(name: str, a: Found[str] | None, b: Found[str] | None) -> str:
    texts = [found.value if found else "not told" for found in (a, b)]
    return "" if texts[0] == texts[1] else f"{name}: {texts[0]} against {texts[1]}"
