"""The flavour of OpenCV: byte for byte what cv2.resize gives for 8-bit pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import assert_same_bytes, jpeg, photo_like
from pipeline_twins import opencv

from regcore import Preprocessor, Recipe, simd_levels
from regcore.recipes.flavours import FLAVOURS

FILTERS = FLAVOURS["opencv"].filters
#: Equal sides, one half, whole scales of one and of both axes, powers of two, and long strips.
ODD = [
    *[((33, 47), (33, 47)), ((33, 47), (33, 20)), ((33, 47), (90, 47)), ((64, 48), (32, 24))],
    *[((90, 60), (30, 20)), ((90, 60), (30, 12)), ((30, 20), (90, 60)), ((64, 48), (32, 48))],
    *[((8, 8), (128, 256)), ((1, 1), (7, 5)), ((9, 11), (1, 2)), ((1, 300), (40, 3))],
    *[((700, 2), (3, 90)), ((2000, 3), (5, 4)), ((3, 2000), (4, 5)), ((40, 40), (39, 80))],
]


@pytest.fixture(scope="module")
def cv2() -> Any:
    return opencv()


def resized(cv2: Any, pixels: NDArray[np.uint8], sides: tuple[int, int], name: str) -> Any:
    names = {"bilinear": "LINEAR", "bicubic": "CUBIC", "lanczos": "LANCZOS4"}
    flag = getattr(cv2, f"INTER_{names.get(name, name.upper())}")
    return cv2.resize(pixels, sides[::-1], interpolation=flag)


def check(cv2: Any, pixels: NDArray[np.uint8], recipe: Recipe) -> None:
    assert isinstance(recipe.resize, tuple)
    whole = resized(cv2, pixels, recipe.resize, recipe.filter)
    (rows, columns), (height, width) = recipe.size, recipe.resize
    top, left = (height - rows) // 2, (width - columns) // 2
    expected = np.ascontiguousarray(whole[top : top + rows, left : left + columns])
    assert_same_bytes(Preprocessor(recipe, workers=1)([pixels])[0], expected)


def recipe_of(name: str, sides: tuple[int, int], crop: tuple[int, int]) -> Recipe:
    return Recipe(
        resize=sides, crop=crop, filter=name, flavour="opencv", dtype="uint8", layout="nhwc",
        crop_offset="floor",
    )  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 150), st.integers(1, 150)),
    sides=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    factors=st.tuples(st.integers(1, 4), st.integers(1, 4)) | st.none(),
    cut=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    extreme=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_any_size(
    cv2: Any,
    name: str,
    size: tuple[int, int],
    sides: tuple[int, int],
    factors: tuple[int, int] | None,
    cut: tuple[int, int],
    extreme: bool,  # noqa: FBT001  (Hypothesis names it)
    seed: int,
) -> None:
    if factors is not None:
        size = sides[0] * factors[0], sides[1] * factors[1]
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    if extreme:
        pixels = np.where(pixels < 128, 0, 255).astype(np.uint8)
    crop = max(sides[0] - cut[0], 1), max(sides[1] - cut[1], 1)
    recipe = recipe_of(name, sides, crop)
    for level in simd_levels():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REGCORE_SIMD", level)
            check(cv2, pixels, recipe)


@pytest.mark.parametrize("name", FILTERS)
def test_odd_sizes(cv2: Any, simd: str, name: str) -> None:
    for (height, width), sides in ODD:
        check(cv2, photo_like(width, height), recipe_of(name, sides, sides))


@pytest.mark.parametrize("name", FILTERS)
def test_jpegs_are_decoded_as_far_as_the_crop_needs(cv2: Any, simd: str, name: str) -> None:
    photos = [jpeg(photo_like(*size)) for size in [(300, 211), (90, 123), (122, 140)]]
    recipe = recipe_of(name, (61, 70), (40, 33))
    for photo, result in zip(photos, Preprocessor(recipe, workers=1)(photos), strict=True):
        pixels = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
        whole = resized(cv2, np.ascontiguousarray(pixels), (61, 70), name)
        assert_same_bytes(result, np.ascontiguousarray(whole[10:50, 18:51]))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTERS)
def test_imagenet_photos(cv2: Any, imagenet_photos: list[str], name: str) -> None:
    """The whole pipeline: imread with EXIF, short side, crop, BGR minus mean."""
    assert len(imagenet_photos) == 200
    mean = (103.939, 116.779, 123.68)
    recipe = Recipe(
        resize=256, crop=224, filter=name, flavour="opencv", crop_offset="floor", exif="apply",
        channels="bgr", divisor=1, mean=mean, std=(1, 1, 1),
    )  # fmt: skip
    actual = Preprocessor(recipe, workers=2)(imagenet_photos)
    for photo, result in zip(imagenet_photos, actual, strict=True):
        pixels = cv2.imread(photo, cv2.IMREAD_COLOR)
        height, width = pixels.shape[:2]
        sides = (256, int(256 * width / height)) if height <= width else (
            int(256 * height / width), 256,
        )  # fmt: skip
        whole = resized(cv2, pixels, sides, name)
        top, left = (sides[0] - 224) // 2, (sides[1] - 224) // 2
        values = whole[top : top + 224, left : left + 224].astype(np.float32)
        values -= np.array(mean, np.float32)
        assert_same_bytes(result, np.ascontiguousarray(values.transpose(2, 0, 1)))


@pytest.mark.parametrize("level", simd_levels())
@pytest.mark.parametrize("name", FILTERS)
def test_pictures_larger_than_the_cache_are_equal(
    cv2: Any, monkeypatch: pytest.MonkeyPatch, name: str, level: str
) -> None:
    """Of more rows than the passes hold at a time, and of more pages than are looked up at once."""
    monkeypatch.setenv("REGCORE_SIMD", level)
    for height, width, sides in (1300, 1201, (224, 224)), (375, 500, (600, 224)):
        check(cv2, photo_like(height, width, 3), recipe_of(name, sides, sides))


@pytest.mark.parametrize("level", simd_levels())
@pytest.mark.parametrize("flavour", ["pillow", "opencv", "torch"])
def test_nothing_is_written_past_the_result(
    monkeypatch: pytest.MonkeyPatch, flavour: str, level: str
) -> None:
    """Rows of bytes are made in their places, with something past each."""
    monkeypatch.setenv("REGCORE_SIMD", level)
    pixels = photo_like(60, 80, 5)
    for width in range(1, 100):
        plain = {"resize": (7, width), "crop": None, "flavour": flavour}
        recipe = Recipe(**plain, dtype="uint8", layout="nhwc")
        memory = np.full((9, 7, width, 3), 77, np.uint8)
        Preprocessor(recipe, workers=1)([pixels], out=memory[4:5])
        planes = Preprocessor(Recipe(**plain, dtype="uint8", layout="nchw"), workers=1)([pixels])
        assert_same_bytes(memory[4], np.ascontiguousarray(planes[0].transpose(1, 2, 0)))
        assert (memory[:4] == 77).all()
        assert (memory[5:] == 77).all()
