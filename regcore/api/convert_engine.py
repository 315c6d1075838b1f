"""An ONNX file built into a TensorRT engine, for the GPU of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from regcore.api.convert import ConvertedModel, read_source
from regcore.api.messages import Log, no_log
from regcore.convert.tensorrt import engine
from regcore.files.arguments import as_path
from regcore.files.atomic import check_target
from regcore.files.output_guard import check_outputs


def convert_to_engine(
    model: str | Path,
    *,
    out: str | Path | None = None,
    fp16: bool = False,
    tf32: bool = False,
    batch_min: int | None = None,
    batch_opt: int | None = None,
    batch_max: int | None = None,
    timing_cache: str | Path | None = None,
    force: bool = False,
    log: Log = no_log,
    show_line: Callable[[str], None] = no_log,
) -> ConvertedModel:
    """Builds an engine from an ONNX file with TensorRT's Python package or trtexec.

    out: the file, by default beside the model. fp16: compute in float16 where that is faster.
    tf32: multiply float32 with 10 bits of mantissa, as TensorRT itself would by default.
    batch_min, batch_opt, batch_max: the smallest, best and largest batch size, by default 1, 16
    and 64. timing_cache: the file with measurements for the next build, by default below
    ~/.cache/regcore. force: also replace files that regcore did not write. show_line: called with
    each line of TensorRT's own log. log: see regcore.api.messages.

    Raises UsageError for batch sizes that the model does not take, ModelRecordError for a damaged
    model, and BackendError where TensorRT is not there or cannot build it.
    """
    source = read_source(model, log)
    batches = engine.batch_range(source, batch_min, batch_opt, batch_max)
    target = (
        engine.default_engine(source, fp16=fp16, tf32=tf32) if out is None else as_path("out", out)
    )
    check_target(target, ".engine")
    cache = None if timing_cache is None else as_path("timing_cache", timing_cache)
    check_outputs(engine.engine_outputs(target, cache), source.files, force=force)
    record = engine.convert_to_engine(
        source, batches, target, show_line, fp16=fp16, tf32=tf32, timing_cache=cache
    )
    return ConvertedModel(target, record)
