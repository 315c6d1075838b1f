"""Images of Pillow into the pipeline, against the decode of their files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes, jpeg, photo_like
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe

RECIPE = Recipe(resize=40, crop=32)


def png(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def of_mode(mode: str) -> bytes:
    return png(Image.fromarray(photo_like(60, 50)).convert(mode))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(photo_like(70, 50), exif=exif.tobytes())


FILES: dict[str, Callable[[], bytes]] = {
    "RGB": lambda: jpeg(photo_like(61, 47)),
    "progressive": lambda: jpeg(photo_like(61, 47), progressive=True),
    "gray": lambda: jpeg(photo_like(61, 47)[..., 0]),
    "turned": turned,
    **{mode: (lambda mode=mode: of_mode(mode)) for mode in ("L", "LA", "P", "RGBA", "1")},  # type: ignore[misc]
}


@pytest.mark.parametrize("exif", ["ignore", "apply"])
@pytest.mark.parametrize("kind", FILES)
def test_pixels_are_those_of_the_file(kind: str, exif: str) -> None:
    encoded = FILES[kind]()
    preprocessor = Preprocessor(Recipe(resize=40, crop=32, exif=exif), workers=1)
    expected = preprocessor([encoded])
    image = Image.open(io.BytesIO(encoded))
    assert_same_bytes(preprocessor([image]), expected)
    assert_same_bytes(preprocessor([image]), expected)  # opened and loaded as well
    (batch,) = preprocessor.stream([image], 1)
    assert_same_bytes(batch.images, expected)


@pytest.mark.slow
def test_imagenet_photos(imagenet_photos: list[str]) -> None:
    preprocessor = Preprocessor(Recipe.preset("regnety_016"))
    photos = imagenet_photos[::5]
    assert_same_bytes(preprocessor([Image.open(path) for path in photos]), preprocessor(photos))


def test_a_truncated_file_is_named() -> None:
    image = Image.open(io.BytesIO(jpeg(photo_like(60, 60))[:-200]))
    with pytest.raises(DecodeError, match=r"item 1: .*truncated") as error:
        Preprocessor(RECIPE)([photo_like(50, 50), image])
    assert error.value.index == 1


def test_what_pillow_cannot_load_fails_in_its_turn() -> None:
    truncated = Image.open(io.BytesIO(jpeg(photo_like(60, 60))[:-200]))
    photos = [
        photo_like(50, 50),
        b"no photo",
        truncated,
        Image.new("RGB", (0, 5)),
        photo_like(9, 9),
    ]
    preprocessor = Preprocessor(RECIPE)
    with pytest.raises(DecodeError, match="item 1: not an image"):
        preprocessor(photos)
    batches = list(preprocessor.stream(photos, 2, on_error="report"))
    assert [list(batch.indices) for batch in batches] == [[0], [], [4]]
    told = [str(error) for batch in batches for error in batch.errors]
    assert [text.partition(":")[0] for text in told] == ["item 1", "item 2", "item 3"]
    assert "truncated" in told[1]
    assert told[2] == "item 3: has no pixels"


@pytest.mark.parametrize("dtype", ["float32", "uint8", "float16", "bfloat16"])
def test_batches_as_tensors(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    photos = [photo_like(40, 50, seed) for seed in range(6)]
    preprocessor = Preprocessor(Recipe(resize=40, crop=32, dtype=dtype))
    copies = [batch.torch() for batch in preprocessor.stream(photos, 2)]
    assert {copy.dtype for copy in copies} == {getattr(torch, dtype)}
    expected = preprocessor(photos)
    bits = torch.cat(copies).view(torch.uint8).numpy()
    assert_same_bytes(bits, expected.view(np.uint8))
    for batch in preprocessor.stream(photos, 2):
        shared = batch.torch(copy=False)
        assert shared.data_ptr() == batch.images.ctypes.data
        assert batch.torch("cpu").data_ptr() != batch.images.ctypes.data
        through = torch.from_dlpack(batch.images.view(np.uint8))
        assert through.data_ptr() == batch.images.ctypes.data


def test_a_batch_that_cannot_be_written_is_copied() -> None:
    pytest.importorskip("torch")
    from regcore import Batch

    images = np.broadcast_to(np.float32(3), (1, 3, 2, 2))
    batch = Batch(images, np.zeros(1, np.intp), ())
    assert batch.torch(copy=False).tolist() == images.tolist()
