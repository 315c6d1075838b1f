"""recipe= of the functions: a Recipe or its text, in the form that the model takes, and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api.colour_set import ColourSet
from numpy.typing import NDArray
from onnx_models import save_graph

from regcore import (
    BackendError,
    Preprocessor,
    Recipe,
    UsageError,
    evaluate_model,
    infer_images,
    open_store,
    preprocess_images,
    profile_model,
)
from regcore.models.metadata import ModelMetadata

FIELDS = "resize=24,crop=16,filter=bilinear,mean=0.485,0.456,0.406,std=0.229,0.224,0.225"
RECIPE = Recipe.parse(FIELDS)


def model_of(folder: Path, dtype: str, *shape: int, own: Recipe | None = None) -> Path:
    nodes = [("Cast", ["image"], ["cast"], {"to": 1}), ("Flatten", ["cast"], ["class"], {})]
    return save_graph(
        folder / "model.onnx",
        nodes,
        ("float32", None),
        image=(dtype, ["N", *shape]),
        properties=None if own is None else ModelMetadata(own, "theirs.v1").to_properties(),
    )


def images_given(
    model: Path, colours: ColourSet, out: Path, recipe: Recipe | str, said: list[str]
) -> NDArray[np.float32]:
    """What the model got: its scores are its images, flat."""
    infer_images(model, colours.photos, out, output_binary=True, recipe=recipe, log=said.append)
    paths = sorted((out / "dumpOutput_device0").iterdir())
    return np.stack([np.fromfile(path, np.float32) for path in paths])


def images_of(recipe: Recipe, colours: ColourSet) -> NDArray[np.float32]:
    images = Preprocessor(recipe)(sorted(colours.photos.iterdir()))
    if recipe.dtype == "bfloat16":
        images = (images.astype(np.uint32) << 16).view(np.float32)
    return images.astype(np.float32).reshape(len(images), -1)


FORMS = [
    ("float16", (3, 16, 16)),
    ("bfloat16", (16, 16, 3)),
    ("float32", (16, 16, 3)),
    ("uint8", (16, 16, 3)),
]


@pytest.mark.parametrize(("dtype", "shape"), FORMS, ids=[dtype for dtype, _ in FORMS])
def test_dtype_and_layout_follow_the_model_and_it_is_told(
    dtype: str, shape: tuple[int, ...], colours: ColourSet, tmp_path: Path
) -> None:
    model = model_of(tmp_path, dtype, *shape)
    layout = "nhwc" if shape[2] == 3 else "nchw"
    said: list[str] = []
    given = images_given(model, colours, tmp_path / "out", FIELDS, said)
    more = ": mean and std are left to it" if dtype == "uint8" else ""
    assert said == [f"{model} takes {dtype} {layout}, instead of {FIELDS}'s float32 nchw{more}"]
    said.clear()
    exact = RECIPE.in_form(dtype, layout)
    assert np.array_equal(given, images_of(exact, colours))
    assert np.array_equal(given, images_given(model, colours, tmp_path / "exact", exact, said))
    assert said == []


def test_in_what_a_recipe_differs_from_the_models_own_is_told(
    colours: ColourSet, tmp_path: Path
) -> None:
    own = Recipe(resize=20, crop=16, exif="apply")
    model = model_of(tmp_path, "float32", 3, 16, 16, own=own)
    said: list[str] = []
    images_given(model, colours, tmp_path / "out", FIELDS, said)
    assert said == [
        (
            f"--recipe {FIELDS} is not what the model itself wants: resize 24 instead of 20, "
            "filter bilinear instead of bicubic, exif ignore instead of apply"
        )
    ]


def test_a_quantised_model_keeps_its_own_steps(colours: ColourSet, tmp_path: Path) -> None:
    steps: dict[str, Any] = {"dtype": "int8", "quant_scale": 0.02, "quant_zero_point": -3}
    own = Recipe(resize=20, crop=16, **steps)
    model = model_of(tmp_path, "int8", 3, 16, 16, own=own)
    given = images_given(model, colours, tmp_path / "out", "regnety_016,resize=24,crop=16", [])
    expected = images_of(Recipe(resize=24, crop=16, **steps), colours)
    assert len(np.unique(expected)) > 3
    assert np.array_equal(given, expected)


def test_the_steps_of_a_quantised_model_are_not_guessed(colours: ColourSet, tmp_path: Path) -> None:
    model = model_of(tmp_path, "int8", 3, 16, 16)
    with pytest.raises(UsageError, match="for which the recipe lacks the scale"):
        infer_images(model, colours.photos, tmp_path / "out", recipe=FIELDS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("recipe", [FIELDS.replace("16", "18"), RECIPE, "regnety_016"])
def test_a_size_that_does_not_fit_is_refused(
    recipe: Recipe | str, colours: ColourSet, tmp_path: Path
) -> None:
    model = model_of(tmp_path, "float32", 3, 16, 20)
    with pytest.raises(BackendError, match=r"takes image float32 \[N, 3, 16, 20\], but the recipe"):
        infer_images(model, colours.photos, tmp_path / "out", recipe=recipe)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("recipe", [RECIPE, FIELDS], ids=["Recipe", "text"])
def test_every_function_takes_a_recipe_and_its_text(
    recipe: Recipe | str, colours: ColourSet, tmp_path: Path
) -> None:
    model = model_of(tmp_path, "float32", 3, 16, 16)
    preprocess_images(colours.photos, tmp_path / "store", recipe=recipe)
    assert open_store(tmp_path / "store").recipe == RECIPE
    inferred = infer_images(model, colours.photos, tmp_path / "out", recipe=recipe)
    results = [inferred.about]
    result = evaluate_model(
        model, colours.photos, colours.labels, out=tmp_path / "run", recipe=recipe
    )
    assert result.report.preprocessing == RECIPE
    results.append({"recipe": result.report.recipe, "recipe_from": result.recipe_from})
    profiled = profile_model(
        model, colours.photos, batch_sizes=[2], seconds=0.01, workers=1, recipe=recipe
    )
    results.append(profiled.about)
    for about in results:
        assert about["recipe_from"] == "--recipe"
        assert RECIPE.identity in about["recipe"]


def test_an_empty_recipe_is_not_the_guides(colours: ColourSet, tmp_path: Path) -> None:
    model = model_of(tmp_path, "float32", 3, 16, 16)
    with pytest.raises(UsageError, match="no recipe ''"):
        infer_images(model, colours.photos, tmp_path / "out", recipe="")
