"""What a model file is, whatever its format, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regcore.backends.registry import kind_of, kinds
from regcore.errors import BackendError
from regcore.models.build_record import BuildRecord, read_record
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_file import OnnxFile, read_onnx
from regcore.models.tensors import TensorSpec
from regcore.recipes.words import in_words

if TYPE_CHECKING:
    from regcore.backends.kind import Description


@dataclass(frozen=True)
class ModelFacts:
    """The facts of a model file.

    onnx: those of an ONNX file. record: what lies beside a device's model. description: by the
    device itself. At least one of them is not None. refusal: why a device that is here does not
    load it, otherwise empty.
    """

    path: Path
    size: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: ModelMetadata | None
    onnx: OnnxFile | None = None
    record: BuildRecord | None = None
    description: Description | None = None
    refusal: str = ""

    @property
    def batch(self) -> str:
        """`any`, `4`, `1, 4 or 16`, or `1 to 64, best at 16`."""
        if sizes := self._sizes:
            kind = kind_of(self.path)
            if kind is not None and kind.batches_are_a_range and len(sizes) > 1:
                return f"{sizes[0]} to {sizes[2]}, best at {sizes[1]}"
            return " or ".join(filter(None, (", ".join(map(str, sizes[:-1])), str(sizes[-1]))))
        shape = self.inputs[0].shape if self.inputs else None
        size = shape[0] if shape else None
        return "any" if size is None else str(size)

    @property
    def _sizes(self) -> tuple[int, ...]:
        if self.description is not None:
            return self.description.batches
        return self.record.batches if self.record is not None else ()


def inspect_model(path: Path) -> ModelFacts:
    """The facts of an .onnx file, of another by its runtime, or of the record beside the model.

    Raises BackendError for other files, and for those that only their driver can read, but does
    not.
    """
    if path.suffix.lower() == ".onnx":
        model = read_onnx(path)
        size = path.stat().st_size
        return ModelFacts(path, size, model.inputs, model.outputs, model.metadata, onnx=model)
    kind = kind_of(path)
    if kind is None or not kind.suffixes:
        suffixes = ", ".join(suffix for one in kinds() for suffix in one.suffixes)
        raise BackendError(f"{path}: expected a file {suffixes}")
    if not path.is_file():
        raise BackendError(f"{path}: no such model file")
    record = read_record(path)
    size = path.stat().st_size
    read = kind.metadata if record is None else record.metadata
    metadata = read(path) if read is not None else None
    description, refusal = None, ""
    try:
        description = kind.describe(path) if kind.describe is not None else None
    except BackendError as error:
        if record is None:
            raise
        refusal = str(error)
    if description is not None:
        inputs, outputs = (description.image,), description.outputs
        return ModelFacts(
            path, size, inputs, outputs, metadata, record=record, description=description
        )
    if record is None:
        raise BackendError(
            f"{path}: has no record {path.name}.json of 'regcore convert' beside it, and without "
            f"one only a driver can read it ({kind.driver})"
        )
    spec = TensorSpec(record.input, record.shape, record.dtype)
    return ModelFacts(path, size, (spec,), (), metadata, record=record, refusal=refusal)


def to_rows(facts: ModelFacts) -> list[tuple[str, str]]:
    """The facts for people: what, and its value."""
    metadata, onnx, record = facts.metadata, facts.onnx, facts.record
    rows = [("input", str(spec)) for spec in facts.inputs]
    rows += [("output", str(spec)) for spec in facts.outputs]
    rows.append(("batch size", facts.batch))
    if onnx is not None:
        weights = " + ".join(f"{count:,} {dtype}" for dtype, count in onnx.weights.items())
        rows += [("weights", weights), ("opset", str(onnx.opset)), ("made by", onnx.producer)]
        rows += [("doubtful", doubt) for doubt in onnx.doubts]
        rows += [
            ("weights in", f"{name}: {problem}" if problem else name)
            for name, problem in onnx.data_files.items()
        ]
    if record is not None:
        rows += [("device", record.device), ("made by", record.builder)]
        rows += [("precision", record.precision), ("made of", record.source)]
    if metadata is not None:
        rows += [("model", metadata.name), ("weights file", metadata.weights)]
    rows.append(("recipe", _recipe(metadata)))
    rows.append(("refused here", facts.refusal))
    rows.append(("size", f"{facts.size / 2**20:.1f} MiB"))
    return [(what, value) for what, value in rows if value]


def _recipe(metadata: ModelMetadata | None) -> str:
    if metadata is None:
        return "none: name one to commands, or 'regcore recipe embed' it"
    return f"{in_words(metadata.recipe)} ({metadata.recipe.identity})"
