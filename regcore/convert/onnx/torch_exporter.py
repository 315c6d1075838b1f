"""PyTorch models to ONNX, with the recipe of their images inside."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.convert.ascend.atc_command import OPSETS
from regcore.convert.onnx.plain_attention import fails_at_fused_attention, plain_attention
from regcore.errors import BackendError, UsageError, first_line
from regcore.frameworks import import_torch
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_package import check_onnx, import_onnx

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn

INPUT, OUTPUT = "image", "class"
OPSET = OPSETS[0]
DYNAMO_OPSET = 18
_LAST_OPSET = 20
_STDOUT = 1
# The guide's export names the batch axis so, and atc writes the same for an axis that varies.
_BATCH_AXIS = "-1"
# Words of torch.
_OPERATOR = re.compile(r"(?:operator '([^']+)'|failed on (\w+))")
_SINCE = re.compile(r"added in version (\d+)")


@dataclass(frozen=True)
class OnnxExport:
    """What torch made of a model, and why its opset is what it is."""

    model: ModelProto
    opset_reason: str


def export_onnx(
    model: nn.Module,
    metadata: ModelMetadata,
    *,
    batch: int | None = None,
    opset: int | None = None,
    dynamo: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> OnnxExport:
    """The model as ONNX: `image` float32 [N, 3, crop, crop] to `class` float32 [N, classes].

    batch: a fixed N, by default any. opset: by default the lowest that can hold the model from 11
    on, below which atc takes none; it goes to `say` where it is another. dynamo: with torch's
    newer exporter, from opset 18 on, which is then the default. The metadata goes into the file's
    properties. Raises BackendError where torch cannot export the model, or where ONNX's own
    checker refuses what it made.
    """
    if dynamo and opset is not None and opset < DYNAMO_OPSET:
        raise UsageError(f"torch's newer exporter writes opset {DYNAMO_OPSET} or later")
    if not dynamo and opset is not None and opset > _LAST_OPSET:
        raise UsageError(f"opsets after {_LAST_OPSET} need torch's newer exporter, --dynamo")
    if dynamo and find_spec("onnxscript") is None:
        raise BackendError("onnxscript is not installed: pip install 'regcore[export]'")

    def attempt(number: int) -> ModelProto | Exception:
        made = _attempt(model, metadata, batch, number, dynamo=dynamo)
        if isinstance(made, Exception) and fails_at_fused_attention(made):
            with plain_attention(model):
                made = _attempt(model, metadata, batch, number, dynamo=dynamo)
        return made

    exported = attempt(opset or (DYNAMO_OPSET if dynamo else OPSET))
    reason = _reason(opset, dynamo=dynamo)
    if isinstance(exported, Exception):
        if dynamo or not _lacks_operator(exported):
            raise _refusal(exported) from exported
        reason = (
            f"the lowest that holds the model, as {OPSET} has nothing for {_operator(exported)}"
        )
        exported = _with_later_opset(attempt, exported, opset, say)
    if batch is None:
        for value in (*exported.graph.input, *exported.graph.output):
            value.type.tensor_type.shape.dim[0].dim_param = _BATCH_AXIS
    import_onnx().helper.set_model_props(exported, metadata.to_properties())
    check_onnx(exported)
    return OnnxExport(exported, reason)


def _reason(opset: int | None, *, dynamo: bool) -> str:
    if opset is not None:
        return "as asked for"
    return "the lowest of torch's newer exporter" if dynamo else "the lowest that atc takes"


def _attempt(
    model: nn.Module, metadata: ModelMetadata, batch: int | None, opset: int, *, dynamo: bool
) -> ModelProto | Exception:
    """What torch makes of a model, or why it does not."""
    torch, onnx = import_torch(), import_onnx()
    example = torch.zeros(batch or 2, *metadata.recipe.image_shape)
    with tempfile.TemporaryDirectory() as folder, _silence():
        path = Path(folder) / "model.onnx"
        try:
            torch.onnx.export(
                model,
                (example,),
                str(path),
                dynamo=dynamo,
                opset_version=opset,
                input_names=[INPUT],
                output_names=[OUTPUT],
                **_batch_axis(batch, dynamo=dynamo),
            )
            exported: ModelProto = onnx.load(path)
        except Exception as error:  # noqa: BLE001  (its exceptions share no other base)
            return error
    return exported


def _with_later_opset(
    attempt: Callable[[int], ModelProto | Exception],
    reason: Exception,
    opset: int | None,
    say: Callable[[str], None],
) -> ModelProto:
    """What the lowest later opset holds; BackendError with its number where one was asked for."""
    lacking = f"opset {opset or OPSET} has nothing for {_operator(reason)} of this model"
    number = opset or OPSET
    while number < _LAST_OPSET:
        since = _SINCE.search(str(reason))
        number = max(number + 1, OPSET, int(since[1]) if since else 0)
        exported = attempt(number)
        if not isinstance(exported, Exception):
            if opset is not None:
                raise BackendError(f"{lacking}: --opset {number} holds it")
            say(f"{lacking}: taking opset {number}, the lowest that holds it")
            return exported
        reason = exported
        if not _lacks_operator(reason):
            raise _refusal(reason) from reason
    raise BackendError(
        f"{lacking}, nor has any up to {_LAST_OPSET}; torch's newer exporter may, --dynamo"
    ) from reason


def _refusal(error: Exception) -> BackendError:
    return BackendError(f"torch cannot export this model: {first_line(error)}")


def _lacks_operator(error: Exception) -> bool:
    kinds = import_torch().onnx.errors.OnnxExporterError
    return isinstance(error, kinds) or "opset" in str(error)


def _operator(error: Exception) -> str:
    found = _OPERATOR.search(str(error))
    return f"the operator {found[1] or found[2]}" if found else first_line(error)


def _batch_axis(batch: int | None, *, dynamo: bool) -> dict[str, Any]:
    if batch is not None:
        return {}
    if dynamo:
        return {"dynamic_shapes": ({0: import_torch().export.Dim("batch")},)}
    return {"dynamic_axes": {INPUT: {0: _BATCH_AXIS}, OUTPUT: {0: _BATCH_AXIS}}}


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    # The exporters warn of their own age, of shapes that are constant for every image, and of
    # packages that no classifier needs.
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        _no_native_output(),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


@contextlib.contextmanager
def _no_native_output() -> Iterator[None]:
    """Keeps what torch's C++ prints, a whole graph where it fails, from stdout."""
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()
    library = ctypes.CDLL(None)
    try:
        kept = os.dup(_STDOUT)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        library.fflush(None)
        os.dup2(nowhere, _STDOUT)
        yield
    finally:
        library.fflush(None)
        os.dup2(kept, _STDOUT)
        os.close(kept)
        os.close(nowhere)
