"""An execution recorded once as a CUDA graph, which costs the host one call to launch."""

from __future__ import annotations

from typing import Any

from regcore.backends.cuda.runtime import native_handle
from regcore.backends.tensorrt.session import Session
from regcore.errors import BackendError


class Execution:
    """The execution of a context in a stream, always with the same shapes and addresses.

    TensorRT prepares itself in the first one; the second one is recorded, and launched from then
    on. Where a model cannot be recorded it is executed each time.
    """

    def __init__(self, session: Session, stream: Any) -> None:  # noqa: ANN401
        self._session = session
        self._stream = stream
        self._runs = 0
        self._graph: Any = None

    def prepare(self, context: Any) -> None:  # noqa: ANN401
        """Records the second execution, ahead of what is timed."""
        if self._runs == 1:
            self._graph = self._recorded(context)

    def launch(self, context: Any) -> None:  # noqa: ANN401
        """Executes once in the stream."""
        self._runs += 1
        if self._graph is not None:
            self._session.cuda.do("GraphLaunch", self._graph, self._stream)
        else:
            self._session.check(context.execute_async_v3(native_handle(self._stream)))

    def _recorded(self, context: Any) -> Any:  # noqa: ANN401
        cuda = self._session.cuda
        mode = cuda.module.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        cuda.do("StreamBeginCapture", self._stream, mode)
        executed = context.execute_async_v3(native_handle(self._stream))
        try:
            graph = cuda.value("StreamEndCapture", self._stream)
        except BackendError:
            return None
        try:
            if not executed:
                return None
            return self._session.resources.make(
                "GraphInstantiate", graph, 0, undo="GraphExecDestroy"
            )
        finally:
            cuda.do("GraphDestroy", graph)
