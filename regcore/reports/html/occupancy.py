"""How much of each moment spans of time take, as the outline of an area."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The height of an outline that stands for all of the time.
HEIGHT = 20


def covered(spans: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of each column between two `edges` that `spans` [n, 2] take.

    The time that has passed inside of them until an edge is the sum of what has passed since their
    begins, less the sum since their ends.
    """
    inside = _since(spans[:, 0], edges) - _since(spans[:, 1], edges)
    return np.asarray(np.diff(inside) / np.diff(edges))


def _since(times: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """At each edge, the sum of edge - time over all earlier times."""
    ordered = np.sort(times)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    earlier = np.searchsorted(ordered, edges)
    return np.asarray(earlier * edges - sums[earlier])


def merged(spans: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same time [n, 2] without overlaps, in order."""
    if not len(spans):
        return spans
    ordered = spans[np.argsort(spans[:, 0], kind="stable")]
    until = np.maximum.accumulate(ordered[:, 1])
    first = np.concatenate([[True], ordered[1:, 0] > until[:-1]])
    begins = np.flatnonzero(first)
    ends = np.append(begins[1:], len(ordered)) - 1
    return np.column_stack([ordered[begins, 0], until[ends]])


def outline(parts: NDArray[np.float64]) -> str:
    """An SVG path over columns of width 1 whose heights are `parts` of HEIGHT, y downwards.

    What takes any time is seen: it is at least 1 high. Equal neighbours are one step.
    """
    heights = np.rint(HEIGHT * np.clip(parts, 0.0, 1.0)).astype(int)
    heights[(heights == 0) & (parts > 1e-6)] = 1  # noqa: PLR2004  (rounding leaves less)
    if not heights.any():
        return ""
    changes = np.flatnonzero(np.diff(heights, prepend=0))
    ends = np.append(changes[1:], len(heights))
    steps = "".join(
        f"H{begin}V{HEIGHT - heights[begin]}H{end}"
        for begin, end in zip(changes.tolist(), ends.tolist(), strict=True)
    )
    return f"M0 {HEIGHT}{steps}V{HEIGHT}Z"
