"""The record that lies beside a device's model: what it was made of, for what, and by what.

Neither .om nor .engine files can carry it inside; `model.om` has it in `model.om.json`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Annotated, Any

from regcore.errors import BackendError, ModelRecordError
from regcore.files.atomic import replacing
from regcore.files.input_file import read_input
from regcore.files.json_input import parse_json
from regcore.files.output_guard import json_of
from regcore.models.metadata import ModelMetadata
from regcore.schemas import json_form
from regcore.schemas.fields import Formatted, as_dict, described, published

_FORM = "device-model"
#: Recognises a record by its first bytes.
is_record = json_of(_FORM)
_MAX_RECORD_BYTES = 1 << 24  # with the hashes of many calibration images
#: An engine has the built-in batch size, or the smallest, the best and the largest.
_ENGINE_BATCHES = (1, 3)


_SHA256 = published(pattern="^[0-9a-f]{64}$")


@dataclass(frozen=True)
class _Named:
    format: Any = None


@dataclass(frozen=True)
class BuildRecord:
    """What a device's model is made of, for what, and by what."""

    device: Annotated[str, described("The soc_version or GPU that it was built for.")]
    builder: Annotated[
        str,
        described("The program that built it, with its version where that matters at loading."),
    ]
    precision: Annotated[str, described("In which it computes.")]
    batches: Annotated[
        tuple[Annotated[int, published(minimum=1)], ...],
        published(minItems=1),
        described(
            "The one built-in size, the sizes to choose from (.om), or smallest, best and "
            "largest (.engine)."
        ),
    ]
    input: Annotated[str, described("Name of the images' input.")]
    dtype: Annotated[str, described("NumPy's name of the type of the images.")]
    shape: Annotated[
        tuple[Annotated[int, published(minimum=1)] | None, ...],
        described("Of the images as the device takes them; null stands for the batch."),
    ]
    source: Annotated[str, described("The ONNX file that it was made of.")]
    source_sha256: Annotated[str, _SHA256, described("Of that file.")]
    sha256: Annotated[str, _SHA256, described("Of the built file.")] = ""
    command: Annotated[
        tuple[str, ...], described("What built it; empty where no program was called.")
    ] = ()
    properties: Annotated[
        dict[str, str],
        described(
            "The ONNX file's key-value pairs, with the recipe as the device wants it; free for "
            "others' keys."
        ),
    ] = field(default_factory=dict)

    def metadata(self, model: Path) -> ModelMetadata | None:
        """The recipe and origin, where the ONNX file had them."""
        return ModelMetadata.from_properties(model, self.properties)

    def check(self, path: Path) -> None:
        """Raises ModelRecordError, with the name of its file, for sizes that make no sense."""
        sizes = [*self.batches, *(dim for dim in self.shape if dim is not None)]
        few = path.name.endswith(".om.json") or len(self.batches) in _ENGINE_BATCHES
        if not self.batches or not self.shape or min(sizes) < 1 or not few:
            raise ModelRecordError(f"{path}: batches {self.batches} and shape {self.shape}")

    def check_builder(self, model: Path, running: str) -> None:
        """Raises BackendError where `model` was not built by `running`, as in TensorRT 10.1.0.

        For formats that only the version understands which wrote them.
        """
        if self.builder != running:
            raise BackendError(
                f"{model}: was built by {self.builder} and runs only with it, here is {running}: "
                f"convert {self.source} again"
            )


@dataclass(frozen=True)
class DeviceModelForm(BuildRecord, Formatted):
    """The record beside a device's model."""


def record_path(model: Path) -> Path:
    """Where the record of `model` lies."""
    return model.with_name(f"{model.name}.json")


def write_record(record: BuildRecord, model: Path) -> None:
    """Puts the record beside `model`, as which it was built."""
    form = DeviceModelForm(json_form(_FORM), **vars(record))
    with replacing(record_path(model)) as temporary:
        temporary.write_text(json.dumps(as_dict(form), indent=2) + "\n")


def read_record(model: Path) -> BuildRecord | None:
    """The record of `model`, or None where there is none.

    Raises ModelRecordError where it makes no sense, or belongs to another file than `model`.
    """
    path = record_path(model)
    if not path.exists():
        return None
    try:
        record = _parse(path)
    except ModelRecordError as error:
        known = ", ".join(f.name for f in dataclass_fields(BuildRecord))
        raise ModelRecordError(f"{error}; not the record of a model (fields {known})") from error
    if record.sha256 != file_sha256(model):
        raise ModelRecordError(
            f"{path} belongs to another {model.name}, of an earlier conversion: convert it again"
        )
    return record


def is_recorded(model: Path) -> bool:
    """Whether the record beside a file says that regcore built just that file."""
    try:
        return read_record(model) is not None
    except ModelRecordError:
        return False


def _parse(path: Path) -> BuildRecord:
    content = read_input(path, _MAX_RECORD_BYTES, error=ModelRecordError)
    form = parse_json(content, _Named, path, error=ModelRecordError).format
    if form not in (None, json_form(_FORM)):  # the first ones did not say it
        raise ModelRecordError(f"{path}: of another version")
    record = parse_json(content, BuildRecord, path, error=ModelRecordError)
    record.check(path)
    return record


def file_sha256(path: Path) -> str:
    """The SHA-256 of a regular file, in hex. Raises ModelRecordError where it cannot be read."""
    if path.exists() and not path.is_file():  # which may have no end
        raise ModelRecordError(f"{path}: is no regular file")
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ModelRecordError(f"{path}: {error.strerror}") from error
    return digest.hexdigest()
