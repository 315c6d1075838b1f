"""OpenCV: imdecode and resize, with Intel's IPP where it is built in, and without."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import numpy as np

from regcore.images.flavours.libraries import LIBRARIES, opencv_flag
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.geometry import centre, sides_of
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Values, Way

_IPP = "Intel's IPP has a bicubic of its own, whose pixels depend on the processor"


def _ways(recipe: Recipe) -> Sequence[Way]:
    import cv2

    ways = [Way("opencv", _decode, partial(_resize, recipe, True), known={"resize": _IPP})]  # noqa: FBT003
    if cv2.ipp.useIPP():
        ways.append(Way("opencv-without-ipp", resize=partial(_resize, recipe, False)))  # noqa: FBT003
    return ways


def _decode(encoded: bytes) -> Pixels:
    import cv2

    found = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise ValueError("imdecode gives nothing")
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)


def _resize(recipe: Recipe, ipp: bool, pixels: Pixels) -> Values:  # noqa: FBT001
    import cv2

    cv2.ipp.setUseIPP(ipp)  # this process is the doctor's own
    rows, columns = sides_of(pixels, recipe)
    flag = opencv_flag(recipe.filter)
    resized = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=flag))
    return centre(resized, recipe)


def _notes() -> Sequence[str]:
    import cv2

    jpeg = re.search(r"^\s*JPEG:\s*(.*)$", cv2.getBuildInformation(), re.MULTILINE)
    return [f"JPEG by {jpeg[1].strip()}"] if jpeg else []


PEER = Peer("opencv", LIBRARIES["opencv"].packages, _ways, _notes)
