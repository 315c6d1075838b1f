"""How each library takes a photo to a normalised array, and pixels to other ones: the peers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from regcore.images.flavours.libraries import opencv_flag, tensorflow_method, torch_mode

#: Rows and columns of the results.
SIZE = (224, 224)
Pixels = np.ndarray
#: Pixels, or a tensor of the library.
Prepared = Any


class Way(Protocol):
    """One library, on one thread. `module` tells whether it is installed."""

    module: str
    flavour: str

    def prepare(self, pixels: Pixels) -> Prepared:
        """The pixels in the form that the library is fastest with."""

    def resize(self, prepared: Prepared, name: str) -> Pixels:
        """To SIZE, with the filter of that name; [rows, columns, 3]."""

    def photo(self, path: str, name: str, mean: Sequence[float], std: Sequence[float]) -> Pixels:
        """A file to float32 [3, rows, columns], (pixels - mean) / std."""


class _Opencv:
    module, flavour = "cv2", "opencv"

    def __init__(self) -> None:
        import cv2

        cv2.setNumThreads(1)
        cv2.ipp.setUseIPP(False)
        self._cv2 = cv2

    def prepare(self, pixels: Pixels) -> Prepared:
        # With memory for the result, as regcore has: new memory would cost a third more at times.
        return pixels, np.empty((*SIZE, 3), np.uint8)

    def resize(self, prepared: Prepared, name: str) -> Pixels:
        pixels, out = prepared
        return self._cv2.resize(pixels, SIZE[::-1], out, interpolation=opencv_flag(name))

    def photo(self, path: str, name: str, mean: Sequence[float], std: Sequence[float]) -> Pixels:
        flags = self._cv2.IMREAD_COLOR | self._cv2.IMREAD_IGNORE_ORIENTATION
        pixels = self.resize((self._cv2.imread(path, flags), None), name)
        values = self._cv2.cvtColor(pixels, self._cv2.COLOR_BGR2RGB).astype(np.float32)
        values -= np.asarray(mean, np.float32)
        values /= np.asarray(std, np.float32)
        return np.ascontiguousarray(values.transpose(2, 0, 1))


class _Torch:
    """transforms.v2 on tensors of uint8."""

    module, flavour = "torchvision", "torch"
    is_float = False
    antialias = True

    def __init__(self) -> None:
        from regcore.frameworks import import_torch, import_torchvision

        self._torch = import_torch()
        self._torch.set_num_threads(1)
        self._modes = import_torchvision().transforms.InterpolationMode
        from torchvision.transforms.v2 import functional

        self._functional = functional

    def prepare(self, pixels: Pixels) -> Prepared:
        return self._torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]  # channels last

    def _resized(self, tensor: Prepared, name: str) -> Prepared:
        mode = torch_mode(name)
        antialias = self.antialias and not name.startswith("nearest")
        if not self.is_float:
            mode = self._modes(mode)
            return self._functional.resize(tensor, list(SIZE), mode, antialias=antialias)
        interpolate = self._torch.nn.functional.interpolate
        resized = interpolate(tensor.to(self._torch.float32), SIZE, mode=mode, antialias=antialias)
        return resized.clamp_(0, 255).round_().to(self._torch.uint8)

    def resize(self, prepared: Prepared, name: str) -> Pixels:
        return self._resized(prepared, name)[0].permute(1, 2, 0).numpy()

    def photo(self, path: str, name: str, mean: Sequence[float], std: Sequence[float]) -> Pixels:
        with Image.open(path) as image:
            tensor = self._functional.pil_to_tensor(image.convert("RGB"))[None]
        values = self._resized(tensor, name)[0].to(self._torch.float32)
        return self._functional.normalize(values, list(mean), list(std)).numpy()


class _TorchFloat(_Torch):
    """The way through float32."""

    flavour = "torch_float"
    is_float = True


class _TorchNoAntialias(_Torch):
    flavour = "torch_no_antialias"
    antialias = False


class _Tensorflow:
    module, flavour = "tensorflow", "tensorflow"
    antialias = False

    def __init__(self) -> None:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self._tf = tf

    def prepare(self, pixels: Pixels) -> Prepared:
        return self._tf.constant(pixels)

    def _resized(self, pixels: Prepared, name: str) -> Prepared:
        method = tensorflow_method(name)
        return self._tf.image.resize(pixels, SIZE, method, antialias=self.antialias)

    def resize(self, prepared: Prepared, name: str) -> Pixels:
        return self._resized(prepared, name).numpy().astype(np.float32)

    def photo(self, path: str, name: str, mean: Sequence[float], std: Sequence[float]) -> Pixels:
        # By default its decode has other pixels, those of libjpeg's fast inverse DCT.
        photo = Path(path).read_bytes()
        pixels = self._tf.io.decode_jpeg(photo, channels=3, dct_method="INTEGER_ACCURATE")
        values = (self._tf.cast(self._resized(pixels, name), "float32") - list(mean)) / list(std)
        return self._tf.transpose(values, (2, 0, 1)).numpy()


class _TensorflowAntialias(_Tensorflow):
    flavour = "tensorflow_antialias"
    antialias = True


LIBRARY_WAYS = (
    *(_Torch, _TorchFloat, _TorchNoAntialias, _Opencv),
    *(_Tensorflow, _TensorflowAntialias),
)
