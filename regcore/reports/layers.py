"""The layers of a model of lower precision beside float32, as JSON and for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from regcore.convert.onnx.layer_noise import LayerNoise
from regcore.counted import counted
from regcore.schemas import Format
from regcore.schemas.fields import (
    ModelName,
    Positive,
    RecipeIdentity,
    Sha256,
    described,
)

if TYPE_CHECKING:
    from rich.table import Table

#: Below so many dB the noise is above a tenth of the values.
LOW_DB = 20.0
_SHOWN = 15


@dataclass(frozen=True)
class LayersForm:
    """How far each layer of a model is from the float32 model that it was made of."""

    format: Format
    model: ModelName
    model_sha256: Annotated[Sha256, described("Of its file.")]
    against: Annotated[str, described("The float32 model.")]
    against_sha256: Annotated[Sha256, described("Of its file.")]
    images: Annotated[Positive, described("On which both ran.")]
    images_from: Annotated[str, described("What the images are of.")]
    recipe_identity: Annotated[RecipeIdentity, described("Of the recipe that prepared them.")]
    low_db: Annotated[float, described("Below it a layer has fallen off.")]
    first_low: Annotated[
        str | None,
        described("The first layer below `low_db`, in the order of computation; null: none."),
    ]
    largest_step: Annotated[
        str | None,
        described("The layer with the largest `step_db`; null where no input has noise."),
    ]
    layers: Annotated[list[LayerNoise], Meta(min_length=1), described("The noisiest first.")]


def first_low(layers: Sequence[LayerNoise]) -> LayerNoise | None:
    """The first layer that has fallen off; layers: in the order of computation."""
    return next((layer for layer in layers if _is_low(layer)), None)


def largest_step(layers: Sequence[LayerNoise]) -> LayerNoise | None:
    """The layer that is farthest below its inputs."""
    known = [layer for layer in layers if layer.step_db is not None]
    return max(known, key=lambda layer: layer.step_db or 0.0, default=None)


def noisiest_first(layers: Sequence[LayerNoise]) -> list[LayerNoise]:
    """Sorted; those with values that are not finite come before all others."""
    return sorted(
        layers, key=lambda one: (not one.not_finite, _ratio(one.signal_to_noise_db), one.place)
    )


def sentences(form: LayersForm) -> Iterator[str]:
    """The comparison in words."""
    model, against = Path(form.model).name, Path(form.against).name
    ordered = sorted(form.layers, key=lambda layer: layer.place)
    last = ordered[-1]
    yield (
        f"{counted(len(ordered), 'layer')} of {model} beside {against} on "
        f"{counted(form.images, 'image')}: signal to noise of the last one "
        f"{in_decibels(last.signal_to_noise_db)}"
    )
    low = first_low(ordered)
    if low is None:
        yield f"none is below {form.low_db:g} dB"
    else:
        count = sum(_is_low(layer) for layer in ordered)
        yield (
            f"{count} below {form.low_db:g} dB, the first is {low.layer} "
            f"({in_decibels(low.signal_to_noise_db)})"
        )
    step = largest_step(ordered)
    if step is not None and step.step_db is not None and step.step_db > 0:
        yield f"the largest step down is at {step.layer}: {step.step_db:.2f} dB below its inputs"
    for layer in ordered:
        if layer.not_finite:
            are = counted(layer.not_finite, "value is", "values are")
            yield f"{layer.layer}: {are} NaN or infinite"
        if layer.float32_nan:
            are = counted(layer.float32_nan, "value is", "values are")
            yield f"{layer.layer}: {are} NaN in {against}, and left out"


def to_table(form: LayersForm) -> Table:
    """The noisiest layers, and how many more there are."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from regcore.reports.printable import printable

    table = Table(title="The noisiest layers", title_justify="left", box=box.SIMPLE)
    table.add_column("layer", overflow="fold")
    for head in ("place", "signal to noise", "below its inputs"):
        table.add_column(head, justify="right")
    for layer in form.layers[:_SHOWN]:
        table.add_row(
            escape(printable(layer.layer)),
            str(layer.place),
            in_decibels(layer.signal_to_noise_db),
            "" if layer.step_db is None else f"{layer.step_db:.2f} dB",
        )
    if len(form.layers) > _SHOWN:
        table.add_row(f"{len(form.layers) - _SHOWN} more", "", "", "")
    return table


def in_decibels(ratio: float | None) -> str:
    """`21.30 dB`."""
    return "no noise" if ratio is None else f"{ratio:.2f} dB"


def _is_low(layer: LayerNoise) -> bool:
    return layer.not_finite > 0 or _ratio(layer.signal_to_noise_db) < LOW_DB


def _ratio(value: float | None) -> float:
    return float("inf") if value is None else value
