"""Small pictures of images, as data URIs."""

from __future__ import annotations

import base64
import io
from pathlib import Path

_LONGER_SIDE = 200  # pixels
_QUALITY = 70


def thumbnail(source: Path | bytes | None) -> str | None:
    """A small JPEG of an image file, as a data URI; None where the picture cannot be had."""
    from PIL import Image

    if source is None:
        return None
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            image.draft("RGB", (2 * _LONGER_SIDE, 2 * _LONGER_SIDE))
            small = image.convert("RGB")
        small.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=_QUALITY, optimize=True)
    except Exception:  # noqa: BLE001  # whatever a foreign file brings: the report does without
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
