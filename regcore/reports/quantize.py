"""A quantisation as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from regcore.calibration.record import QuantizationRecord
from regcore.convert.onnx.check_scores import ExportCheck
from regcore.schemas import Format
from regcore.schemas.fields import Count, Positive, described


@dataclass(frozen=True)
class QuantizeForm:
    """A model quantised."""

    format: Format
    path: Annotated[str, described("The file.")]
    bytes: Annotated[Positive, described("Its size.")]
    source: Annotated[str, described("The model that was quantised.")]
    source_bytes: Annotated[Positive, described("Its size.")]
    quantised_nodes: Annotated[Count, described("Nodes that take dequantised values.")]
    float_nodes: Annotated[Count, described("Other nodes.")]
    quantization: QuantizationRecord
    agreement: Annotated[ExportCheck, described("With the source's scores.")]


def sentences(form: QuantizeForm) -> Iterator[str]:
    """The quantisation in words."""
    record, found = form.quantization, form.agreement
    scales = "a scale for each channel" if record.per_channel else "a scale for each tensor"
    activations = "int8 around 0" if record.symmetric else "uint8"
    kept = f", {len(record.kept)} kept as asked" if record.kept else ""
    yield (
        f"{Path(form.path).name}: weights int8 with {scales}, activations {activations}, ranges by "
        f"{record.method} of {len(record.images)} images (calibration {record.calibration}); "
        f"{form.quantised_nodes} nodes quantised, {form.float_nodes} in float{kept}; "
        f"{form.bytes / 1e6:.1f} MB, {form.source} has {form.source_bytes / 1e6:.1f} MB"
    )
    yield (
        f"same top-1 as {form.source} on {found.same_top1} of {found.images} {found.what}, scores "
        f"differ by at most {found.largest_difference:.2g} "
        f"(largest score {found.largest_score:.3g})"
    )
