"""The resize of the libraries themselves, for a check of the installed version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: uint8 pixels [rows, columns, 3], the new rows and columns, and the filter's name in a recipe.
Resize = Callable[[NDArray[np.uint8], tuple[int, int], str], NDArray[Any]]


@dataclass(frozen=True)
class Library:
    """Whose resize a flavour equals.

    name: for people. packages: the distributions that have it. tried: the version that all tests
    ran with, as much of it as counts.
    """

    name: str
    packages: tuple[str, ...]
    tried: str
    resize: Resize

    def installed(self) -> str | None:
        """The version that is installed here."""
        return next(filter(None, map(_version_of, self.packages)), None)

    def was_tried(self, installed: str) -> bool:
        """Whether that is the version of the tests."""
        return f"{installed}.".startswith((f"{self.tried}.", f"{self.tried}+"))


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def opencv_flag(name: str) -> int:
    """OpenCV's number of a filter."""
    import cv2

    flags = {
        "nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC,
        "area": cv2.INTER_AREA, "lanczos": cv2.INTER_LANCZOS4,
    }  # fmt: skip
    return flags[name]


def torch_mode(name: str) -> str:
    """Torch's name of a filter."""
    return name.replace("_", "-")


def tensorflow_method(name: str) -> str:
    """TensorFlow's name of a filter."""
    return "lanczos3" if name == "lanczos" else name


def _by_opencv(pixels: NDArray[np.uint8], size: tuple[int, int], name: str) -> NDArray[Any]:
    import cv2

    # Intel's library has a bicubic of its own, which depends on the processor.
    uses_ipp = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return np.asarray(cv2.resize(pixels, size[::-1], interpolation=opencv_flag(name)))
    finally:
        cv2.ipp.setUseIPP(uses_ipp)


def _interpolated(
    pixels: NDArray[Any], size: tuple[int, int], name: str, *, antialias: bool = True
) -> NDArray[Any]:
    import torch

    tensor = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())
    resized = torch.nn.functional.interpolate(
        tensor, size, mode=torch_mode(name), antialias=antialias and not name.startswith("nearest")
    )
    return np.asarray(resized[0].permute(1, 2, 0))


def _by_torch_in_float(pixels: NDArray[np.uint8], size: tuple[int, int], name: str) -> NDArray[Any]:
    resized = _interpolated(pixels.astype(np.float32), size, name)
    rounded: NDArray[np.uint8] = np.rint(resized.clip(0, 255)).astype(np.uint8)
    return rounded


def _by_tensorflow(
    pixels: NDArray[np.uint8], size: tuple[int, int], name: str, *, antialias: bool = False
) -> NDArray[Any]:
    import tensorflow as tf

    resized = tf.image.resize(pixels, size, tensorflow_method(name), antialias=antialias)
    return np.asarray(resized)


_OPENCV = (
    *("opencv-python", "opencv-python-headless"),
    *("opencv-contrib-python", "opencv-contrib-python-headless"),
)
_TENSORFLOW = ("tensorflow", "tensorflow-cpu")

#: By the flavour.
LIBRARIES = {
    "torch": Library("torch", ("torch",), "2.13.0", _interpolated),
    "torch_float": Library("torch", ("torch",), "2.13.0", _by_torch_in_float),
    "torch_no_antialias": Library(
        "torch", ("torch",), "2.13.0", partial(_interpolated, antialias=False)
    ),
    "opencv": Library("OpenCV", _OPENCV, "5.0.0", _by_opencv),
    "tensorflow": Library("TensorFlow", _TENSORFLOW, "2.21.0", _by_tensorflow),
    "tensorflow_antialias": Library(
        "TensorFlow", _TENSORFLOW, "2.21.0", partial(_by_tensorflow, antialias=True)
    ),
}
