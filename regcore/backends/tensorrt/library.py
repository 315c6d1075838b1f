"""TensorRT's Python package: its import, its version, and what its logger has to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regcore.backends.cuda.runtime import INSTALL
from regcore.errors import BackendError

#: How the record of an engine ends its precision where float32 is multiplied as TF32.
WITH_TF32 = ", with TF32"


def import_tensorrt() -> Any:  # noqa: ANN401
    """The module. Raises BackendError where it is not installed, or its libraries do not load."""
    try:
        import tensorrt
    except (ImportError, OSError) as error:
        raise BackendError(f"TensorRT does not import: {error}; {INSTALL}") from error
    return tensorrt


def version_numbers(version: str) -> tuple[int, int, int]:
    """10.1.0.27 is 10, 1, 0."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    return major, minor, patch


def builder_name(version: tuple[int, int, int]) -> str:
    """As in the record of an engine: `TensorRT 10.1.0`."""
    return f"TensorRT {'.'.join(map(str, version))}"


def lower_precision(recorded: str) -> str:
    """What an engine computes float32 in, where that is less, by the precision in its record.

    float16 or tf32, as in regcore.backends.kind.PRECISIONS; else empty.
    """
    if recorded.startswith("float16"):
        return "float16"
    return "tf32" if recorded.endswith(WITH_TF32) else ""


def make_logger(trt: Any, say: Callable[[str], None] = lambda _: None) -> Any:  # noqa: ANN401
    """A logger for TensorRT whose warnings and errors go to `say`, and whose `errors` are kept."""

    class Logger(trt.ILogger):  # type: ignore[misc]
        """See make_logger."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:  # noqa: ANN401
            """See trt.ILogger."""
            if severity in (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR):
                self.errors.append(message)
            elif severity != trt.ILogger.Severity.WARNING:
                return
            say(f"TensorRT: {message}")

    return Logger()


def first_reason(logger: Any, otherwise: str) -> str:  # noqa: ANN401
    """The first error that a logger has kept, on one line; `otherwise` where there is none."""
    return " ".join((logger.errors or [otherwise])[0].split())
