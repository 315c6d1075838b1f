from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: Is asked for the bytes of an image by a worker.
class OnDemand(Protocol):
    def read(self) -> bytes | bytearray | memoryview: ...

class ClippedPixels:
    pixels: NDArray[np.uint8]
    def __init__(self, pixels: NDArray[np.uint8]) -> None: ...

_Pixels = NDArray[np.uint8] | ClippedPixels
#: The last but one: path, offset and bytes of a part of a file, and what to call it.
Item = str | bytes | bytearray | memoryview | _Pixels | tuple[str, int, int, str] | OnDemand
#: Puts the pixels of an encoded image into the target and returns its EXIF orientation, and whether
#: values of more than 8 bits were clipped.
ExternalDecoder = Callable[[bytes, DecodeTarget], tuple[int, bool]]

class DecodeRefused(Exception): ...  # noqa: N818

class DecodeTarget:
    def encoded(self) -> bytes: ...
    def reserve(self, width: int, height: int, bytes_per_pixel: int) -> None: ...
    def pixels(self, width: int, height: int) -> memoryview: ...

class ImageSources: ...

def that_reach(items: Sequence[Item], begin: int, end: int) -> list[int]: ...
