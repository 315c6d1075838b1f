"""ONNX files on OpenVINO, and OpenVINO's own files, as regcore registers them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from regcore.backends.kind import ModelKind, OpenOptions
from regcore.backends.protocol import Backend
from regcore.backends.recipe_fit import in_form_of
from regcore.models.metadata import ModelMetadata

if TYPE_CHECKING:
    from regcore.backends.openvino.model_file import ModelFile

_PREFIX = "openvino"


def _path(model: str) -> Path:
    prefix, colon, rest = model.partition(":")
    return Path(rest if colon and prefix == _PREFIX else model)


def _open(model: str, options: OpenOptions) -> Backend:
    from regcore.backends.openvino.backend import OpenvinoBackend

    return OpenvinoBackend(
        _path(model),
        provider=options.provider,
        threads=options.threads,
        output=options.output,
        precision=options.precision,
    )


def _metadata(model: Path) -> ModelMetadata | None:
    from regcore.backends.openvino.model_file import ModelFile

    file = ModelFile.read(model)
    found = ModelMetadata.from_properties(model, file.metadata)
    if found is None:
        return None
    return replace(found, recipe=in_form_of(found.recipe, file.image))


def _describe(model: Path) -> ModelFile | None:
    from regcore.backends.openvino.model_file import ModelFile

    return ModelFile.read(model)


KIND = ModelKind(
    spelling="openvino:FILE.onnx (or FILE.xml)",
    open=_open,
    choices=frozenset({"provider", "output", "precision"}),
    suffixes=(".xml",),
    prefixes=(_PREFIX,),
    metadata=_metadata,
    describe=_describe,
    driver="OpenVINO",
)
