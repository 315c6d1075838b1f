"""NVIDIA DALI's CPU operators: decoders.image, resize with antialias, crop_mirror_normalize."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Values, Way

_PACKAGES = ("nvidia-dali-cuda130", "nvidia-dali-cuda120", "nvidia-dali-cuda110")
_FILTERS = {"nearest": "INTERP_NN", "bilinear": "INTERP_LINEAR", "bicubic": "INTERP_CUBIC"}
_ROUNDING = "DALI's resize rounds once, where Pillow rounds between its passes"


def _ways(recipe: Recipe) -> Sequence[Way]:
    from nvidia.dali import fn, types

    def resized(pixels: Any) -> Any:  # noqa: ANN401
        by = getattr(types, _FILTERS[recipe.filter])
        short = fn.resize(pixels, resize_shorter=recipe.resize, interp_type=by, antialias=True)
        return fn.crop(short, crop=(recipe.crop, recipe.crop))

    def normalized(pixels: Any) -> Any:  # noqa: ANN401
        return fn.crop_mirror_normalize(
            pixels,
            mean=[255 * each for each in recipe.mean],
            std=[255 * each for each in recipe.std],
            output_layout="CHW",
        )

    def decoded(encoded: Any) -> Any:  # noqa: ANN401
        return fn.decoders.image(encoded, device="cpu")

    decode = _pipeline(decoded, "")
    resize = _pipeline(resized, "HWC")
    tensor = _pipeline(normalized, "HWC")

    def decode_bytes(encoded: bytes) -> Pixels:
        return np.asarray(decode(np.frombuffer(encoded, np.uint8)), np.uint8)

    return [Way("dali", decode_bytes, resize, tensor, {"resize": _ROUNDING})]


def _pipeline(operator: Callable[[Any], Any], layout: str) -> Callable[[Values], Values]:
    """A pipeline of one operator, for one array at a time; made anew for each, as one may fail."""
    from nvidia.dali import fn, pipeline_def

    @pipeline_def(  # type: ignore[untyped-decorator, unused-ignore]
        batch_size=1, num_threads=1, device_id=None
    )
    def define() -> Any:  # noqa: ANN401
        given = fn.external_source(name="given", layout=layout or None)
        return operator(given)

    def run(array: Values) -> Values:
        made = define(prefetch_queue_depth=1)
        try:
            made.build()
            made.feed_input("given", [array])
            (found,) = made.run()
        except RuntimeError as error:
            # It begins with where the pipeline was defined.
            raise RuntimeError(str(error).rpartition("encountered:")[2]) from None
        return np.asarray(found.as_array()[0])

    return run


PEER = Peer("dali", _PACKAGES, _ways)
