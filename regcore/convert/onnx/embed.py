"""A recipe into an ONNX file that others have made."""

from __future__ import annotations

from pathlib import Path

from regcore.errors import BackendError, UsageError, first_line
from regcore.files.atomic import check_target, replacing
from regcore.models.metadata import ModelMetadata, embedded
from regcore.models.onnx_file import OnnxFile
from regcore.models.onnx_package import import_onnx


def embed_in_onnx(model: OnnxFile, metadata: ModelMetadata, out: Path) -> None:
    """Writes the model with this metadata as `out`, whole or not at all; other pairs stay.

    Weights in files of their own stay where they are, so that `out` must be in the model's folder.
    Raises UsageError where it is not, BackendError where the file cannot be read.
    """
    check_target(out, ".onnx")
    if model.data_files and out.resolve().parent != model.path.resolve().parent:
        raise UsageError(
            f"{out}: the weights of {model.path} lie in {', '.join(model.data_files)} beside it; "
            "choose a file in the same folder"
        )
    onnx = import_onnx()
    try:
        content = onnx.load(model.path, load_external_data=False)
    except Exception as error:  # what protobuf raises has no common base
        raise BackendError(f"{model.path}: {first_line(error)}") from error
    pairs = {pair.key: pair.value for pair in content.metadata_props}
    onnx.helper.set_model_props(content, embedded(metadata, pairs))
    with replacing(out) as temporary:
        temporary.write_bytes(content.SerializeToString())
