"""Mean, std and scale where pixels are not rounded: by least squares, then tried bit by bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore._native.choices import ARITHMETICS
from regcore.trust.identify.quantised import known_values, steps_of
from regcore.trust.identify.tables import Line, line_of
from regcore.trust.identify.values import Scalars, fields_through, scalar_values

#: Of each mean and std, how many scales are tried.
_AT_MOST = 4
#: The steps of quantised values tell a scale at first only so far.
_SCALE_ROOM = 5e-3


def float_fields(
    pixels: Sequence[NDArray[Any]], values: NDArray[np.float32], dtype: str
) -> list[dict[str, Any]]:
    """Fields of recipes that give the values of the first image.

    pixels: float32 of each image, [rows, columns, channels], in the tensor's order.
    """
    channels = range(values.shape[3])
    lines = [
        line_of(
            np.concatenate([one[..., channel].ravel() for one in pixels]).astype(np.float64),
            values[..., channel].ravel().astype(np.float64),
        )
        for channel in channels
    ]
    shown = [pixels[0][..., channel].astype(np.float32) for channel in channels]
    wanted = [values[0, ..., channel] for channel in channels]
    if dtype in ("uint8", "int8"):  # whose scale the values of all images tell best
        shown = [np.stack([one[..., channel] for one in pixels]) for channel in channels]
        wanted = [values[..., channel] for channel in channels]
        return list(_quantised(shown, wanted, lines, dtype))
    return fields_through(shown, wanted, lines, dtype)


def _quantised(
    pixels: Sequence[NDArray[np.float32]],
    steps: Sequence[NDArray[np.float32]],
    lines: Sequence[Line],
    dtype: str,
) -> Iterator[dict[str, Any]]:
    """A scale and a zero point with every known mean and std that the lines allow."""
    for base in known_values("rgb"):
        divisor, std = base["divisor"], base["std"]
        scales = [
            1 / (divisor * each * line.slope) if line.slope > 0 else 0.0
            for line, each in zip(lines, std, strict=True)
        ]
        if not min(scales) or max(scales) - min(scales) > _SCALE_ROOM * max(scales):
            continue
        flat = np.concatenate([one.ravel() for one in steps])
        for arithmetic in ARITHMETICS:
            plain = [
                scalar_values(shown, Scalars(mean, each), divisor, arithmetic, twice=False).ravel()
                for shown, mean, each in zip(pixels, base["mean"], std, strict=True)
            ]
            form = {**base, "arithmetic": arithmetic, "dtype": dtype}
            for zero_point, scale in islice(steps_of(np.concatenate(plain), flat, dtype), _AT_MOST):
                yield {**form, "quant_scale": scale, "quant_zero_point": zero_point}
