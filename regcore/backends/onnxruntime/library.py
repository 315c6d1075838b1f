"""The package onnxruntime, which is imported where it is needed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import cast

from regcore.errors import BackendError, first_line

_FOR_CANN = "onnxruntime-cann"


def import_onnxruntime() -> ModuleType:
    """The onnxruntime module. Raises BackendError where it is not installed, or not importable."""
    try:
        import onnxruntime
    except ImportError as error:
        if _is_built_for_numpy_1():
            raise BackendError(
                f"{_FOR_CANN} {version(_FOR_CANN)} does not import with NumPy {version('numpy')} "
                f"({first_line(error)}): it is built for NumPy 1: pip install 'numpy<2'"
            ) from error
        raise BackendError(
            f"ONNX Runtime is not installed ({error}); install it with: pip install 'regcore[onnx]'"
        ) from error
    return cast("ModuleType", onnxruntime)


def _is_built_for_numpy_1() -> bool:
    try:
        installed = version(_FOR_CANN)
    except PackageNotFoundError:
        return False
    return bool(installed) and int(version("numpy").partition(".")[0]) > 1
