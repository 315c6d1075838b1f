"""The package onnx, which is imported where it is needed, and what it says of a model."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from regcore.errors import BackendError, first_line

if TYPE_CHECKING:
    from onnx import ModelProto

STANDARD_DOMAINS = ("", "ai.onnx")


def import_onnx() -> ModuleType:
    """The onnx module. Raises BackendError where it is not installed."""
    try:
        import onnx
    except ImportError as error:
        raise BackendError(
            f"onnx is not installed ({error}); install it with: pip install 'regcore[convert]'"
        ) from error
    return onnx


def check_onnx(model: ModelProto) -> None:
    """Raises BackendError where ONNX's checker, shape inference included, refuses the model."""
    onnx = import_onnx()
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # its exceptions share no other base
        raise BackendError(f"the ONNX checker refuses the model: {first_line(error)}") from error


def opset_of(model: ModelProto) -> int:
    """The version of ONNX's own operators in a model."""
    return max(int(one.version) for one in model.opset_import if one.domain in STANDARD_DOMAINS)
