"""Why no recipe gives a tensor, as far as it shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regcore.trust.identify.bfloat import rounded_to_bfloat
from regcore.trust.identify.explained import Explained
from regcore.trust.identify.fused import fused_words
from regcore.trust.identify.readings import Reading
from regcore.trust.identify.tables import ValueTable, lines_of
from regcore.trust.identify.values import value_fields

#: Decoders, and encoders of the best quality, leave less than this, in steps of a pixel's value.
_DECODER = 1.0
#: A line leaves less than this of its height.
_STRAIGHT = 2e-3
_NO_VALUES = "but with no mean and std that give every bit"


#: What float64 has that no recipe gives.
WIDER = "its values are float64 that no float32 holds; recipes give float32 at most"


def hints(
    reading: Reading,
    explained: Explained | None,
    *,
    similarity: float,
    levels: float | None,
) -> tuple[str, ...]:
    """What is known, the most telling first.

    explained: the pipeline of the nearest recipe, where its pixels are those of the tensor.
    similarity: 0 where it shows none of the photos. levels: what the nearest recipe leaves, in
    steps of a pixel's value.
    """
    found = [WIDER] if reading.is_rounded else []
    if explained is not None and explained.table is not None:
        found.append(_of_values(explained.table, reading.dtype))
    elif explained is not None:
        found.append(
            "its pixels are those of the nearest recipe, as far as rounding shows; the values lie "
            f"on a line, {_NO_VALUES}"
        )
    elif not similarity:
        found.append(
            "it shows none of these photos at any size that was tried: other photos, another "
            "order of them, or pixels that were turned or mirrored"
        )
    elif levels is None:
        found.append(
            "green follows the photos, but not all channels do: another order of channels, another "
            "colour space, or values with their sign turned round"
        )
    elif levels < _DECODER:
        found.append(
            f"its pixels are {levels:.2f} levels from the nearest (root mean square): so near are "
            "another decoder (a fast DCT, plain upsampling) or another version of the library"
        )
    else:
        found.append(
            f"its pixels are {levels:.1f} levels from the nearest (root mean square): another "
            "filter or size, or pixels that were changed before or after the resize"
        )
    return tuple(found)


def _of_values(table: ValueTable, dtype: str) -> str:
    """Where all pixels are those of a pipeline, and their values no recipe's."""
    exact = "its pixels are exactly those of the nearest recipe; "
    if not table.says_enough:
        return exact + "they have too few values to tell mean and std: take other photos"
    if (words := _through_less(table, dtype)) is not None:
        return exact + words
    if (words := fused_words(table, dtype)) is not None:
        return f"{exact}the values are computed in another order: {words}"
    if _is_line(table):
        return f"{exact}the values lie on a line, {_NO_VALUES}"
    return exact + "the values are no line of them: a curve, such as a gamma, lies between"


def _through_less(table: ValueTable, dtype: str) -> str | None:
    """Float32 that was float16 or bfloat16 before."""
    if dtype != "float32":
        return None
    narrow: dict[str, NDArray[np.float32]] = {
        "float16": table.values.astype(np.float16).astype(np.float32),
        "bfloat16": rounded_to_bfloat(table.values),
    }
    for name, rounded in narrow.items():
        if np.array_equal(rounded[table.seen], table.values[table.seen]):
            known = value_fields(table, name)
            words = f", of mean {known[0]['mean']} and std {known[0]['std']}" if known else ""
            return f"the values were rounded to {name}, though they are stored as float32{words}"
    return None


def _is_line(table: ValueTable) -> bool:
    for row, seen, line in zip(table.values, table.seen, lines_of(table), strict=True):
        pixels = np.flatnonzero(seen)
        left = row[seen] - line.slope * pixels - line.start
        if np.abs(left).max() > _STRAIGHT * max(float(np.ptp(row[seen])), 1e-30):
            return False
    return True
