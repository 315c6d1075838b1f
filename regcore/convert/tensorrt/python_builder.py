"""TensorRT's Python API, from version 8.5 to 11."""

from __future__ import annotations

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
from regcore.convert.tensorrt.timing_cache import LEFT_OUT
from regcore.errors import BackendError

_EXPLICIT_BATCH_ALWAYS = 10


class PythonBuilder:
    """Builds engines in this process."""

    def __init__(self) -> None:
        """Raises BackendError where TensorRT does not import."""
        self._tensorrt: Any = import_tensorrt()
        self.version = version_numbers(self._tensorrt.__version__)

    def build(self, job: EngineJob, out: Path, say: Callable[[str], None]) -> None:
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
            known = job.timing_cache.read_bytes() if job.timing_cache.is_file() else b""
            if not _takes(config, known):
                _takes(config, b"")
                if known:
                    say(LEFT_OUT)
            # What was wrong with the cache is no reason for what fails later.
            logger.errors.clear()
            engine = builder.build_serialized_network(network, config)
        except (RuntimeError, TypeError) as error:  # among them: no GPU, no driver
            raise BackendError(f"TensorRT: {first_reason(logger, str(error))}") from error
        if engine is None:
            raise BackendError(
                f"TensorRT built no engine: {first_reason(logger, 'no reason given')}"
            )
        out.write_bytes(bytes(engine))
        _save_timing_cache(config, job)

    def _config(self, builder: Any, job: EngineJob) -> Any:  # noqa: ANN401
        trt = self._tensorrt
        config = builder.create_builder_config()
        if job.shapes:
            profile = builder.create_optimization_profile()
            profile.set_shape(job.input, *job.shapes)
            config.add_optimization_profile(profile)
        if job.fp16_flag:
            config.set_flag(trt.BuilderFlag.FP16)
        if not job.tf32:
            config.clear_flag(trt.BuilderFlag.TF32)
        return config


def _takes(config: Any, content: bytes) -> bool:  # noqa: ANN401
    """Whether TensorRT takes this timing cache, which is a new one where it is empty."""
    try:
        # There is none of a damaged file, and one of another GPU is refused.
        cache = config.create_timing_cache(content)
        return cache is not None and config.set_timing_cache(cache, ignore_mismatch=False)
    except (RuntimeError, TypeError):
        return False


def _save_timing_cache(config: Any, job: EngineJob) -> None:  # noqa: ANN401
    """Leaves what TensorRT knows now, or no file: the engine is there, whatever happens here."""
    try:
        cache = config.get_timing_cache()
        content = None if cache is None else cache.serialize()
        job.timing_cache.write_bytes(b"" if content is None else bytes(content))
    except (RuntimeError, TypeError, OSError):
        job.timing_cache.unlink(missing_ok=True)
