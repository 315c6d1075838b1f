from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Item = str | bytes | bytearray | memoryview | NDArray[np.uint8]
#: Puts the pixels of an encoded image into the target and returns its EXIF orientation.
ExternalDecoder = Callable[[bytes, DecodeTarget], int]

class DecodeRefused(Exception): ...  # noqa: N818

class DecodeTarget:
    def encoded(self) -> bytes: ...
    def reserve(self, width: int, height: int, bytes_per_pixel: int) -> None: ...
    def pixels(self, width: int, height: int) -> memoryview: ...

class ImageSources: ...
