"""What becomes of the 256 values of a pixel: the reference formula, for every dtype."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regcore.recipes.recipe import Recipe

_LEVELS = 256


def value_table(recipe: Recipe) -> NDArray[np.float32]:
    """The value of each pixel of each channel, float32 [channels, 256], in the recipe's order.

    float32: ((u8 / divisor) - mean) / std, each operation rounded to float32, as NumPy and torch
    do it. float16 and bfloat16 are these, rounded once more, which is left to the caller. Of
    quantised recipes it is round(value / scale) + zero point, saturated, by QuantizeLinear of
    https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html; of uint8 otherwise the pixel itself.
    """
    pixels = np.arange(_LEVELS, dtype=np.float32)
    if not recipe.is_normalized:
        return np.tile(pixels, (len(recipe.mean), 1))
    mean, std = (np.array(values, np.float32)[:, None] for values in (recipe.mean, recipe.std))
    values: NDArray[np.float32] = (pixels / np.float32(recipe.divisor) - mean) / std
    if recipe.second_std is not None:
        values = values / np.array(recipe.second_std, np.float32)[:, None]
    if recipe.quant_scale is None:
        return values
    limits = np.iinfo(recipe.dtype)
    steps = np.rint(values / np.float32(recipe.quant_scale))
    quantized: NDArray[np.float32] = np.clip(
        steps + np.float32(recipe.quant_zero_point), limits.min, limits.max
    )
    return quantized
