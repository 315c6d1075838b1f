"""A quantised model in a report: how it was made, with which images, and where its noise is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regcore.calibration.record import QuantizationSummary
from regcore.convert.onnx.layer_noise import LayerNoise
from regcore.counted import agreeing, counted
from regcore.errors import DatasetError
from regcore.evaluation.run_content import RunContent
from regcore.evaluation.run_folder import LAYERS
from regcore.reports.html.bars import Bar
from regcore.reports.html.checks.documents import read_document
from regcore.reports.layers import LayersForm, in_decibels, sentences
from regcore.reports.quantize import quantiser

WIDTH, HEIGHT = 600, 200
_SHOWN = 8
_STEP = 10  # dB, of the scale


@dataclass(frozen=True)
class ShownLayers:
    """The signal to noise of each layer, in a box of WIDTH by HEIGHT, in the order of computation.

    sentences: what is to be seen. path: of the line. low: height of the limit in %. most: of the
    scale, in dB. count: of layers. bars: of the noisiest.
    """

    sentences: list[str]
    path: str
    low: float
    low_words: str
    most: float
    count: int
    bars: list[Bar]


@dataclass(frozen=True)
class ShownQuantization:
    """What a report shows. headline: for the first screen; seen: what spoils the accuracy."""

    headline: str
    seen: str
    rows: list[tuple[str, str]]
    layers: ShownLayers | None


def read_quantization(folder: Path, run: RunContent) -> ShownQuantization | None:
    """Of a run's model and its layers.json; None where it says nothing and there is none.

    Raises DatasetError where layers.json is of another model.
    """
    form = read_document(folder, LAYERS.removesuffix(".json"), LayersForm)
    if form is not None and f"sha256:{form.model_sha256}" != run.model_hash:
        raise DatasetError(f"{folder / LAYERS}: is of another model than the run's, {form.model}")
    if run.quantization is None and form is None:
        return None
    rows = [] if run.quantization is None else _rows(run.quantization, run)
    if run.model_bytes:
        rows.append(("Size", f"{run.model_bytes / 1e6:.1f} MB"))
    return ShownQuantization(
        headline="" if run.quantization is None else _headline(run),
        seen=_seen(run),
        rows=rows,
        layers=None if form is None else _layers(form),
    )


def _headline(run: RunContent) -> str:
    made = run.quantization
    if made is None:
        return ""
    kept = f", {counted(len(made.kept), 'node')} kept in float" if made.kept else ""
    return f"int8, calibrated with {counted(made.images, 'image', form=',')}{kept}"


def _seen(run: RunContent) -> str:
    seen = len(run.calibration_images)
    if not seen:
        return ""
    return (
        f"{seen:,} of the {counted(run.images, 'image', form=',')} {agreeing(seen, 'is', 'are')} "
        "among those that the model was calibrated with: its accuracy on others may be lower."
    )


def _rows(made: QuantizationSummary, run: RunContent) -> list[tuple[str, str]]:
    percentile = "" if made.percentile is None else f" {made.percentile:g}"
    among = (
        "none of them evaluated here"
        if not run.calibration_images
        else f"{len(run.calibration_images):,} of them evaluated here"
    )
    images = 0 if run.quantization is None else run.quantization.images
    rows = [
        ("Quantiser", f"{quantiser(made)}, to {made.to}"),
        ("Ranges of activations", f"{made.method}{percentile}"),
        ("Activations", "int8 around 0" if made.symmetric else "uint8"),
        ("Weights", f"int8, a scale for each {'channel' if made.per_channel else 'tensor'}"),
        ("Calibration", f"{made.calibration}, {counted(images, 'image', form=',')}, {among}"),
        ("Their recipe", made.recipe_identity),
        ("Made of the file", f"sha256:{made.source_sha256[:16]}"),
    ]
    if made.kept:
        how = (
            ""
            if made.searched is None
            else f"; a search was to choose {counted(made.searched, 'layer')}"
        )
        rows.append(("Kept in float", f"{', '.join(made.kept)}{how}"))
    return rows


def _layers(form: LayersForm) -> ShownLayers:
    ordered = sorted(form.layers, key=lambda layer: layer.place)
    finite = [one.signal_to_noise_db for one in ordered if one.signal_to_noise_db is not None]
    most = _STEP * math.ceil(max([*finite, form.low_db + _STEP]) / _STEP)

    def place(layer: LayerNoise) -> float:
        return _part(layer, most)

    return ShownLayers(
        sentences=list(sentences(form)),
        path=_path([place(layer) for layer in ordered]),
        low=100 * (1 - form.low_db / most),
        low_words=f"{form.low_db:g} dB",
        most=most,
        count=len(ordered),
        bars=[
            Bar(layer.layer, in_decibels(layer.signal_to_noise_db), place(layer), "compute")
            for layer in form.layers[:_SHOWN]
        ],
    )


def _part(layer: LayerNoise, most: float) -> float:
    """Of the scale, 0 to 1; what has no noise is at its end."""
    if layer.not_finite:
        return 0.0
    ratio = layer.signal_to_noise_db
    return 1.0 if ratio is None else max(0.0, min(1.0, ratio / most))


def _path(parts: Sequence[float]) -> str:
    step = WIDTH / max(1, len(parts) - 1)
    points = (f"{step * at:.1f} {HEIGHT * (1 - part):.1f}" for at, part in enumerate(parts))
    return "M" + "L".join(points)
