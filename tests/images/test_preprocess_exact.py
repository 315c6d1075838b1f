"""The contract: byte for byte what Pillow, torchvision's geometry and float32 give."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import assert_same_bytes, has_order_of_its_own, jpeg, photo_like, reference
from PIL import Image

from regcore import Preprocessor, Recipe, simd_levels
from regcore._native.choices import FILTERS

RECIPE = Recipe.preset("regnety_016")
SMALL = Recipe(resize=40, crop=33)
SIZES = [
    *[(1, 1), (1, 9), (2, 3), (7, 5), (16, 16), (17, 33), (13, 300), (601, 19), (224, 224)],
    *[(255, 257), (256, 256), (256, 300), (300, 256), (500, 375), (333, 500), (1100, 900)],
]
SUBSAMPLING: dict[str, dict[str, Any]] = {
    "4:4:4": {"subsampling": "4:4:4"},
    "4:2:2": {"subsampling": "4:2:2"},
    "4:2:0": {"subsampling": "4:2:0"},
    "progressive": {"subsampling": "4:2:0", "progressive": True},
    "restart": {"subsampling": "4:2:0", "restart_marker_rows": 1},
}


def check(items: list[Any], recipe: Recipe, **options: Any) -> None:
    actual = Preprocessor(recipe, workers=2, **options)(items)
    for item, result in zip(items, actual, strict=True):
        assert_same_bytes(result, reference(item, recipe))


@pytest.mark.slow
@pytest.mark.parametrize("sampling", ["444", "422", "420", "440", "411"])
@pytest.mark.parametrize("full", [False, True], ids=["region", "full"])
def test_every_usual_sampling(sampling: str, *, full: bool) -> None:
    encoder = pytest.importorskip("simplejpeg", reason="needs simplejpeg to write 4:4:0 and 4:1:1")
    photos = [
        encoder.encode_jpeg(photo_like(*size, seed=7), colorsubsampling=sampling) for size in SIZES
    ]
    for recipe in (RECIPE, SMALL, Recipe(resize=300, crop=1), Recipe(resize=90, crop=90)):
        check(photos, recipe, full_decode=full)


def other_sampling(pixels: np.ndarray[Any, Any], horizontal: int, vertical: int) -> bytes:
    """A 4:4:4 file whose header claims other factors: wrong pixels, but the same for everyone."""
    whole = bytearray(jpeg(pixels, subsampling="4:4:4"))
    frame = whole.index(b"\xff\xc0")
    whole[frame + 11] = horizontal << 4 | vertical
    return bytes(whole)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SUBSAMPLING)
@pytest.mark.parametrize("full", [False, True], ids=["region", "full"])
def test_generated_jpegs(simd: str, kind: str, *, full: bool) -> None:
    photos = [jpeg(photo_like(*size), **SUBSAMPLING[kind]) for size in SIZES]
    check(photos, RECIPE, full_decode=full)


@pytest.mark.slow
@pytest.mark.parametrize("full", [False, True], ids=["region", "full"])
@pytest.mark.parametrize("factors", [(1, 2), (4, 1), (4, 2), (2, 2), (3, 1)])
def test_unusual_sampling(factors: tuple[int, int], *, full: bool) -> None:
    # The scan holds too few or too many blocks for the changed header: libjpeg warns and goes on.
    photos = [other_sampling(photo_like(*size), *factors) for size in [(500, 375), (333, 90)]]
    readable = [photo for photo in photos if is_readable(photo)]
    check(readable, RECIPE, full_decode=full)
    assert factors == (3, 1) or readable


def is_readable(photo: bytes) -> bool:
    try:
        reference(photo, RECIPE)
    except OSError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_grey_jpeg(size: tuple[int, int]) -> None:
    grey = np.asarray(Image.fromarray(photo_like(*size)).convert("L"))
    check([jpeg(grey), jpeg(grey, progressive=True)], RECIPE)


def test_jpegs_in_rgb() -> None:
    """An Adobe marker says so, with transform 0."""
    check([jpeg(photo_like(300, 280), keep_rgb=True)], RECIPE)


def save(image: Image.Image, kind: str) -> bytes:
    import io

    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_formats_that_pillow_decodes(kind: str) -> None:
    modes = ["1", "L", "RGB", "RGBA"] if kind == "PPM" else ["1", "L", "P", "RGB", "RGBA"]
    pixels = Image.fromarray(photo_like(300, 270))
    check([save(pixels.convert(mode), kind) for mode in modes], RECIPE)


@pytest.mark.slow
def test_outputs(simd: str) -> None:
    photos = [jpeg(photo_like(500, 375)), jpeg(photo_like(90, 123))]
    for dtype, layout, crop in itertools.product(
        ("float32", "float16", "uint8"), ("nchw", "nhwc"), (1, 5, 7, 8, 33, 224)
    ):
        check(photos, Recipe(resize=max(crop, 40), crop=crop, dtype=dtype, layout=layout))


@pytest.mark.slow
def test_unusual_normalisation(simd: str) -> None:
    """Where the vector formula is not exact, the table is used: same bytes either way."""
    photo = [jpeg(photo_like(100, 100))]
    rng = np.random.default_rng(3)
    for _ in range(40):
        mean = tuple(rng.uniform(-2, 2, 3))
        std = tuple(10.0 ** rng.uniform(-6, 6, 3))
        for dtype in ("float32", "float16"):
            with np.errstate(over="ignore"):
                check(photo, Recipe(resize=40, crop=33, mean=mean, std=std, dtype=dtype))


@pytest.mark.slow
def test_extreme_shapes(simd: str) -> None:
    shapes = [(1, 3000), (3000, 1), (2, 900), (4001, 3), (2500, 2400), (65000, 2)]
    check([photo_like(*size) for size in shapes], Recipe(resize=8, crop=7, dtype="uint8"))


@pytest.mark.parametrize("order", ["pillow9", "pillow13"])
def test_order_of_the_passes(simd: str, order: str) -> None:
    """Around twice as high as wide, where Pillow 13 changed the order, and far beyond."""
    sizes = [(60, h) for h in range(110, 135, 3)] + [(90, 700), (45, 45), (300, 70), (41, 500)]
    recipe = Recipe(resize=40, crop=33, dtype="uint8", pass_order=order)
    check([photo_like(*size) for size in sizes], recipe)
    check([jpeg(photo_like(*size)) for size in sizes], recipe)


def test_the_orders_differ() -> None:
    tall = [photo_like(90, 700)]
    first, second = (
        Preprocessor(Recipe(resize=40, crop=33, pass_order=order))(tall)
        for order in ("pillow9", "pillow13")
    )
    assert not np.array_equal(first, second)


def test_rgb_arrays_of_any_stride() -> None:
    pixels = photo_like(400, 300)
    views = [pixels, pixels[10:, 20:], pixels[::2], pixels[:, ::3], pixels[::-1], pixels[..., ::-1]]
    check([np.asarray(view) for view in views], RECIPE)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    resize=st.integers(1, 120),
    crop=st.integers(1, 120),
    filter_name=st.sampled_from(FILTERS),
    level=st.sampled_from(simd_levels()),
    seed=st.integers(0, 2**31),
)
def test_any_size_and_filter(
    width: int, height: int, resize: int, crop: int, filter_name: str, level: str, seed: int
) -> None:
    assume(not has_order_of_its_own(width, height))
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    recipe = Recipe(
        resize=max(resize, crop), crop=min(resize, crop), filter=filter_name, dtype="uint8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGCORE_SIMD", level)
        check([pixels], recipe)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    kind=st.sampled_from(sorted(SUBSAMPLING)),
    quality=st.integers(5, 100),
    resize=st.integers(8, 300),
    seed=st.integers(0, 1000),
)
def test_any_jpeg(width: int, height: int, kind: str, quality: int, resize: int, seed: int) -> None:
    assume(not has_order_of_its_own(width, height))
    photo = jpeg(photo_like(width, height, seed), quality=quality, **SUBSAMPLING[kind])
    check([photo], Recipe(resize=resize, crop=max(1, resize // 2), dtype="uint8"))


@pytest.mark.slow
def test_demo_photos(simd: str, demo_photos: list[str]) -> None:
    assert len(demo_photos) == 20
    check(demo_photos, RECIPE)
    check(demo_photos, Recipe.preset("tf_efficientnet_lite0"), full_decode=True)


def test_imagenet_photos(simd: str, imagenet_photos: list[str]) -> None:
    assert len(imagenet_photos) == 200
    check(imagenet_photos, RECIPE)


def test_imagenet_photos_full_decode(imagenet_photos: list[str]) -> None:
    check(imagenet_photos, RECIPE, full_decode=True)


def test_jpeg_cut_short_fails_where_pillow_fails() -> None:
    """Also where the missing part lies below the window."""
    whole = jpeg(photo_like(500, 700), subsampling="4:2:0")
    for cut in [0, 1, 2, 3, 4, 8, 100, 1000, len(whole) // 2, len(whole) - 300]:
        part = whole[: len(whole) - cut]
        if is_readable(part):
            check([part], RECIPE)
        else:
            with pytest.raises(Exception, match="cut short"):
                Preprocessor(RECIPE, workers=1)([part])


@pytest.mark.slow
def test_damaged_jpegs_equal_pillow_or_fail_with_it() -> None:
    """Bytes changed at random: region decode, full decode and Pillow agree, or all refuse."""
    rng = np.random.default_rng(11)
    whole = jpeg(photo_like(300, 400), subsampling="4:2:0")
    region = Preprocessor(SMALL, workers=1)
    full = Preprocessor(SMALL, workers=1, full_decode=True)
    read = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(600, len(whole), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        item = bytes(damaged)
        try:
            expected = reference(item, SMALL)
        except (OSError, SyntaxError):
            continue
        read += 1
        assert_same_bytes(full([item])[0], expected)
        assert_same_bytes(region([item])[0], expected)
    assert read > 100
