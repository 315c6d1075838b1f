"""ONNX files, as regcore registers them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from regcore.backends.kind import ModelKind, OpenOptions
from regcore.backends.protocol import Backend
from regcore.backends.recipe_fit import in_form_of
from regcore.models.metadata import ModelMetadata


def _open(model: str, options: OpenOptions) -> Backend:
    from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend

    return OnnxRuntimeBackend(
        Path(model),
        provider=options.provider,
        threads=options.threads,
        output=options.output,
        allow_fallback=options.allow_fallback,
        precision=options.precision,
    )


def _metadata(model: Path) -> ModelMetadata | None:
    from regcore.backends.onnxruntime.backend import OnnxRuntimeBackend

    with OnnxRuntimeBackend(model) as backend:
        found = ModelMetadata.from_properties(model, backend.metadata)
        if found is None:
            return None
        return replace(found, recipe=in_form_of(found.recipe, backend.inputs[0]))


KIND = ModelKind(
    spelling="FILE.onnx",
    open=_open,
    choices=frozenset({"provider", "output", "precision"}),
    suffixes=(".onnx",),
    metadata=_metadata,
)
