from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from regcore._native.sources import ExternalDecoder, Item

#: Index, and what went wrong.
Failures = list[tuple[int, str]]
Box = tuple[float, float, float, float]

class Pixels:
    def __buffer__(self, flags: int, /) -> memoryview: ...

class PictureWorkers:
    def __init__(
        self, *, workers: int, max_file_bytes: int, max_pixels: int, max_scans: int
    ) -> None: ...
    def resize(
        self,
        items: Iterable[Item],
        decode_external: ExternalDecoder,
        channels: Sequence[int],
        outs: Sequence[NDArray[np.uint8]],
        boxes: Sequence[Box | None],
        *,
        filter: str,
        pass_order: str,
        reducing_gap: float,
        upright: bool,
    ) -> Failures: ...
    def decode(
        self,
        items: Iterable[Item],
        decode_external: ExternalDecoder,
        channels: Sequence[int],
        *,
        upright: bool,
    ) -> tuple[list[Pixels], Failures]: ...
    def close(self) -> None: ...
