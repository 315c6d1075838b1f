"""The CUDA runtime through cuda-python, with every return code checked."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

from regcore.errors import BackendError

_DRIVER = "nvidia-smi must show the GPU and its driver"
_CONTAINER = f"{_DRIVER}; a container must be started with it (--gpus all)"
#: Since this one there are extras for each CUDA.
_OLDEST_EXTRAS = 12
_MEMORY = "nvidia-smi shows who uses the memory; smaller batches need less"
_FAILED = "the GPU failed on earlier work; only a new process can use it again"

# By the names of CUDA's headers.
_ADVICE = {
    "cudaErrorMemoryAllocation": _MEMORY,
    "cudaErrorNoDevice": _CONTAINER,
    "cudaErrorSystemDriverMismatch": f"driver and libraries differ in version: {_DRIVER}",
    "cudaErrorInitializationError": _DRIVER,
    "cudaErrorInvalidDevice": "nvidia-smi -L lists the GPUs, counted from 0",
    "cudaErrorIllegalAddress": _FAILED,
    "cudaErrorLaunchFailure": _FAILED,
    "cudaErrorECCUncorrectable": _FAILED,
}


def tensorrt_extra(cuda: int) -> str:
    """The extra that has TensorRT for this major version of CUDA."""
    return f"tensorrt-cu{cuda}"


#: What pip installs by itself is for the newest CUDA.
INSTALL = (
    "install it with: pip install 'regcore[tensorrt]', or for a driver of CUDA 12 "
    "'regcore[tensorrt-cu12]'"
)


def import_cuda() -> ModuleType:
    """The module cuda.bindings.runtime. Raises BackendError where it is not installed."""
    try:
        from cuda.bindings import runtime
    except (ImportError, OSError, RuntimeError) as error:
        raise BackendError(f"cuda-python does not import: {error}; {INSTALL}") from error
    return cast("ModuleType", runtime)


class Cuda:
    """Calls by name without `cuda`, as in do("SetDevice", 0).

    subject: what the calls are for, at the beginning of their errors. extra: the one of regcore's
    that has for a major version of CUDA what makes the calls. All of them raise BackendError with
    the error's name, CUDA's own words and what to do.
    """

    def __init__(
        self, module: ModuleType, subject: str, extra: Callable[[int], str] = tensorrt_extra
    ) -> None:
        self.module = module
        self.subject = subject
        self._extra = extra

    def do(self, name: str, *arguments: object) -> None:
        """A call that gives nothing but its code."""
        self._call(name, arguments)

    def value(self, name: str, *arguments: object) -> Any:  # noqa: ANN401
        """What a call gives beside its code."""
        (found,) = self._call(name, arguments)
        return found

    def _call(self, name: str, arguments: tuple[object, ...]) -> tuple[Any, ...]:
        code, *found = getattr(self.module, f"cuda{name}")(*arguments)
        if code != self.module.cudaError_t.cudaSuccess:
            raise BackendError(f"{self.subject}: cuda{name} failed: {self._explain(code)}")
        return tuple(found)

    def _explain(self, code: Any) -> str:  # noqa: ANN401
        _, words = self.module.cudaGetErrorString(code)
        text = words.decode() if isinstance(words, bytes) else str(words)
        insufficient = code.name == "cudaErrorInsufficientDriver"
        advice = self._about_driver() if insufficient else _ADVICE.get(code.name)
        return f"{code.name}, {text}" + (f" ({advice})" if advice else "")

    def _about_driver(self) -> str:
        """CUDA calls a driver that is not there insufficient, too; its version is then 0."""
        _, known = self.module.cudaDriverGetVersion()
        _, needed = self.module.cudaRuntimeGetVersion()
        if not known:
            return f"there is no driver here: {_CONTAINER}"
        major = known // 1000
        advice = "update it"
        if major >= _OLDEST_EXTRAS:
            advice += f", or pip install 'regcore[{self._extra(major)}]'"
        return (
            f"the driver knows CUDA up to {_release(known)}, and this is CUDA {_release(needed)}: "
            f"{advice}"
        )


def native_handle(thing: Any) -> int:  # noqa: ANN401
    """The number of a stream, event or graph, as other libraries take it."""
    try:
        from cuda.bindings.utils import get_cuda_native_handle
    except ImportError:
        return int(thing)
    return int(get_cuda_native_handle(thing))


def _release(version: int) -> str:
    """12040 is CUDA 12.4."""
    return f"{version // 1000}.{version % 1000 // 10}"
