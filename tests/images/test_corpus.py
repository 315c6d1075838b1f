"""A corpus of odd and damaged files, made here: Pillow's pixels, or an error where Pillow fails."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from oracles import assert_same_bytes, jpeg, photo_like, reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe

RECIPE = Recipe(resize=40, crop=33, dtype="uint8")
PIXELS = photo_like(90, 70)
WHOLE = jpeg(PIXELS, subsampling="4:2:0")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_byte(item: bytes, place: int, value: int) -> bytes:
    return item[:place] + bytes([value]) + item[place + 1 :]


def frame(item: bytes) -> int:
    """Where the frame header begins; its precision is 4 bytes on, its first sampling factors 11."""
    return next(item.index(bytes([0xFF, m])) for m in (0xC0, 0xC2) if bytes([0xFF, m]) in item)


def jpegs() -> Iterator[tuple[str, bytes]]:
    for sampling, progressive, restart in product(
        ("4:4:4", "4:2:2", "4:2:0"), (False, True), (0, 1, 7)
    ):
        name = f"{sampling} {'progressive' if progressive else 'baseline'} restart {restart}"
        options = {"progressive": progressive, "restart_marker_blocks": restart}
        yield name, jpeg(PIXELS, subsampling=sampling, **options)
    for sampling in ("440", "411"):
        yield sampling, simplejpeg.encode_jpeg(PIXELS, quality=80, colorsubsampling=sampling)
    # The data does not fit these factors, but both decoders must make the same of it.
    for h, v, chroma in product((1, 2, 3, 4), (1, 2, 3, 4), (0x11, 0x21, 0x12)):
        factors = with_byte(WHOLE, frame(WHOLE) + 11, h << 4 | v)
        yield f"sampling {h} x {v}, {chroma:#x}", with_byte(factors, frame(WHOLE) + 14, chroma)
    yield "RGB", jpeg(PIXELS, keep_rgb=True)
    yield "grey", saved(Image.fromarray(PIXELS).convert("L"), "JPEG")
    cmyk = saved(Image.fromarray(PIXELS).convert("CMYK"), "JPEG")
    yield "CMYK, Adobe", cmyk
    adobe = cmyk.index(b"Adobe")
    yield "YCCK, Adobe", with_byte(cmyk, adobe + 11, 2)
    yield "CMYK, not Adobe", cmyk[: adobe - 4] + cmyk[adobe + 12 :]
    yield "Adobe transform 1", with_byte(cmyk, adobe + 11, 1)
    yield "Adobe transform 7", with_byte(cmyk, adobe + 11, 7)
    yield "12 bits", with_byte(WHOLE, frame(WHOLE) + 4, 12)
    for marker in range(0xC0, 0xD0):
        yield f"frame {marker:#x}", with_byte(WHOLE, frame(WHOLE) + 1, marker)
    progressive = jpeg(PIXELS, progressive=True)
    scans = [i for i in range(len(progressive)) if progressive[i : i + 2] == b"\xff\xda"]
    for scan in scans:
        yield f"progressive without scans from {scan} on", progressive[:scan] + b"\xff\xd9"


def damaged_jpegs() -> Iterator[tuple[str, bytes]]:
    yield "no end of image", WHOLE[:-2]
    yield "trailing bytes", WHOLE + b"more" * 50
    yield "trailing JPEG", WHOLE + WHOLE
    yield "a second frame header at the end", WHOLE[:-2] + b"\xff\xc9\xff\xd9"
    yield "extraneous bytes", WHOLE[:2] + b"\0\0\0" + WHOLE[2:]
    yield "fill bytes", WHOLE[:2] + b"\xff" * 9 + WHOLE[2:]
    yield "height 0", with_byte(with_byte(WHOLE, frame(WHOLE) + 5, 0), frame(WHOLE) + 6, 0)
    for length in (0, 1, 2, 3, 4, 20, 200, len(WHOLE) // 2, len(WHOLE) - 3):
        yield f"cut to {length}", WHOLE[:length]
    rng = np.random.default_rng(1)
    for number in range(120):
        item = bytearray(WHOLE if number % 2 else jpeg(PIXELS, progressive=True))
        for _ in range(rng.integers(1, 4)):
            item[rng.integers(2, len(item))] = rng.integers(0, 256)
        yield f"random bytes {number}", bytes(item)


def other_formats() -> Iterator[tuple[str, bytes]]:
    image = Image.fromarray(PIXELS)
    alpha = image.convert("RGBA")
    alpha.putalpha(Image.fromarray(PIXELS[..., 0]))
    sixteen = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257)
    images = {mode: image.convert(mode) for mode in ("1", "L", "P", "RGB", "CMYK", "LAB", "YCbCr")}
    images |= {"RGBA": alpha, "LA": alpha.convert("LA"), "I;16": sixteen}
    images |= {"I": image.convert("I"), "F": image.convert("F")}
    takes = {
        "PNG": ("1", "L", "P", "RGB", "RGBA", "LA", "I;16"),
        "GIF": ("1", "L", "P", "RGB", "RGBA"),
        "BMP": ("1", "L", "P", "RGB", "RGBA"),
        "TIFF": ("1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "LAB", "YCbCr", "I;16", "I", "F"),
        "WEBP": ("RGB", "RGBA", "L"),
        "PPM": ("1", "L", "RGB", "I;16"),
    }
    for kind, modes in takes.items():
        for mode in modes:
            item = saved(images[mode], kind)
            yield f"{kind} {mode}", item
            yield f"{kind} {mode}, cut short", item[: len(item) * 2 // 3]
    yield "PNG P with transparency", saved(images["P"], "PNG", transparency=3)
    yield "PNG RGB with transparency", saved(image, "PNG", transparency=(1, 2, 3))
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield f"TIFF {compression}", saved(image, "TIFF", compression=compression)
    yield "WebP lossless", saved(alpha, "WEBP", lossless=True)
    frames = [alpha, alpha.rotate(90)]
    yield "animated GIF", saved(alpha, "GIF", save_all=True, append_images=frames)
    yield "animated WebP", saved(alpha, "WEBP", save_all=True, append_images=frames)
    yield "nothing", b""
    yield "text", b"this is no image\n" * 9


def found_by_fuzzing() -> Iterator[tuple[str, bytes]]:
    for path in sorted((Path(__file__).parents[1] / "cpp" / "fuzz" / "corpus").iterdir()):
        yield path.name, path.read_bytes()


CORPUS = [*found_by_fuzzing(), *jpegs(), *damaged_jpegs(), *other_formats()]


@pytest.mark.slow
@pytest.mark.parametrize("full_decode", [False, True], ids=["region", "full"])
def test_equal_to_pillow_or_refused_by_both(*, full_decode: bool) -> None:
    preprocessor = Preprocessor(RECIPE, workers=1, full_decode=full_decode)
    equal = refused = 0
    for name, item in CORPUS:
        try:
            expected = reference(item, RECIPE)
        except Exception:  # noqa: BLE001  (Pillow raises many kinds)
            with pytest.raises(DecodeError) as caught:
                preprocessor([item])
            assert caught.value.detail, name
            refused += 1
            continue
        try:
            assert_same_bytes(preprocessor([item])[0], expected)
        except (AssertionError, DecodeError) as error:
            raise AssertionError(f"{name}: {error}") from error
        equal += 1
    assert equal > 150
    assert refused > 60


def tensor_or_words(item: bytes, recipe: Recipe, *, full_decode: bool) -> bytes | str:
    try:
        return Preprocessor(recipe, full_decode=full_decode, workers=1)([item])[0].tobytes()
    except DecodeError as error:
        return error.detail


def test_found_cases_on_every_instruction_set(simd: str) -> None:
    recipe = Recipe(resize=24, crop=17)  # of the fuzzer
    equal = 0
    for name, item in found_by_fuzzing():
        full = tensor_or_words(item, recipe, full_decode=True)
        assert tensor_or_words(item, recipe, full_decode=False) == full, name
        if isinstance(full, bytes):
            assert full == reference(item, recipe).tobytes(), name
            equal += 1
    assert equal >= 3


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 8])
def test_one_bad_image_concerns_no_other(workers: int) -> None:
    items = [item for _, item in CORPUS]
    errors: list[int] = []
    rows: dict[int, Any] = {}
    preprocessor = Preprocessor(RECIPE, workers=workers)
    with preprocessor.stream(items, 7, on_error="report") as stream:
        for batch in stream:
            errors += [error.index for error in batch.errors]
            rows.update(zip(batch.indices.tolist(), batch.images.copy(), strict=True))
    assert sorted([*errors, *rows]) == list(range(len(items)))
    for index, row in rows.items():
        assert_same_bytes(row, Preprocessor(RECIPE, workers=1)([items[index]])[0])


def test_the_extension_of_a_name_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(saved(Image.fromarray(PIXELS), "PNG"))
    assert_same_bytes(Preprocessor(RECIPE)([path])[0], reference(str(path), RECIPE))
