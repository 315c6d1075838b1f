"""What becomes of the 256 values of a pixel: the reference formula, for every dtype."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regcore.recipes.recipe import Recipe

_LEVELS = 256


def value_table(recipe: Recipe) -> NDArray[np.float32]:
    """The value of each pixel of each channel, float32 [channels, 256], in the recipe's order.

    float32: ((u8 / divisor) - mean) / std by the recipe's arithmetic, as NumPy and torch do it.
    float16 and bfloat16 are these, rounded once more, which is left to the caller. Of
    quantised recipes it is round(value / scale) + zero point, saturated, by QuantizeLinear of
    https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html; of uint8 otherwise the pixel itself.
    """
    pixels = np.arange(_LEVELS, dtype=np.float32)
    if not recipe.is_normalized:
        return np.tile(pixels, (len(recipe.mean), 1))
    kind = np.float64 if recipe.arithmetic == "float64" else np.float32
    if recipe.arithmetic == "product":
        scaled = pixels * np.float32(1 / recipe.divisor)
    else:
        scaled = pixels.astype(kind) / kind(recipe.divisor)
    steps = (recipe.std,) if recipe.second_std is None else (recipe.std, recipe.second_std)
    exact = scaled - np.array(recipe.mean, kind)[:, None]
    for step in steps:
        exact = exact / np.array(step, kind)[:, None]
    values: NDArray[np.float32] = exact.astype(np.float32)
    if recipe.quant_scale is None:
        return values
    limits = np.iinfo(recipe.dtype)
    quotients = np.rint(values / np.float32(recipe.quant_scale))
    quantized: NDArray[np.float32] = np.clip(
        quotients + np.float32(recipe.quant_zero_point), limits.min, limits.max
    )
    return quantized
