"""TensorRT's Python API, from version 8.5 to 11."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regcore.backends.tensorrt.library import (
    first_reason,
    import_tensorrt,
    make_logger,
    version_numbers,
)
from regcore.convert.tensorrt.job import EngineJob
from regcore.errors import BackendError
from regcore.files.atomic import replacing

_EXPLICIT_BATCH_ALWAYS = 10


class PythonBuilder:
    """Builds engines in this process."""

    def __init__(self) -> None:
        """Raises BackendError where TensorRT does not import."""
        self._tensorrt: Any = import_tensorrt()
        self.version = version_numbers(self._tensorrt.__version__)

    def build(self, job: EngineJob, out: Path, say: Callable[[str], None]) -> str:
        """See Builder."""
        trt = self._tensorrt
        logger = make_logger(trt, say)
        try:
            builder = trt.Builder(logger)
            flags = 0
            if self.version[0] < _EXPLICIT_BATCH_ALWAYS:
                flags = 1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH)
            network = builder.create_network(flags)
            parser = trt.OnnxParser(network, logger)
            if not parser.parse(job.onnx.read_bytes(), str(job.onnx)):
                raise BackendError(f"TensorRT cannot read {job.onnx.name}: {parser.get_error(0)}")
            config = self._config(builder, job)
            engine = builder.build_serialized_network(network, config)
        except (RuntimeError, TypeError) as error:  # among them: no GPU, no driver
            raise BackendError(f"TensorRT: {first_reason(logger, str(error))}") from error
        if engine is None:
            raise BackendError(
                f"TensorRT built no engine: {first_reason(logger, 'no reason given')}"
            )
        out.write_bytes(bytes(engine))
        with replacing(job.timing_cache) as temporary:
            temporary.write_bytes(bytes(config.get_timing_cache().serialize()))
        return _gpu_name()

    def _config(self, builder: Any, job: EngineJob) -> Any:  # noqa: ANN401
        trt = self._tensorrt
        config = builder.create_builder_config()
        known = job.timing_cache.read_bytes() if job.timing_cache.is_file() else b""
        cache = config.create_timing_cache(known)
        config.set_timing_cache(cache, ignore_mismatch=False)
        if job.shapes:
            profile = builder.create_optimization_profile()
            profile.set_shape(job.input, *job.shapes)
            config.add_optimization_profile(profile)
        if job.fp16_flag:
            config.set_flag(trt.BuilderFlag.FP16)
        return config


def _gpu_name() -> str:
    # The bindings of TensorRT do not have it.
    program = shutil.which("nvidia-smi")
    if program is None:
        return "unknown"
    shown = subprocess.run(  # noqa: S603
        [program, "--query-gpu=name", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    return (shown.stdout.splitlines() or ["unknown"])[0].strip()
