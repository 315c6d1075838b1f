"""The flavours of torch: byte for byte what torchvision gives for uint8 tensors."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracles import assert_same_bytes, jpeg, open_rgb, photo_like

from regcore import Preprocessor, Recipe, simd_levels
from regcore.frameworks import import_torchvision
from regcore.images.flavours.libraries import torch_mode
from regcore.recipes.flavours import FLAVOURS

WAYS = [
    (flavour, name)
    for flavour in ("torch", "torch_float", "torch_no_antialias")
    for name in FLAVOURS[flavour].filters
]
#: Equal sides, whole scales, powers of two, long strips, and sides that exceed a kernel's tile.
ODD = [
    *[((33, 47), (33, 47)), ((33, 47), (33, 20)), ((33, 47), (90, 47)), ((64, 48), (32, 24))],
    *[((30, 20), (90, 60)), ((8, 8), (128, 256)), ((1, 1), (7, 5)), ((9, 11), (1, 2))],
    *[((1, 300), (40, 3)), ((700, 2), (3, 90)), ((2000, 3), (5, 4)), ((3, 2000), (4, 5))],
    ((225, 257), (224, 256)),  # where a weight just exceeds an int16 before others are added to it
]


@pytest.fixture(scope="module")
def library() -> Any:
    """torchvision, where torch runs the code for AVX2, as it does on nearly every x86 processor."""
    if not all(map(importlib.util.find_spec, ("torch", "torchvision"))):
        pytest.skip("needs pip install 'regcore[export]'")
    torchvision = import_torchvision()
    import torch

    if torch.backends.cpu.get_cpu_capability() not in {"AVX2", "AVX512"}:
        pytest.skip("needs a processor with AVX2, for which torch rounds otherwise")
    return torchvision


def way_of(library: Any, flavour: str) -> Any:
    """The functions whose resize of uint8 tensors a flavour equals."""
    from torchvision.transforms.v2 import functional

    return library.transforms.functional if flavour == "torch_float" else functional


def antialias(flavour: str, name: str) -> bool:
    return flavour != "torch_no_antialias" and not name.startswith("nearest")


def resized(
    library: Any, pixels: NDArray[np.uint8], sides: tuple[int, int], flavour: str, name: str
) -> NDArray[np.uint8]:
    import torch

    mode = library.transforms.InterpolationMode(torch_mode(name))
    tensor = torch.tensor(pixels).permute(2, 0, 1)
    result = way_of(library, flavour).resize(
        tensor, list(sides), mode, antialias=antialias(flavour, name)
    )
    array: NDArray[np.uint8] = result.permute(1, 2, 0).numpy()
    return array


def check(library: Any, pixels: NDArray[np.uint8], recipe: Recipe) -> None:
    assert isinstance(recipe.resize, tuple)
    whole = resized(library, pixels, recipe.resize, recipe.flavour, recipe.filter)
    (rows, columns), (height, width) = recipe.size, recipe.resize
    top, left = round((height - rows) / 2.0), round((width - columns) / 2.0)
    expected = np.ascontiguousarray(whole[top : top + rows, left : left + columns])
    assert_same_bytes(Preprocessor(recipe, workers=1)([pixels])[0], expected)


def recipe_of(flavour: str, name: str, sides: tuple[int, int], crop: tuple[int, int]) -> Recipe:
    return Recipe(
        resize=sides, crop=crop, filter=name, flavour=flavour, dtype="uint8", layout="nhwc"
    )


# torch's float32 resize repeats one value down a picture that is resized to one column, an error of
# torch's that is not followed: hence at least two columns.
@pytest.mark.parametrize(("flavour", "name"), WAYS)
@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 150), st.integers(1, 150)),
    sides=st.tuples(st.integers(1, 90), st.integers(2, 90)),
    cut=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    extreme=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_any_size(
    library: Any,
    flavour: str,
    name: str,
    size: tuple[int, int],
    sides: tuple[int, int],
    cut: tuple[int, int],
    extreme: bool,  # noqa: FBT001  (Hypothesis names it)
    seed: int,
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    if extreme:
        pixels = np.where(pixels < 128, 0, 255).astype(np.uint8)
    crop = max(sides[0] - cut[0], 1), max(sides[1] - cut[1], 1)
    recipe = recipe_of(flavour, name, sides, crop)
    for level in simd_levels():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REGCORE_SIMD", level)
            check(library, pixels, recipe)


@pytest.mark.parametrize(("flavour", "name"), WAYS)
def test_odd_sizes(library: Any, simd: str, flavour: str, name: str) -> None:
    for (height, width), sides in ODD:
        check(library, photo_like(width, height), recipe_of(flavour, name, sides, sides))


@pytest.mark.parametrize("flavour", ["torch", "torch_float", "torch_no_antialias"])
def test_jpegs_are_decoded_as_far_as_the_crop_needs(library: Any, simd: str, flavour: str) -> None:
    photos = [jpeg(photo_like(*size)) for size in [(300, 211), (90, 123)]]
    for name in FLAVOURS[flavour].filters:
        recipe = recipe_of(flavour, name, (61, 70), (40, 33))
        for photo, result in zip(photos, Preprocessor(recipe, workers=1)(photos), strict=True):
            whole = resized(library, np.asarray(open_rgb(photo)), (61, 70), flavour, name)
            assert_same_bytes(result, np.ascontiguousarray(whole[10:50, 18:51]))


@pytest.mark.slow
@pytest.mark.parametrize(("flavour", "name"), WAYS)
def test_imagenet_photos(library: Any, imagenet_photos: list[str], flavour: str, name: str) -> None:
    """The whole pipeline on tensors: resize of the short side, crop, values, normalisation."""
    import torch

    assert len(imagenet_photos) == 200
    arithmetic = "float32" if flavour == "torch_float" else "product"  # as v1 and v2 scale
    recipe = Recipe(resize=256, crop=224, filter=name, flavour=flavour, arithmetic=arithmetic)
    actual = Preprocessor(recipe, workers=2)(imagenet_photos)
    way, mode = way_of(library, flavour), library.transforms.InterpolationMode(torch_mode(name))
    for photo, result in zip(imagenet_photos, actual, strict=True):
        tensor = way.pil_to_tensor(open_rgb(photo))
        tensor = way.resize(tensor, [256], mode, antialias=antialias(flavour, name))
        tensor = way.convert_image_dtype(way.center_crop(tensor, [224, 224]), torch.float32)
        expected = way.normalize(tensor, list(recipe.mean), list(recipe.std))
        assert_same_bytes(result, np.ascontiguousarray(expected.numpy()))
