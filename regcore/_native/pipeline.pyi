from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from regcore._native.sources import ExternalDecoder
from regcore._native.sources import Item as Item

Progress = Callable[[int, int], object]
#: Index; what went wrong, if it did; libjpeg's warnings, the first of them, EXIF orientation, and
#: whether values were clipped.
Reports = list[tuple[int, str | None, tuple[int, str, int, bool]]]

def simd_level() -> str: ...
def simd_levels() -> tuple[str, ...]: ...
def libjpeg_version() -> str: ...
def libjpeg_is_bundled() -> bool: ...
def stop_at_exit(workers: object) -> None: ...
def check_not_ending() -> None: ...
def checksum(data: bytes | memoryview | NDArray[np.uint8]) -> int: ...

class Preprocessing:
    workers: int
    def __init__(
        self,
        recipe: object,
        *,
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
        decode_external: ExternalDecoder,
        out: NDArray[np.uint8],
        progress: Progress | None = None,
    ) -> Reports: ...
    def to_files(
        self,
        items: Iterable[Item],
        decode_external: ExternalDecoder,
        paths: Iterable[str],
        checksums: NDArray[np.uint64],
        progress: Progress | None = None,
    ) -> Reports: ...
    def to_pack(
        self,
        items: Iterable[Item],
        decode_external: ExternalDecoder,
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
        decode_external: ExternalDecoder,
        batch_size: int,
        buffers: Iterable[NDArray[np.uint8]],
        keep: int,
    ) -> None: ...
    def next(self) -> tuple[int, int, int, Reports, bytes] | None: ...
    def close(self) -> None: ...
