"""A GPU opened for an engine: CUDA, TensorRT's runtime, the engine, a context for each profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from traceback import clear_frames
from typing import Any

from regcore.backends.cuda.resources import Resources
from regcore.backends.cuda.runtime import Cuda, import_cuda, native_handle
from regcore.backends.tensorrt.engine_io import EngineIO, ShapeProfile, describe_engine
from regcore.backends.tensorrt.library import (
    builder_name,
    first_reason,
    import_tensorrt,
    make_logger,
    version_numbers,
)
from regcore.counted import agreeing, counted
from regcore.errors import BackendError
from regcore.models.build_record import BuildRecord, read_record


class Session:
    """Opens GPU `device` for the engine file `path`, loads it, and describes it.

    record: what `regcore convert` wrote beside the file, if it did. contexts: TensorRT's, by the
    number of their profile. Raises BackendError, with everything given back.
    """

    def __init__(self, path: Path, device: int) -> None:
        if not path.is_file():
            raise BackendError(f"{path}: no such model file")
        self.subject = f"{path} on GPU {device}"
        self.record: BuildRecord | None = read_record(path)
        self._trt = import_tensorrt()
        self.version: str = self._trt.__version__
        if self.record is not None:
            self.record.check_builder(path, builder_name(version_numbers(self.version)))
        self.cuda = Cuda(import_cuda(), self.subject)
        self.resources = Resources(self.cuda, device)
        self.contexts: dict[int, Any] = {}
        self._device = device
        self._logger = make_logger(self._trt)
        self._opened: list[Any] = []
        self.open = False
        try:
            self._open(path)
        except BaseException as error:
            # What failed holds on to the engine by its variables.
            clear_frames(error.__traceback__)
            self.close()
            raise

    def _open(self, path: Path) -> None:
        count = self.cuda.value("GetDeviceCount")
        if not 0 <= self._device < count:
            there = f"there {agreeing(count, 'is', 'are')} {counted(count, 'GPU')} here"
            raise BackendError(f"{self.subject}: {there}, counted from 0")
        self.cuda.do("SetDevice", self._device)
        name = self.cuda.value("GetDeviceProperties", self._device).name
        self.gpu = name.decode() if isinstance(name, bytes) else str(name)
        self.open = True
        # The last comes first when they go.
        self.resources.then(self._drop)
        runtime = self._made("no runtime", self._trt.Runtime, self._logger)
        advice = f"it is for another TensorRT than {self.version}, or another GPU: convert it again"
        content = path.read_bytes()
        engine = self._made(f"not loaded: {advice}", runtime.deserialize_cuda_engine, content)
        self.description: EngineIO = describe_engine(self._trt, engine, self.subject)
        for profile in self.description.profiles:
            self.contexts[profile.index] = self._context(engine, profile)

    def _context(self, engine: Any, profile: ShapeProfile) -> Any:  # noqa: ANN401
        context = self._made("no execution context: no memory?", engine.create_execution_context)
        if profile.index:
            stream = self.resources.stream()
            handle = native_handle(stream)
            self.check(context.set_optimization_profile_async(profile.index, handle))
            self.cuda.do("StreamSynchronize", stream)
        return context

    def _made(self, failure: str, factory: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        """What a factory of TensorRT gives, kept until the end.

        Where it gives nothing, by None or by an exception of its bindings, BackendError has
        TensorRT's own words and `failure`.
        """
        try:
            thing = factory(*arguments)
        except (RuntimeError, TypeError) as error:
            thing, failure = None, f"{failure}: {error}"
        # Outside of the except clause: the exception's frames hold on to the engine.
        if thing is None:
            raise BackendError(f"{self.subject}: {self._reason(failure)}")
        self._opened.append(thing)
        return thing

    def check(self, done: bool) -> None:  # noqa: FBT001  as TensorRT returns it
        """Raises BackendError with TensorRT's own words where a call of it was not `done`."""
        if not done:
            raise BackendError(f"{self.subject}: TensorRT refuses: {self._reason('no reason')}")

    def _reason(self, otherwise: str) -> str:
        words = first_reason(self._logger, "")
        self._logger.errors.clear()
        return f"{words} ({otherwise})" if words else otherwise

    def enter(self) -> Cuda:
        """CUDA, for this GPU in the calling thread. Raises BackendError after close()."""
        if not self.open:
            raise BackendError(f"{self.subject}: the model was closed")
        self.cuda.do("SetDevice", self._device)
        return self.cuda

    def _drop(self) -> None:
        self.contexts.clear()
        while self._opened:
            self._opened.pop()

    def close(self) -> BackendError | None:
        """Gives everything back, also with work that nobody waited for; the first failure."""
        self.open = False
        return self.resources.release()

    def abandon(self) -> None:
        """Leaves all as it is: whatever gives something back would wait for the GPU."""
        _abandoned.append(self)


#: They live as long as the process.
_abandoned: list[Session] = []


def has_tensorrt() -> bool:
    """Whether TensorRT and cuda-python can be imported."""
    try:
        import_tensorrt()
        import_cuda()
    except BackendError:
        return False
    return True


def read_description(path: Path, device: int = 0) -> EngineIO:
    """What an engine takes and gives. Raises BackendError, as where there is no GPU."""
    session = Session(path, device)
    failure = session.close()
    if failure is not None:
        raise failure
    return session.description
