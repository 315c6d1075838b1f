"""TorchCodec's decoders of images, the successors of torchvision's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Way


def _ways(_: Recipe) -> Sequence[Way]:
    from torchcodec.decoders import decode_image

    def decode(encoded: bytes) -> Pixels:
        return np.asarray(decode_image(encoded, mode="RGB").permute(1, 2, 0), np.uint8)

    return [Way("torchcodec", decode)]


PEER = Peer("torchcodec", ("torchcodec",), _ways)
