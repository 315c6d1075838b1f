"""What a device alone does, measured by NVIDIA's trtexec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.api.messages import Log, no_log
from regcore.errors import LogError
from regcore.files.arguments import as_path, check_several
from regcore.formats.trtexec import TrtexecResult
from regcore.models.onnx_file import read_onnx
from regcore.performance.trtexec_rates import RateMeasurement
from regcore.reports.trtexec import to_dict


@dataclass(frozen=True)
class TrtexecRates:
    """What trtexec has measured. failures: a sentence on each batch size at which it failed."""

    results: tuple[TrtexecResult, ...]
    failures: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """What `regcore trtexec --json` prints."""
        return to_dict(self.results, self.failures)


def measure_trtexec(
    model: str | Path,
    *,
    batches: Sequence[int] = (1, 4, 8, 16, 32, 64),
    fp16: bool = False,
    logs: str | Path = "trtexec_logs",
    options: Sequence[str] = (),
    force: bool = False,
    log: Log = no_log,
    show_line: Callable[[str], None] = no_log,
) -> TrtexecRates:
    """Measures an ONNX file with trtexec on made-up images, once for each batch size.

    fp16: compute in float16 where that is faster. logs: the folder in which trtexec's logs are
    kept. options: go to trtexec as they are. force: also replace files that trtexec has not
    written. show_line: called with each line of trtexec's own log. log: see regcore.api.messages.

    Raises UsageError for a batch size that the model does not take, and BackendError where there
    is no trtexec.
    """
    check_several("options", options)
    measurement = RateMeasurement(
        read_onnx(as_path("model", model)), as_path("logs", logs), fp16=fp16, options=tuple(options)
    )
    sizes = measurement.batches(tuple(batches))
    measurement.check_outputs(sizes, force=force)
    if not fp16 and "--noTF32" not in options:
        log("trtexec multiplies float32 as TF32 where the GPU has it; -- --noTF32 keeps float32")
    results: list[TrtexecResult] = []
    failures: list[str] = []
    for batch in sizes:
        log(f"batch {batch}: the log goes to {measurement.log_path(batch)}")
        try:
            results.append(measurement.measure(batch, show_line))
        except LogError as error:
            failures.append(f"batch {batch}: {error}")
    return TrtexecRates(tuple(results), tuple(failures))
