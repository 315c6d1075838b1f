"""regcore itself: at every SIMD level, by its own JPEG decoder and by libjpeg's whole decode."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from regcore.host import jpeg_library, simd_levels
from regcore.images.decode import decode
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.findings import Stage
from regcore.trust.doctor.peers.pillow import foreign_libjpeg
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Values, Way

_LEVEL = "REGCORE_SIMD"


def _ways(recipe: Recipe) -> Sequence[Way]:
    forced = os.environ.get(_LEVEL)
    levels = (forced,) if forced else simd_levels()
    return [_way(recipe, level, whole=whole) for level in levels for whole in (False, True)]


def _way(recipe: Recipe, level: str, *, whole: bool) -> Way:
    pixels_recipe = replace(recipe, dtype="uint8", layout="nhwc")

    def preprocess(made: Recipe, item: bytes | Pixels) -> Values:
        os.environ[_LEVEL] = level  # this process is the doctor's own
        found: Values = Preprocessor(made, workers=1, full_decode=whole)([item])[0]
        return found

    def by_decoder(encoded: bytes) -> Pixels:
        os.environ[_LEVEL] = level
        rows, columns = decode([encoded], workers=1)[0].shape[:2]
        # No resize and a crop of everything: the decoder of batches, which is another one.
        everything = replace(pixels_recipe, resize=None, crop=(rows, columns))
        return np.asarray(preprocess(everything, encoded), np.uint8)

    def by_crop(pixels: Pixels) -> Values:
        return preprocess(pixels_recipe, pixels)

    def by_values(pixels: Pixels) -> Values:
        return preprocess(replace(recipe, resize=None), pixels)

    name = f"regcore-{level}{'-libjpeg' if whole else ''}"
    known: dict[Stage, str] = (
        {"decode": f"Pillow is {foreign}"} if (foreign := foreign_libjpeg()) else {}
    )
    return Way(name, by_decoder, by_crop, by_values, known)


def _notes() -> Sequence[str]:
    return [jpeg_library()]


PEER = Peer("regcore", ("regcore",), _ways, _notes)
