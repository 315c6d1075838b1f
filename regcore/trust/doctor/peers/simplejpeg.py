"""simplejpeg: libjpeg-turbo's own interface, by its defaults."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Way


def _ways(_: Recipe) -> Sequence[Way]:
    import simplejpeg

    def decode(encoded: bytes) -> Pixels:
        return np.asarray(simplejpeg.decode_jpeg(encoded, "RGB"), np.uint8)

    return [Way("simplejpeg", decode)]


PEER = Peer("simplejpeg", ("simplejpeg",), _ways)
