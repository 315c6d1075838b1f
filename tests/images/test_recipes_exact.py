"""Every geometry and every form of the values, byte for byte by Pillow and NumPy."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from any_recipe import recipes
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import assert_same_bytes, jpeg, photo_like, reference
from PIL import Image

from regcore import DecodeError, Preprocessor, Recipe, simd_levels
from regcore._native.choices import CHANNELS, DTYPES, FILTERS, LAYOUTS
from regcore.recipes.values import value_table

SIZES = [(1, 1), (2, 9), (17, 33), (224, 224), (300, 171), (171, 300), (90, 500), (500, 91)]
GREY = (104, 116, 124)

GEOMETRIES: dict[str, dict[str, Any]] = {
    "squash": {"resize": (60, 60), "crop": 60},
    "squash to a rectangle": {"resize": (48, 71), "crop": (48, 71)},
    "squash and crop": {"resize": (64, 70), "crop": (51, 70)},
    "squash and pad": {"resize": (40, 40), "crop": 51, "fill": (0, 0, 0)},
    "short side to a rectangle": {"resize": 60, "crop": (60, 33)},
    "short side and pad": {"resize": 40, "crop": 47, "fill": GREY},
    "floor": {"resize": 63, "crop": 52, "crop_offset": "floor"},
    "toward zero and pad": {
        "resize": 40,
        "crop": 47,
        "fill": (0, 0, 0),
        "crop_offset": "toward_zero",
    },
    "floor and pad": {"resize": 40, "crop": 47, "fill": (0, 0, 0), "crop_offset": "floor"},
    "border": {"resize": (64, 64), "fit": "inside", "crop": 64, "fill": GREY},
    "border of a rectangle": {"resize": (50, 81), "fit": "inside", "crop": (44, 70), "fill": GREY},
    "cover": {"resize": (50, 81), "fit": "outside", "crop": (50, 81)},
    "cover by a factor": {"resize": (47, 81), "fit": "outside_factor", "crop": (47, 81)},
    "no resize": {"resize": None, "crop": 57, "fill": (255, 0, 1)},
    "no resize, floor": {"resize": None, "crop": (57, 90), "fill": GREY, "crop_offset": "floor"},
}


def check(items: list[Any], recipe: Recipe, **options: Any) -> None:
    actual = Preprocessor(recipe, workers=2, **options)(items)
    for item, result in zip(items, actual, strict=True):
        assert_same_bytes(result, reference(item, recipe))


@pytest.mark.slow
@pytest.mark.parametrize("kind", GEOMETRIES)
@pytest.mark.parametrize("order", ["pillow9", "pillow13"])
def test_every_geometry(simd: str, kind: str, order: str) -> None:
    recipe = Recipe(**GEOMETRIES[kind], pass_order=order)
    pictures = [photo_like(*size, seed=i) for i, size in enumerate(SIZES)]
    if recipe.fit == "inside":  # a long picture would have no rows left
        pictures = [picture for picture in pictures if min(picture.shape[:2]) > 1]
    check(pictures, recipe)
    check([jpeg(picture) for picture in pictures], recipe)
    check([jpeg(picture) for picture in pictures[:4]], recipe, full_decode=True)


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_a_picture_of_every_geometry(kind: str) -> None:
    check([photo_like(90, 61), jpeg(photo_like(61, 90))], Recipe(**GEOMETRIES[kind]))


@pytest.mark.slow
@pytest.mark.parametrize("filter_name", FILTERS)
def test_every_filter(simd: str, filter_name: str) -> None:
    for geometry in ("squash to a rectangle", "short side and pad"):
        check(
            [photo_like(*size) for size in SIZES],
            Recipe(**GEOMETRIES[geometry], filter=filter_name),
        )


VALUES: dict[str, dict[str, Any]] = {
    "scaled": {},
    "fused": {"divisor": 1, "mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)},
    "caffe": {"divisor": 1, "mean": (103.939, 116.779, 123.68), "std": (1, 1, 1)},
    "minus one to one": {"divisor": 127.5, "mean": (1, 1, 1), "std": (1, 1, 1)},
    "product": {"arithmetic": "product"},
    "float64": {"arithmetic": "float64"},
    "twice": {"mean": (0.485, 0.456, 0.406), "std": (0.5, 0.4, 0.3), "second_std": (0.5, 0.4, 0.3)},
}


def in_form(values: dict[str, Any], dtype: str, channels: str, layout: str) -> Recipe:
    fields = {"resize": 40, "crop": (33, 37), **values}
    if channels == "gray":
        for name in ("mean", "std", "second_std"):
            if name in fields:
                fields[name] = fields[name][:1]
        fields = {"mean": (0.45,), "std": (0.22,), **fields}
    if dtype == "int8":
        fields |= {"quant_scale": 0.0171, "quant_zero_point": -7}
    return Recipe(**fields, dtype=dtype, channels=channels, layout=layout)


@pytest.mark.slow
@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_form_of_the_values(simd: str, values: str, dtype: str) -> None:
    for channels in CHANNELS:
        for layout in LAYOUTS:
            recipe = in_form(VALUES[values], dtype, channels, layout)
            result = Preprocessor(recipe, workers=1)([photo_like(90, 70)])
            assert result.shape == (1, *recipe.image_shape)
            assert_same_bytes(result[0], reference(photo_like(90, 70), recipe))


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_quantized_values_saturate(dtype: str) -> None:
    for scale, zero_point in ((0.001, 0), (0.02, 100), (7.5, 3)):
        recipe = Recipe(
            resize=40, crop=33, dtype=dtype, quant_scale=scale, quant_zero_point=zero_point
        )
        check([photo_like(90, 70)], recipe)


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_table_is_what_the_core_does(values: str, dtype: str) -> None:
    recipe = in_form({"resize": None, "crop": 16, **VALUES[values]}, dtype, "rgb", "nchw")
    recipe = Recipe(**{**recipe.to_dict(), "resize": None, "crop": 16})
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    table = value_table(recipe)
    if dtype == "bfloat16":
        ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes for bfloat16")
        table = table.astype(ml_dtypes.bfloat16).view(np.uint16)
    expected = table.astype(recipe.numpy_dtype).reshape(1, 3, 16, 16)
    assert_same_bytes(Preprocessor(recipe, workers=1)([pixels]), expected)


def with_orientation(pixels: NDArray[np.uint8], orientation: int, kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("exif", ["ignore", "apply"])
def test_every_orientation(simd: str, kind: str, exif: str) -> None:
    turned = [
        with_orientation(photo_like(width, height), orientation, kind)
        for orientation in range(1, 9)
        for width, height in ((90, 61), (60, 200))
    ]
    for geometry in ("squash and crop", "border of a rectangle", "short side to a rectangle"):
        check(turned, Recipe(**GEOMETRIES[geometry], exif=exif))
    check(turned, Recipe(resize=40, crop=33, exif=exif, channels="gray", mean=(0.5,), std=(0.5,)))


def test_a_turned_picture_is_told_only_where_it_is_not_turned() -> None:
    turned = [with_orientation(photo_like(90, 61), 6, "JPEG")]
    for exif, expected in (("ignore", [6]), ("apply", [])):
        told: list[int] = []
        recipe = Recipe(resize=40, crop=33, exif=exif)
        Preprocessor(recipe)(turned, on_diagnostic=lambda d, told=told: told.append(d.orientation))
        assert told == expected


def test_a_small_picture_without_a_fill_is_refused_by_name() -> None:
    with pytest.raises(DecodeError, match=r"40 x 30 is smaller than the crop of 32 x 32.* fill"):
        Preprocessor(Recipe(resize=None, crop=32))([photo_like(40, 30)])


def test_a_picture_that_would_have_no_rows_is_refused() -> None:
    recipe = Recipe(resize=(64, 64), fit="inside", fill=(0, 0, 0))
    with pytest.raises(DecodeError, match="500 x 1 would be resized to 64 x 0"):
        Preprocessor(recipe)([photo_like(500, 1)])


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    recipe=recipes(),
    width=st.integers(1, 260),
    height=st.integers(1, 260),
    orientation=st.integers(1, 8),
    level=st.sampled_from(simd_levels()),
    kind=st.sampled_from(["JPEG", "PNG", "array"]),
)
def test_any_recipe(
    recipe: Recipe, width: int, height: int, orientation: int, level: str, kind: str
) -> None:
    pixels = photo_like(width, height)
    item = pixels if kind == "array" else with_orientation(pixels, orientation, kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGCORE_SIMD", level)
        try:
            expected = reference(item, recipe)
        except ValueError:  # Pillow resizes to no size of 0
            with pytest.raises(DecodeError, match="would be resized to"):
                Preprocessor(recipe, workers=1)([item])
            return
        assert_same_bytes(Preprocessor(recipe, workers=1)([item])[0], expected)
