"""The flavours of TensorFlow: the core equals a twin in NumPy, and the twin tf.image.resize."""

from __future__ import annotations

import importlib.util
import io
import itertools
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow_twin
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import assert_same_bytes, jpeg, open_rgb, photo_like, values_of
from PIL import Image

from regcore import Preprocessor, Recipe, simd_levels
from regcore.recipes.flavours import FLAVOURS

ANTIALIAS = {"tensorflow": False, "tensorflow_antialias": True}
FILTERS = FLAVOURS["tensorflow"].filters
NOT_OF_KERAS = ("gaussian", "mitchellcubic")
#: The values that tf.image.resize returns, as they are.
PLAIN = {"divisor": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "layout": "nhwc"}
#: Those of keras.applications' preprocess_input, whose caffe is BGR.
MODES: dict[str, dict[str, Any]] = {
    "tf": {"divisor": 127.5, "mean": (1.0, 1.0, 1.0), "std": (1.0, 1.0, 1.0)},
    "caffe": {
        "divisor": 1.0,
        "mean": (103.939, 116.779, 123.68),
        "std": (1.0, 1.0, 1.0),
        "channels": "bgr",
    },
    "torch": {},
}

Resize = Callable[..., NDArray[np.float32]]


def recipe_of(
    flavour: str, filter_name: str, sides: tuple[int, int], crop: tuple[int, int], **values: Any
) -> Recipe:
    return Recipe(resize=sides, crop=crop, filter=filter_name, flavour=flavour, **values)


def reference(pixels: NDArray[np.uint8], recipe: Recipe, resize: Resize) -> NDArray[Any]:
    assert isinstance(recipe.resize, tuple)
    floats = resize(pixels, recipe.resize, recipe.filter, antialias=ANTIALIAS[recipe.flavour])
    top, left = (
        round((side - cut) / 2.0) for side, cut in zip(recipe.resize, recipe.size, strict=True)
    )
    floats = floats[top : top + recipe.size[0], left : left + recipe.size[1]]
    if recipe.channels == "bgr":
        floats = floats[..., ::-1]
    numbers = floats.astype(np.float64 if recipe.arithmetic == "float64" else np.float32)
    values = values_of(numbers, recipe)  # type: ignore[arg-type]
    return np.ascontiguousarray(values.transpose(2, 0, 1) if recipe.layout == "nchw" else values)


def check(items: list[Any], recipe: Recipe, resize: Resize) -> None:
    actual = Preprocessor(recipe, workers=1)(items)
    for item, result in zip(items, actual, strict=True):
        pixels = item if isinstance(item, np.ndarray) else np.asarray(open_rgb(item))
        assert_same_bytes(result, reference(pixels, recipe, resize))


@pytest.fixture(scope="module")
def tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    return pytest.importorskip("tensorflow", reason="needs tensorflow, the library of the flavour")


@pytest.fixture
def library_resize(tensorflow: Any) -> Resize:
    def resize(
        pixels: NDArray[np.uint8], sides: tuple[int, int], name: str, *, antialias: bool
    ) -> NDArray[np.float32]:
        method = "lanczos3" if name == "lanczos" else name
        values = tensorflow.image.resize(pixels, sides, method=method, antialias=antialias)
        floats: NDArray[np.float32] = values.numpy().astype(np.float32)
        return floats

    return resize


def twin_or_library(request: pytest.FixtureRequest) -> Resize:
    """TensorFlow's own where it is installed."""
    if importlib.util.find_spec("tensorflow") is None:
        return tensorflow_twin.resize
    resize: Resize = request.getfixturevalue("library_resize")
    return resize


SIDES = st.integers(1, 90)


