"""What transformers takes for images, as paths and RGB pixels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.errors import UsageError
from regcore.files.arguments import shown
from regcore.images.pillow_images import is_pillow_image
from regcore.images.sources import Image
from regcore.scores.arrays import host_array

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_WHITE = 255
_CHANNELS = (1, 3, 4)
_FIRST, _LAST = "channels_first", "channels_last"


def flat_images(images: Any, *, converts: bool, layout: str | None) -> list[Image]:  # noqa: ANN401
    """One image, a batch, or lists of these, as a list of paths, bytes and RGB pixels.

    converts: whether what is not RGB becomes it, on white where it is transparent. layout:
    "channels_first" or "channels_last", of arrays; None finds out. Raises UsageError for what is no
    image, and for one that is not RGB where it is not converted.
    """
    if layout not in (None, _FIRST, _LAST):
        raise UsageError(f"input_data_format {shown(layout)} is neither {_FIRST} nor {_LAST}")
    return list(_each(images, converts=converts, layout=layout))


def _each(images: Any, *, converts: bool, layout: str | None) -> Iterator[Image]:  # noqa: ANN401
    if isinstance(images, (str, os.PathLike)):
        yield _path(images)
    elif isinstance(images, (bytes, bytearray, memoryview)):
        yield images
    elif is_pillow_image(images):
        yield _rgb_of_pillow(images) if converts else _plain_rgb(images)
    elif isinstance(images, Sequence):
        for each in images:
            yield from _each(each, converts=converts, layout=layout)
    else:
        array = host_array("images", images)
        if not isinstance(array, np.ndarray):
            raise UsageError(f"an image cannot be {shown(images)}")
        if array.ndim == 4:  # noqa: PLR2004  # a batch
            for each in array:
                yield from _each(each, converts=converts, layout=layout)
        else:
            yield _rgb_of_array(array, converts=converts, layout=layout)


def _path(given: str | os.PathLike[str]) -> str:
    path = os.fspath(given)
    if path.startswith(("http://", "https://", "data:")):
        raise UsageError(f"{path:.60}: is no file; regcore fetches nothing from the network")
    return path


def _plain_rgb(image: PillowImage) -> NDArray[np.uint8]:
    if image.mode != "RGB":
        raise UsageError(f"a picture of mode {image.mode} needs do_convert_rgb, or .convert('RGB')")
    return np.asarray(image)


def _rgb_of_pillow(image: PillowImage) -> NDArray[np.uint8]:
    """On white, as transformers' convert_to_rgb."""
    from PIL import Image as Pillow

    if "A" in image.getbands() or image.info.get("transparency") is not None:
        image = image.convert("RGBA")
        image = Pillow.alpha_composite(Pillow.new("RGBA", image.size, (_WHITE,) * 4), image)
    return np.asarray(image.convert("RGB"))


def _rgb_of_array(given: NDArray[Any], *, converts: bool, layout: str | None) -> NDArray[np.uint8]:
    """Height x width x 3, as transformers' process_image and convert_to_rgb."""
    pixels = _channels_last(_as_bytes(given), layout)
    channels = pixels.shape[2]
    if channels == 3:  # noqa: PLR2004
        return pixels
    if not converts or given.ndim == 2:  # noqa: PLR2004
        raise UsageError(f"an array of shape {given.shape} is not RGB, and not converted to it")
    if channels == 1:
        return np.repeat(pixels, 3, axis=2)
    alpha = pixels[..., 3:] / _WHITE
    return np.round(alpha * pixels[..., :3] + (1 - alpha) * _WHITE).astype(np.uint8)


def _as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype.kind not in "iu":
        raise UsageError(f"pixels must be integers of 0 to 255, not {array.dtype}")
    if array.dtype != np.uint8 and array.size and not 0 <= array.min() <= array.max() <= _WHITE:
        raise UsageError(f"pixels must be 0 to 255, not {array.min()} to {array.max()}")
    return array.astype(np.uint8, copy=False)


def _channels_last(pixels: NDArray[np.uint8], layout: str | None) -> NDArray[np.uint8]:
    """Where both ends could be the channels, transformers takes the first."""
    if pixels.ndim == 2:  # noqa: PLR2004
        return pixels[..., np.newaxis]
    if pixels.ndim != 3:  # noqa: PLR2004
        raise UsageError(f"an image has two or three dimensions, not the shape {pixels.shape}")
    if layout is None:
        layout = _FIRST if pixels.shape[0] in _CHANNELS else _LAST
    pixels = np.moveaxis(pixels, 0, -1) if layout == _FIRST else pixels
    if pixels.shape[2] not in _CHANNELS:
        raise UsageError(f"an array of shape {pixels.shape} has no 1, 3 or 4 channels")
    return pixels
