from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Item = str | bytes | bytearray | memoryview | NDArray[np.uint8]
#: Puts the pixels of an encoded image on the canvas and returns its EXIF orientation.
Foreign = Callable[[bytes, Canvas], int]
Progress = Callable[[int, int], object]
#: Index; what went wrong, if it did; libjpeg's warnings, the first of them, EXIF orientation.
Reports = list[tuple[int, str | None, tuple[int, str, int]]]

def simd_level() -> str: ...
def simd_levels() -> tuple[str, ...]: ...
def libjpeg_version() -> str: ...
def checksum(data: bytes | memoryview | NDArray[np.uint8]) -> int: ...

class Refused(Exception): ...  # noqa: N818

class Canvas:
    def reserve(self, width: int, height: int, bytes_per_pixel: int) -> None: ...
    def pixels(self, width: int, height: int) -> memoryview: ...

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
        on_warning: str,
        max_file_bytes: int,
        max_pixels: int,
        max_scans: int,
        memory: int,
    ) -> None: ...
    def slot_bytes(self) -> int: ...
    def close(self) -> None: ...
    def stage_seconds(self) -> dict[str, float]: ...
    def to_slots(
        self,
        items: Iterable[Item],
        foreign: Foreign,
        out: NDArray[np.uint8],
        progress: Progress | None = None,
    ) -> Reports: ...
    def to_files(
        self,
        items: Iterable[Item],
        foreign: Foreign,
        paths: Iterable[str],
        checksums: NDArray[np.uint64],
        progress: Progress | None = None,
    ) -> Reports: ...
    def to_pack(
        self,
        items: Iterable[Item],
        foreign: Foreign,
        pack: int,
        checksums: NDArray[np.uint64],
        progress: Progress | None = None,
    ) -> Reports: ...

class Stream:
    closing: bool
    def __init__(
        self,
        preprocessing: Preprocessing,
        items: Iterable[Item],
        foreign: Foreign,
        batch_size: int,
        buffers: Iterable[NDArray[np.uint8]],
        keep: int,
    ) -> None: ...
    def next(self) -> tuple[int, int, int, Reports, bytes] | None: ...
    def close(self) -> None: ...