@pytest.mark.parametrize("flavour", ANTIALIAS)
@pytest.mark.parametrize("filter_name", FILTERS)
@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(SIDES, SIDES),
    sides=st.tuples(SIDES, SIDES),
    cut=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    seed=st.integers(0, 2**31),
)
def test_any_size_equals_the_twin(
    flavour: str,
    filter_name: str,
    size: tuple[int, int],
    sides: tuple[int, int],
    cut: tuple[int, int],
    seed: int,
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    crop = max(sides[0] - cut[0], 1), max(sides[1] - cut[1], 1)
    recipe = recipe_of(flavour, filter_name, sides, crop, **PLAIN)
    expected = reference(pixels, recipe, tensorflow_twin.resize)
    for level in simd_levels():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REGCORE_SIMD", level)
            assert_same_bytes(Preprocessor(recipe, workers=1)([pixels])[0], expected)


#: Equal sides, whole scales, one pixel, long strips, and sides where an area ends too late.
ODD = [
    *[((33, 47), (33, 47)), ((64, 48), (32, 24)), ((30, 20), (90, 60)), ((1, 1), (7, 5))],
    *[((9, 11), (1, 1)), ((1, 300), (40, 3)), ((700, 2), (3, 90)), ((20, 31), (37, 53))],
    *[((31, 41), (31, 20)), ((2000, 3), (5, 4))],
]


@pytest.mark.parametrize("flavour", ANTIALIAS)
@pytest.mark.parametrize("filter_name", FILTERS)
def test_odd_sizes_equal_the_twin(simd: str, flavour: str, filter_name: str) -> None:
    for size, sides in ODD:
        recipe = recipe_of(flavour, filter_name, sides, sides, **PLAIN)
        check([photo_like(size[1], size[0])], recipe, tensorflow_twin.resize)


@pytest.mark.slow
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("filter_name", FILTERS)
def test_the_twin_equals_tensorflow(
    library_resize: Resize, filter_name: str, *, antialias: bool
) -> None:
    rng = np.random.default_rng(5)
    sizes = [*ODD, *(tuple(map(tuple, rng.integers(1, 90, (2, 2)).tolist())) for _ in range(60))]
    for size, sides in sizes:
        pixels = rng.integers(0, 256, (*size, 3), np.uint8)
        assert_same_bytes(
            tensorflow_twin.resize(pixels, sides, filter_name, antialias=antialias),
            library_resize(pixels, sides, filter_name, antialias=antialias),
        )


@pytest.mark.parametrize("flavour", ANTIALIAS)
def test_jpegs_are_decoded_as_far_as_the_crop_needs(simd: str, flavour: str) -> None:
    photos = [jpeg(photo_like(*size)) for size in [(300, 211), (90, 123)]]
    for filter_name in FILTERS:
        recipe = recipe_of(flavour, filter_name, (61, 70), (40, 33), **PLAIN)
        check(photos, recipe, tensorflow_twin.resize)


VALUES: tuple[dict[str, Any], ...] = (
    *MODES.values(),
    {"arithmetic": "product"},
    {"arithmetic": "float64"},
    {"second_std": (0.5, 0.4, 0.3)},
    {"dtype": "float16"},
    {"dtype": "int8", "quant_scale": 0.02, "quant_zero_point": 3},
)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_every_form_of_the_values(simd: str, layout: str, channels: str) -> None:
    for values, width in itertools.product(VALUES, (1, 5, 16, 33)):
        form = {**values, "layout": layout, "channels": channels}
        recipe = recipe_of("tensorflow", "bilinear", (7, width), (7, width), **form)
        check([photo_like(50, 23)], recipe, tensorflow_twin.resize)


@pytest.mark.parametrize("flavour", ANTIALIAS)
def test_a_border_around_a_small_picture(simd: str, flavour: str) -> None:
    recipe = recipe_of(flavour, "bicubic", (20, 31), (40, 50), fill=(9, 100, 255), **PLAIN)
    values = Preprocessor(recipe, workers=1)([photo_like(60, 44)])[0]
    expected = np.full((40, 50, 3), (9, 100, 255), np.float32)
    resized = tensorflow_twin.resize(
        photo_like(60, 44), (20, 31), "bicubic", antialias=ANTIALIAS[flavour]
    )
    top, left = np.argwhere((values != expected).any(axis=2)).min(axis=0)
    expected[top : top + 20, left : left + 31] = resized
    assert_same_bytes(values, expected)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flavour", ANTIALIAS)
@pytest.mark.parametrize("filter_name", ["bilinear", "bicubic"])
def test_imagenet_photos(
    request: pytest.FixtureRequest,
    imagenet_photos: list[str],
    flavour: str,
    filter_name: str,
    mode: str,
) -> None:
    assert len(imagenet_photos) == 200
    resize = twin_or_library(request)
    photos = imagenet_photos if resize is not tensorflow_twin.resize else imagenet_photos[:8]
    check(photos, recipe_of(flavour, filter_name, (224, 224), (224, 224), **MODES[mode]), resize)


@pytest.mark.slow
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("filter_name", [name for name in FILTERS if name not in NOT_OF_KERAS])
def test_keras_resizes_floats_as_tensorflow_does(
    library_resize: Resize, filter_name: str, *, antialias: bool
) -> None:
    """Of uint8, Keras rounds the same values."""
    keras = pytest.importorskip("keras", reason="needs keras")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("needs keras on tensorflow")
    pixels = photo_like(97, 61)
    expected = library_resize(pixels, (40, 33), filter_name, antialias=antialias)
    options = {
        "interpolation": "lanczos3" if filter_name == "lanczos" else filter_name,
        "antialias": antialias,
    }
    floats = pixels.astype(np.float32)
    assert_same_bytes(np.asarray(keras.layers.Resizing(40, 33, **options)(floats)), expected)
    assert_same_bytes(np.asarray(keras.ops.image.resize(floats, (40, 33), **options)), expected)
    rounded = np.rint(expected).clip(0, 255).astype(np.uint8)
    assert_same_bytes(np.asarray(keras.ops.image.resize(pixels, (40, 33), **options)), rounded)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_tensorflow_decodes_as_pillow_does_with_the_accurate_dct(
    tensorflow: Any, mode: str, *, progressive: bool
) -> None:
    file = io.BytesIO()
    Image.fromarray(photo_like(301, 203)).convert(mode).save(
        file, "JPEG", quality=90, progressive=progressive
    )
    photo = file.getvalue()
    decode = tensorflow.io.decode_jpeg
    accurate = decode(photo, channels=3, dct_method="INTEGER_ACCURATE").numpy()
    assert_same_bytes(accurate, np.asarray(open_rgb(photo)))
    assert not np.array_equal(decode(photo, channels=3).numpy(), accurate)
