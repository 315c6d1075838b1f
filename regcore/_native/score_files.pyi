from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

class Reader:
    def __init__(self, workers: int, max_file_bytes: int) -> None: ...
    def read(
        self, files: Iterable[tuple[str, bytes | None]], out: NDArray[np.float32]
    ) -> tuple[list[tuple[int, str]], list[int]]: ...

class Writer:
    def __init__(self, workers: int, text: bool) -> None: ...
    def write(self, paths: Iterable[str], scores: NDArray[np.float32]) -> None: ...
