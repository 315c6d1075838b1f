from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES: dict[str, tuple[int, int, int]]

def topk(
    rows: NDArray[np.uint8],
    dtype: str,
    values: NDArray[Any],
    indices: NDArray[np.int64],
    workers: int,
) -> None: ...
def label_places(
    rows: NDArray[np.uint8],
    dtype: str,
    labels: NDArray[np.int64],
    places: NDArray[np.int32],
    workers: int,
) -> None: ...
