"""The size of a WebP before it is opened, against Pillow's."""

from __future__ import annotations

import io
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from regcore.images.own_pillow import image_module
from regcore.images.pillow_decoder import decode_rgb
from regcore.images.webp_header import HEADER_BYTES, webp_size

KINDS = {
    "lossy": {"quality": 50},
    "lossless": {"lossless": True},
    "alpha": {"quality": 50},
    "animated": {"save_all": True},
    "with EXIF": {"quality": 50, "exif": Image.Exif().tobytes()},
}


def webp(kind: str, width: int, height: int) -> bytes:
    rng = np.random.default_rng(0)
    channels = 4 if kind == "alpha" else 3
    image = Image.fromarray(rng.integers(0, 256, (height, width, channels), np.uint8))
    options = dict(KINDS[kind])
    if kind == "animated":
        options["append_images"] = [image.rotate(180)]
    file = io.BytesIO()
    image.save(file, "WEBP", **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (17, 300), (1000, 3), (16383, 1)])
def test_size_is_pillows(kind: str, size: tuple[int, int]) -> None:
    data = webp(kind, *size)
    with Image.open(io.BytesIO(data)) as image:
        assert webp_size(data[:HEADER_BYTES]) == image.size == size


def test_other_files_have_none() -> None:
    data = webp("lossy", 20, 20)
    assert webp_size(data[: HEADER_BYTES - 1]) is None
    assert webp_size(b"RIFX" + data[4:]) is None
    assert webp_size(data[:8] + b"WAVE" + data[12:]) is None
    assert webp_size(data[:12] + b"ALPH" + data[16:]) is None


def test_memory_is_asked_for_before_pillow_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_module(), "open", Mock(side_effect=AssertionError))
    canvas = Mock()
    canvas.reserve.side_effect = MemoryError
    with pytest.raises(MemoryError):
        decode_rgb(webp("lossy", 40, 30), canvas)
    assert canvas.reserve.call_args.args[:2] == (40, 30)
