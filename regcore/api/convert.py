"""An ONNX file built into what a device runs: what the vendors' ways have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from regcore.api.messages import Log
from regcore.files.arguments import as_path
from regcore.models.build_record import BuildRecord
from regcore.models.onnx_file import OnnxFile, read_onnx
from regcore.models.tensors import describe
from regcore.schemas import json_form
from regcore.schemas.fields import Formatted, as_dict, described


@dataclass(frozen=True)
class _Built(Formatted):
    path: Annotated[str, described("The file.")]


@dataclass(frozen=True)
class ConvertForm(BuildRecord, _Built):
    """What was built for a device."""


@dataclass(frozen=True)
class ConvertedModel:
    """What was built. record: what the file beside it says of it."""

    path: Path
    record: BuildRecord

    def to_dict(self) -> dict[str, Any]:
        """What `regcore convert --json` prints."""
        return as_dict(ConvertForm(json_form("convert"), str(self.path), **vars(self.record)))

    def sentence(self) -> str:
        """The device, and what the model takes."""
        record = self.record
        sizes = ", ".join(map(str, record.batches))
        return (
            f"for {record.device}, {record.precision}, batch size {sizes}, "
            f"takes {record.input} {describe(record.dtype, record.shape)}"
        )


def read_source(model: str | Path, log: Log) -> OnnxFile:
    """The ONNX file, with all of its weights; logs what is doubtful in it."""
    source = read_onnx(as_path("model", model))
    source.check_data()
    for doubt in source.doubts:
        log(doubt)
    return source
