"""A quantisation as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, UnsetType

from regcore.calibration.record import QuantizationRecord, QuantizationSummary
from regcore.convert.onnx.check_scores import ExportCheck
from regcore.convert.onnx.costly_layers import LayerSearch
from regcore.counted import counted
from regcore.schemas import Format
from regcore.schemas.fields import Count, Positive, described, one_of

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 10  # layers


@dataclass(frozen=True)
class QuantizeForm:
    """A model quantised."""

    format: Format
    path: Annotated[str, described("The file.")]
    bytes: Annotated[Positive, described("Its size.")]
    source: Annotated[str, described("The model that was quantised.")]
    source_bytes: Annotated[Positive, described("Its size.")]
    to: Annotated[str, one_of(["int8-qdq", "fp16"]), described("What it computes in.")]
    quantised_nodes: Annotated[
        Count, described("Nodes that take dequantised values; of fp16, those in float16.")
    ]
    float_nodes: Annotated[Count, described("Other nodes.")]
    kept: Annotated[list[str], described("Nodes that stay in float32.")]
    agreement: Annotated[ExportCheck, described("With the source's scores.")]
    signal_to_noise_db: Annotated[
        float | None,
        described("The source's scores to their difference, as powers; null: there is none."),
    ]
    quantization: Annotated[
        QuantizationRecord | UnsetType, described("As the file has it; absent of fp16.")
    ] = UNSET
    search: Annotated[
        LayerSearch | UnsetType, described("The layers by their cost; where they were searched.")
    ] = UNSET


def sentences(form: QuantizeForm) -> Iterator[str]:
    """The quantisation in words."""
    yield _int8(form, form.quantization) if form.quantization else _float16(form)
    found = form.agreement
    yield (
        f"same top-1 as {form.source} on {found.same_top1} of {found.images} {found.what}, scores "
        f"differ by at most {found.largest_difference:.2g} "
        f"(largest score {found.largest_score:.3g}), signal to noise "
        f"{_decibels(form.signal_to_noise_db)}"
    )
    if found.nan_images or found.original_nan_images:
        yield (
            f"NaN among the scores of {counted(found.nan_images, 'image')}, of those of "
            f"{form.source} {found.original_nan_images}; NaN ranks last, and is left out of "
            "difference and noise"
        )
    if form.search:
        layers = sum(layer.kept for layer in form.search.layers)
        yield (
            f"{layers} of {counted(len(form.search.layers), 'layer')} kept in float: signal to "
            f"noise of the scores {_decibels(form.search.signal_to_noise_db)} before, "
            f"{_decibels(form.signal_to_noise_db)} now"
        )


def _float16(form: QuantizeForm) -> str:
    kept = f", {counted(len(form.kept), 'node')} kept in float32" if form.kept else ""
    return f"{Path(form.path).name}: float16, input and output as they were{kept}; {_sizes(form)}"


def _sizes(form: QuantizeForm) -> str:
    return f"{form.bytes / 1e6:.1f} MB, {form.source} has {form.source_bytes / 1e6:.1f} MB"


def _int8(form: QuantizeForm, record: QuantizationRecord) -> str:
    scales = "a scale for each channel" if record.per_channel else "a scale for each tensor"
    activations = "int8 around 0" if record.symmetric else "uint8"
    kept = f", {len(record.kept)} kept so" if record.kept else ""
    return (
        f"{Path(form.path).name}, by {quantiser(record)}: weights int8 with {scales}, "
        f"activations {activations}, ranges by {record.method} of "
        f"{counted(len(record.images), 'image')} (calibration {record.calibration}); "
        f"{counted(form.quantised_nodes, 'node')} quantised, "
        f"{form.float_nodes} in float{kept}; {_sizes(form)}"
    )


def search_table(search: LayerSearch) -> Table:
    """The costliest layers of a search, those that are kept, and how many more there are."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.reports.printable import printable

    table = Table(
        title=f"Layers left in float in turn, on {counted(search.images, 'calibration image')}",
        title_justify="left",
        box=box.SIMPLE,
    )
    table.add_column("layer", overflow="fold")
    for head in ("signal to noise", "gain", "same top-1", "kept"):
        table.add_column(head, justify="right")
    table.add_row("none", _decibels(search.signal_to_noise_db), "", str(search.same_top1), "")
    shown = max(_SHOWN, sum(layer.kept for layer in search.layers))
    for layer in search.layers[:shown]:
        table.add_row(
            escape(printable(layer.layer)),
            _decibels(layer.signal_to_noise_db),
            "" if layer.gain_db is None else f"{layer.gain_db:+.2f} dB",
            str(layer.same_top1),
            "yes" if layer.kept else "",
        )
    if len(search.layers) > shown:
        table.add_row(f"{len(search.layers) - shown} more", "", "", "", "")
    return table


def _decibels(value: float | None) -> str:
    return "no noise" if value is None else f"{value:.2f} dB"


def quantiser(record: QuantizationSummary) -> str:
    """Whose quantiser it was, with its version."""
    tools = record.tools
    return f"ONNX Runtime {tools.onnxruntime}" if tools.nncf is None else f"NNCF {tools.nncf}"
