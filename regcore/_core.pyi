from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Item = str | bytes | bytearray | memoryview | NDArray[np.uint8]
Foreign = Callable[[Item], NDArray[np.uint8]]
Progress = Callable[[int, int], object]
Errors = list[tuple[int, str]]

PASS_ORDERS: dict[str, int]
FILTERS: dict[str, int]
DTYPES: dict[str, int]
LAYOUTS: dict[str, int]

def simd_level() -> str: ...
def simd_levels() -> tuple[str, ...]: ...
def libjpeg_version() -> str: ...
def checksum(data: bytes | memoryview | NDArray[np.uint8]) -> int: ...

class Preprocessing:
    workers: int
    def __init__(
        self,
        *,
        resize: int,
        crop: int,
        filter: str,
        pass_order: str,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        dtype: str,
        layout: str,
        workers: int,
        full_decode: bool,
        max_file_bytes: int,
    ) -> None: ...
    def slot_bytes(self) -> int: ...
    def to_slots(
        self,
        items: Iterable[Item],
        foreign: Foreign,
        out: NDArray[np.uint8],
        progress: Progress | None = None,
    ) -> Errors: ...
    def to_files(
        self,
        items: Iterable[Item],
        foreign: Foreign,
        paths: Iterable[str],
        checksums: NDArray[np.uint64],
        progress: Progress | None = None,
    ) -> Errors: ...
    def to_pack(
        self,
        items: Iterable[Item],
        foreign: Foreign,
        pack: int,
        checksums: NDArray[np.uint64],
        progress: Progress | None = None,
    ) -> Errors: ...

class Stream:
    closing: bool
    def __init__(
        self,
        preprocessing: Preprocessing,
        items: Iterable[Item],
        foreign: Foreign,
        batch_size: int,
        buffers: Iterable[NDArray[np.uint8]],
    ) -> None: ...
    def next(self) -> tuple[int, int, int, Errors] | None: ...
    def close(self) -> None: ...
