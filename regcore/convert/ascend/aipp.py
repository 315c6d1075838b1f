"""AIPP: normalisation in the image hardware of an Ascend, so that a .om takes uint8 pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regcore.errors import UsageError
from regcore.files.output_guard import text_of
from regcore.recipes.recipe import Recipe

#: Recognises what aipp_config writes by its first bytes.
is_aipp_config = text_of(
    rb"aipp_op \{\n    aipp_mode : static\n    input_format : RGB888_U8\n"
    rb"    src_image_size_w : \d+\n    src_image_size_h : \d+\n    crop : false\n"
    rb"(    (min|var_reci)_chn_[012] : [0-9.e-]+\n){6}\}\n\Z"
)


@dataclass(frozen=True)
class AippRounding:
    """The largest error of a normalised value, for each channel.

    AIPP computes (u8 - min_chn) * var_reci_chn with both constants in float16.
    constants: the error from rounding these alone.
    arithmetic: the error where the two operations round to float16, too; Huawei does not say.
    """

    constants: tuple[float, ...]
    arithmetic: tuple[float, ...]


def check_channels(recipe: Recipe) -> None:
    """Raises UsageError for grey pictures."""
    if recipe.channels == "gray":
        raise UsageError("AIPP configurations are made for three channels, not for grey pictures")


def aipp_config(recipe: Recipe) -> str:
    """A static AIPP file for atc's --insert_op_conf: RGB pixels uint8 NHWC of the crop's size.

    The constants have 15 significant digits: min_chn = 255 mean, var_reci_chn = 1 / (255 std).
    Pixels in another order than RGB come in that order. Raises UsageError for grey ones.
    """
    check_channels(recipe)
    lines = [
        "aipp_mode : static",
        "input_format : RGB888_U8",
        f"src_image_size_w : {recipe.size[1]}",
        f"src_image_size_h : {recipe.size[0]}",
        "crop : false",
    ]
    lines += [f"min_chn_{i} : {value:.15g}" for i, value in enumerate(_minima(recipe))]
    lines += [f"var_reci_chn_{i} : {value:.15g}" for i, value in enumerate(_reciprocals(recipe))]
    return "aipp_op {\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def aipp_rounding(recipe: Recipe) -> AippRounding:
    """How far float16 moves the 256 values of each channel."""
    pixels = np.arange(256)
    constants, arithmetic = [], []
    for minimum, reciprocal in zip(_minima(recipe), _reciprocals(recipe), strict=True):
        exact = (pixels - minimum) * reciprocal
        half_minimum, half_reciprocal = np.float16(minimum), np.float16(reciprocal)
        rounded = (pixels - float(half_minimum)) * float(half_reciprocal)
        constants.append(float(np.abs(rounded - exact).max()))
        in_half = (pixels.astype(np.float16) - half_minimum) * half_reciprocal
        arithmetic.append(float(np.abs(in_half - exact).max()))
    return AippRounding(tuple(constants), tuple(arithmetic))


def _minima(recipe: Recipe) -> list[float]:
    return [recipe.divisor * mean for mean in recipe.mean]


def _reciprocals(recipe: Recipe) -> list[float]:
    second = recipe.second_std or (1.0,) * len(recipe.std)
    return [
        1 / (recipe.divisor * std * again) for std, again in zip(recipe.std, second, strict=True)
    ]
