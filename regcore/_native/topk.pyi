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
def count_ranks(
    above: NDArray[np.int32],
    equal_before: NDArray[np.int32],
    equal_behind: NDArray[np.int32],
    nan: NDArray[np.int32],
    lower_indices: bool,
    higher_indices: bool,
    hits: NDArray[np.int64],
) -> tuple[int, int]: ...
