"""TensorFlow: decode_image by its defaults, and tf.image.resize without and with antialias."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module

import numpy as np

from regcore.images.flavours.libraries import LIBRARIES, tensorflow_method
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.geometry import centre, sides_of
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Values, Way

_JPEG = b"\xff\xd8"
_FAST = "decode_jpeg takes a faster inverse DCT unless told INTEGER_ACCURATE"


def _ways(recipe: Recipe) -> Sequence[Way]:
    import_module("tensorflow")  # so that a failure is told once

    return [
        Way(
            "tensorflow",
            _decode,
            partial(_resize, recipe, False),  # noqa: FBT003
            partial(_tensor, recipe),
            {"decode": _FAST},
        ),
        Way("tensorflow-accurate", _decode_accurately),
        Way("tensorflow-antialias", resize=partial(_resize, recipe, True)),  # noqa: FBT003
    ]


def _decode(encoded: bytes) -> Pixels:
    import tensorflow as tf

    return np.asarray(tf.io.decode_image(encoded, channels=3, expand_animations=False), np.uint8)


def _decode_accurately(encoded: bytes) -> Pixels:
    import tensorflow as tf

    if not encoded.startswith(_JPEG):
        raise ValueError("decode_jpeg alone has dct_method")
    found = tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")
    return np.asarray(found, np.uint8)


def _resize(recipe: Recipe, antialias: bool, pixels: Pixels) -> Values:  # noqa: FBT001
    import tensorflow as tf

    method = tensorflow_method(recipe.filter)
    sides = sides_of(pixels, recipe)
    return centre(np.asarray(tf.image.resize(pixels, sides, method, antialias=antialias)), recipe)


def _tensor(recipe: Recipe, pixels: Pixels) -> Values:
    import tensorflow as tf

    values = tf.image.convert_image_dtype(pixels, tf.float32)
    normalized = (values - tf.constant(recipe.mean, tf.float32)) / tf.constant(
        recipe.std, tf.float32
    )
    found: Values = np.asarray(normalized).transpose(2, 0, 1)
    return found


PEER = Peer("tensorflow", LIBRARIES["tensorflow"].packages, _ways)
