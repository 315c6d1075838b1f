"""ONNX to a TensorRT engine: by TensorRT's Python API where it is installed, else by trtexec."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from regcore.backends.tensorrt.library import WITH_TF32, builder_name
from regcore.calibration.record import carried
from regcore.convert.onnx.float16 import to_float16
from regcore.convert.tensorrt.gpu import gpu_name
from regcore.convert.tensorrt.job import Builder, EngineJob
from regcore.convert.tensorrt.python_builder import PythonBuilder
from regcore.convert.tensorrt.timing_cache import default_timing_cache, working_copy
from regcore.convert.tensorrt.trtexec_builder import TrtexecBuilder
from regcore.errors import UsageError
from regcore.files.atomic import replacing
from regcore.files.output_guard import Output
from regcore.models.build_record import (
    BuildRecord,
    file_sha256,
    is_record,
    is_recorded,
    record_path,
    write_record,
)
from regcore.models.onnx_file import OnnxFile
from regcore.models.onnx_package import import_onnx
from regcore.models.onnx_writer import writing_onnx

#: From this version on TensorRT computes in the types of the ONNX file, and has no flag for it.
STRONGLY_TYPED = 11


def find_builder() -> Builder:
    """The Python API, else trtexec; BackendError where there is neither."""
    if find_spec("tensorrt") is not None:
        return PythonBuilder()
    return TrtexecBuilder()


def default_engine(model: OnnxFile, *, fp16: bool, tf32: bool = False) -> Path:
    """Beside the ONNX file."""
    marks = f"{'_fp16' if fp16 else ''}{'_tf32' if tf32 else ''}"
    return model.path.with_name(f"{model.path.stem}{marks}.engine")


def engine_outputs(out: Path, timing_cache: Path | None) -> list[Output]:
    """What convert_to_engine writes; the timing cache where it is not regcore's own."""
    outputs = [
        Output(out, recognise_file=is_recorded),
        Output(record_path(out), is_record),
    ]
    if timing_cache is not None:
        # TensorRT does not say how one begins.
        outputs.append(Output(timing_cache, recognise_file=lambda path: "cache" in path.name))
    return outputs


def convert_to_engine(
    model: OnnxFile,
    batches: tuple[int, int, int] | None,
    out: Path,
    say: Callable[[str], None],
    *,
    fp16: bool = False,
    tf32: bool = False,
    timing_cache: Path | None = None,
) -> BuildRecord:
    """Builds the engine `out` for the GPU of this machine, and writes its record beside it.

    batches: smallest, best and largest; None for a model whose batch is built in.
    tf32: let the GPU multiply float32 with 10 bits of mantissa. timing_cache: by default the
    user's own for this GPU. say: gets TensorRT's log, line by line.
    Raises BackendError where TensorRT is not there or fails.
    """
    builder = find_builder()
    gpu = gpu_name()
    kept = timing_cache or default_timing_cache(builder.version, gpu)
    typed = builder.version[0] >= STRONGLY_TYPED
    image = model.image
    rest = tuple(dim or 0 for dim in (image.shape or ())[1:])
    with (
        tempfile.TemporaryDirectory(prefix="tensorrt-", dir=out.parent) as folder,
        working_copy(kept, Path(folder), say) as cache,
    ):
        onnx = float16_file(model, Path(folder)) if fp16 and typed else model.path
        job = EngineJob(
            onnx=onnx,
            input=image.name,
            shapes=tuple((size, *rest) for size in batches or ()),
            fp16_flag=fp16 and not typed,
            tf32=tf32,
            timing_cache=cache,
        )
        built = Path(folder) / out.name
        device = builder.build(job, built, say) or gpu
        record = BuildRecord(
            device=device or "unknown",
            builder=builder_name(builder.version),
            precision=precision_name(fp16=fp16, tf32=tf32),
            batches=batches or ((image.shape or (1,))[0] or 1,),
            input=image.name,
            dtype=image.dtype or "",
            shape=(None, *rest),
            source=model.path.name,
            source_sha256=file_sha256(model.path),
            sha256=file_sha256(built),
            properties={
                **(model.metadata.to_properties() if model.metadata else {}),
                **carried(model.properties),
            },
        )
        with replacing(out) as temporary:
            built.replace(temporary)
    write_record(record, out)
    return record


def precision_name(*, fp16: bool, tf32: bool) -> str:
    """In what an engine computes, as its record says it."""
    return ("float16" if fp16 else "as in the ONNX file") + (WITH_TF32 if tf32 else "")


def float16_file(model: OnnxFile, folder: Path) -> Path:
    """A float16 copy of the model in `folder`, for a TensorRT that has no flag for float16."""
    model.check_data()
    onnx = folder / "float16.onnx"
    with writing_onnx(to_float16(import_onnx().load(model.path)), onnx):
        pass
    return onnx


def batch_range(
    model: OnnxFile, smallest: int | None, best: int | None, largest: int | None
) -> tuple[int, int, int] | None:
    """The three batch sizes, by default 1, 16 and 64 or what fits those that are given.

    None for a model whose batch is built in. Raises UsageError where they are out of order.
    """
    own = (model.image.shape or (None,))[0]
    given = (smallest, best, largest)
    if own is not None:
        if any(size not in (None, own) for size in given):
            raise UsageError(
                f"{model.path}: has a built-in batch size of {own}; "
                "for others export it without --batch"
            )
        return None
    low = smallest or 1
    middle = best or max(low, min(16, largest or 16))
    high = largest or max(middle, 64)
    if not low <= middle <= high:
        raise UsageError(f"the batch sizes {low}, {middle} and {high} are out of order")
    return low, middle, high
