"""What Hugging Face's image processors make of a pixel's value, in each of their backends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.recipes.huggingface_classes import ProcessorClass
from regcore.recipes.huggingface_file import NULL
from regcore.recipes.settings import Settings

#: No model needs less, and what is divided by it stays finite.
LEAST_FACTOR = 1e-6
_PIXELS = np.arange(256)
_ZEROS, _ONES = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Values:
    """The settings of the values.

    factor: by which pixels are multiplied; None where they are not. mean, std: None where nothing
        is normalised.
    shift: what is subtracted after that product. last_std: by which values are divided at the end.
    flips: whether the channels are put in the order of BGR.
    """

    settings: Settings
    factor: float | None
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    shift: bool
    last_std: tuple[float, ...] | None
    flips: bool


def needed(settings: Settings, key: str, default: object, by: str, *, wanted: bool) -> Any:  # noqa: ANN401
    """What is said, or the default of the class. Refuses null where it is `wanted` for `by`."""
    value = settings.take(key)
    if value is None:
        value = default
    if value is NULL or value is None:
        if wanted:
            raise settings.refusal(key, f"is missing; {by} needs it")
        return default
    return value


def is_factor(value: object) -> TypeGuard[float]:
    """Whether a size or a pixel may be multiplied by it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return LEAST_FACTOR <= value <= 1


def read_values(settings: Settings, kind: ProcessorClass) -> Values:
    """What the configuration says of values. Raises UsageError with the key."""
    own = {key: settings.flag(key, default=value) for key, value in kind.own_keys.items()}
    rescales = settings.flag("do_rescale", default=True)
    asked = settings.flag("do_normalize", default=kind.normalizes)
    normalizes = asked and kind.normalizes
    divides = own.get("include_top", False)
    mean = _per_channel(settings, "image_mean", kind.mean, wanted=asked)
    std = _per_channel(settings, "image_std", kind.std, wanted=asked or divides)
    factor = needed(settings, "rescale_factor", 1 / 255, "do_rescale", wanted=rescales)
    if rescales and not is_factor(factor):
        raise settings.refusal(
            "rescale_factor", f"must be {LEAST_FACTOR:g} to 1, not {shown(factor)}"
        )
    shift = own.get("rescale_offset", False) and rescales
    if shift and normalizes:
        raise settings.refusal("rescale_offset", "subtracts twice, which a recipe does not")
    return Values(
        settings,
        factor if rescales else None,
        mean if normalizes else None,
        std if normalizes else None,
        shift,
        std if divides else None,
        own.get("do_flip_channel_order", False),
    )


def value_fields(values: Values, backend: str) -> dict[str, Any]:
    """The fields of Recipe. Raises UsageError, which names the key, where none is equal."""
    fields: dict[str, Any] = {"mean": values.mean or _ZEROS, "std": values.std or _ONES}
    if values.flips:
        fields["channels"] = "bgr"
    if values.shift:
        fields["mean"] = _ONES
    if values.last_std is not None:
        fields["std" if values.std is None else "second_std"] = values.last_std
    if values.factor is None:
        if values.std is None and values.last_std is None:
            fields["dtype"] = "uint8"
        elif values.std is None and backend == "torchvision":
            raise values.settings.refusal("include_top", "divides pixels, which torch refuses")
        return fields | {"divisor": 1}
    if backend == "pil":
        return fields | {"divisor": _quotient(values.settings, values.factor)}
    if values.std is None:
        return fields | _product(values.settings, values.factor)
    # torch multiplies tensors of float32 by the factor's reciprocal.
    scale = np.float32(1 / values.factor)
    scaled = {
        name: tuple(float(np.float32(each) * scale) for each in fields[name])
        for name in ("mean", "std")
    }
    return fields | scaled | {"divisor": 1}


def _per_channel(
    settings: Settings, key: str, default: tuple[float, ...], *, wanted: bool
) -> tuple[float, ...]:
    given = needed(settings, key, default, "do_normalize", wanted=wanted)
    if isinstance(given, (list, tuple)) and len(given) == 1:
        raise settings.refusal(key, f"must be one number, not in a list, or three: {shown(given)}")
    return Settings({key: given}, settings.place).per_channel(key)


def _quotient(settings: Settings, factor: float) -> float:
    """What a division by gives float32(pixel * factor), the product being of float64."""
    wanted = (_PIXELS * factor).astype(np.float32)
    for divisor in (round(2 / factor) / 2, 1 / factor):
        if np.array_equal(_PIXELS.astype(np.float32) / np.float32(divisor), wanted):
            return divisor
    raise _unequal(settings, factor)


def _product(settings: Settings, factor: float) -> dict[str, Any]:
    """Whose float32(1 / divisor) is the factor's."""
    if isinstance(factor, int):
        raise settings.refusal(
            "rescale_factor", f"{factor} leaves tensors of uint8 as they are; 1.0 does not"
        )
    for divisor in (round(2 / factor) / 2, 1 / factor):
        if np.float32(1 / divisor) == np.float32(factor):
            return {"divisor": divisor, "arithmetic": "product"}
    raise _unequal(settings, factor)


def _unequal(settings: Settings, factor: float) -> UsageError:
    return settings.refusal(
        "rescale_factor", f"{factor:g}: no division gives the same values to the last bit"
    )
