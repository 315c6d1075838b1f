import numpy as np
from numpy.typing import NDArray

def topk(
    scores: NDArray[np.float32], values: NDArray[np.float32], indices: NDArray[np.int64]
) -> None: ...
