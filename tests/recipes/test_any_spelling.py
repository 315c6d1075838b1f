"""Any recipe as text, in any order and on top of any other; any text is a recipe or an error."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regcore import Recipe, RegcoreError, UsageError
from regcore._native.choices import (
    ARITHMETICS,
    CHANNELS,
    CROP_OFFSETS,
    DTYPES,
    EXIF,
    FILTERS,
    FITS,
    LAYOUTS,
    PASS_ORDERS,
)
from regcore.recipes.spelling import SOURCES, parse_recipe, recipe_text
from regcore.recipes.text_values import REQUIRED, parse_field, show_field

NAMES = tuple(field.name for field in fields(Recipe))
REQUIRED_TEXTS = {
    "resize": "232",
    "crop": "224",
    "filter": "bilinear",
    "mean": "0.485,0.456,0.406",
    "std": "0.229,0.224,0.225",
}
_SIDES = st.one_of(st.integers(1, 16384), st.tuples(*[st.integers(1, 16384)] * 2))
_POSITIVE = st.one_of(st.sampled_from([1.0, 127.5, 255.0]), st.floats(1e-30, 1e30))


def _crops(resize: Any, *, bordered: bool) -> st.SearchStrategy[Any]:
    """The crops that may follow a resize: without a border none larger than it."""
    if resize is None or (bordered and isinstance(resize, int)):
        return _SIDES
    if bordered:
        return st.one_of(st.none(), _SIDES)
    if isinstance(resize, int):
        return st.integers(1, resize)
    return st.one_of(st.none(), st.tuples(*(st.integers(1, side) for side in resize)))


def _fits(resize: Any, *, bordered: bool) -> st.SearchStrategy[str]:
    if not isinstance(resize, tuple):
        return st.just("exact")
    return st.sampled_from([fit for fit in FITS if bordered or fit != "inside"])


@st.composite
def all_recipes(draw: st.DrawFn) -> Recipe:
    """Recipes of every size and with every value that a Recipe can have, to be written only."""
    channels = draw(st.sampled_from(CHANNELS))
    count = 1 if channels == "gray" else 3

    def per_channel(numbers: st.SearchStrategy[float]) -> tuple[float, ...]:
        return tuple(draw(st.lists(numbers, min_size=count, max_size=count)))

    dtype = draw(st.sampled_from(DTYPES))
    quantized = dtype == "int8" or (dtype == "uint8" and draw(st.booleans()))
    resize = draw(st.one_of(st.none(), _SIDES))
    fill = draw(st.one_of(st.none(), st.tuples(*[st.integers(0, 255)] * 3)))
    divisor = draw(_POSITIVE)
    return Recipe(
        resize=resize,
        crop=draw(_crops(resize, bordered=fill is not None)),
        filter=draw(st.sampled_from(FILTERS)),
        mean=per_channel(st.floats(-255 / divisor, 255 / divisor)),
        # On the scale 0 to 255 none are all below 1.
        std=per_channel(st.floats(1 if divisor == 1 else 1e-30, 8)),
        dtype=dtype,
        layout=draw(st.sampled_from(LAYOUTS)),
        pass_order=draw(st.sampled_from(PASS_ORDERS)),
        fit=draw(_fits(resize, bordered=fill is not None)),
        crop_offset=draw(st.sampled_from(CROP_OFFSETS)),
        fill=fill,
        exif=draw(st.sampled_from(EXIF)),
        channels=channels,
        arithmetic=draw(st.sampled_from(ARITHMETICS)),
        divisor=divisor,
        second_std=draw(st.sampled_from([None, per_channel(_POSITIVE)])),
        quant_scale=draw(_POSITIVE) if quantized else None,
        quant_zero_point=draw(st.integers(0, 127)) if quantized else 0,
    )


def all_fields(recipe: Recipe) -> list[str]:
    return [f"{name}={show_field(name, getattr(recipe, name))}" for name in NAMES]


@settings(max_examples=100, deadline=None)
@given(recipe=all_recipes())
def test_every_recipe_survives_as_text(recipe: Recipe) -> None:
    text = recipe_text(recipe)
    assert Recipe.parse(text) == recipe
    assert recipe_text(Recipe.parse(text)) == text
    for name in NAMES:
        value = getattr(recipe, name)
        assert parse_field(name, show_field(name, value)) == value


@settings(max_examples=50, deadline=None)
@given(recipe=all_recipes(), data=st.data())
def test_the_order_of_fields_and_the_space_around_them_are_free(
    recipe: Recipe, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(all_fields(recipe)))
    assert Recipe.parse(",".join(shuffled)) == recipe
    spaced = " , ".join(part.replace("=", " = ").replace(",", " , ") for part in shuffled)
    assert Recipe.parse(f" {spaced} ") == recipe


@pytest.fixture(scope="module")
def recipe_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "recipe.json"


@settings(max_examples=30, deadline=None)
@given(first=all_recipes(), second=all_recipes())
def test_all_fields_after_a_file_leave_nothing_of_it(
    recipe_file: Path, first: Recipe, second: Recipe
) -> None:
    recipe_file.write_text(json.dumps(first.to_dict()))
    assert Recipe.from_file(recipe_file) == first
    assert Recipe.parse(f"{recipe_file},{','.join(all_fields(second))}") == second


@settings(max_examples=100, deadline=None)
@given(recipe=all_recipes(), changed=st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
def test_fields_after_a_preset_change_these_alone(recipe: Recipe, changed: list[str]) -> None:
    preset = Recipe.preset("tf_efficientnet_lite0")
    text = "".join(f",{name}={show_field(name, getattr(recipe, name))}" for name in changed)

    def outcome(make: Callable[[], Recipe]) -> Recipe | str:
        try:
            return make()
        except UsageError as error:
            return str(error)

    changes = {name: getattr(recipe, name) for name in changed}
    expected = outcome(lambda: replace(preset, **changes))
    assert outcome(lambda: Recipe.parse(f"tf_efficientnet_lite0{text}")) == expected


_BEGINNINGS = (
    "", *(f"{prefix}:" for prefix in SOURCES), *(f"{name}=" for name in NAMES),
    "keras:tf,size=", "keras:tf,size=9,filter=", "regnety_016,", "regnety_016,fill=",
    recipe_text(Recipe()) + ",", "./", "/", "x.json",
)  # fmt: skip
_ENDINGS = ("", "=", ",", "@test", "#x", "\0", ".json", ".toml", ".yml", ",exif=apply")


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(
    beginning=st.sampled_from(_BEGINNINGS),
    middle=st.one_of(st.text(max_size=10), st.text("0123456789x.,=+-e_ ", max_size=12)),
    ending=st.sampled_from(_ENDINGS),
)
def test_any_text_is_a_recipe_or_an_error(beginning: str, middle: str, ending: str) -> None:
    try:
        found = parse_recipe(beginning + middle + ending)
    except RegcoreError:
        return
    assert Recipe.parse(recipe_text(found.recipe)) == found.recipe


@pytest.mark.parametrize("name", REQUIRED)
def test_nothing_that_must_be_said_is_guessed(name: str, tmp_path: Path) -> None:
    rest = {key: value for key, value in REQUIRED_TEXTS.items() if key != name}
    with pytest.raises(UsageError, match=rf"does not say {name}\b"):
        parse_recipe(",".join(f"{key}={value}" for key, value in rest.items()))
    path = tmp_path / "recipe.json"
    content = Recipe().to_dict()
    del content[name]
    path.write_text(json.dumps(content))
    with pytest.raises(UsageError, match=rf"recipe\.json: .*does not say {name}\b"):
        parse_recipe(str(path))


@pytest.mark.parametrize("name", NAMES)
def test_each_key_may_be_said_once(name: str) -> None:
    texts = {**REQUIRED_TEXTS, name: show_field(name, getattr(Recipe(), name))}
    text = ",".join(f"{key}={value}" for key, value in texts.items())
    with pytest.raises(UsageError, match=f"says {name} twice"):
        parse_recipe(f"{text},{name}={texts[name]}")
    with pytest.raises(UsageError, match=f"says {name} twice"):
        parse_recipe(f"regnety_016,{name}={texts[name]},{name}={texts[name]}")


@pytest.mark.parametrize("name", NAMES)
def test_a_slip_of_the_pen_finds_the_key(name: str) -> None:
    slip = name[:2] + name[1:]
    with pytest.raises(UsageError) as told:
        parse_recipe(f"regnety_016,{slip}=1")
    assert f"no key '{slip}' (is it {name}?); there are {', '.join(NAMES)}" in str(told.value)


@pytest.mark.parametrize("prefix", SOURCES)
def test_a_slip_of_the_pen_finds_the_source(prefix: str) -> None:
    slip = prefix[:-1] + prefix[-1] * 2
    with pytest.raises(UsageError) as told:
        parse_recipe(f"{slip}:x")
    assert f"(is it {prefix}?): {', '.join(SOURCES)}" in str(told.value)


@pytest.mark.parametrize("name", ["filter", "layout", "dtype", "fit", "exif", "channels"])
def test_a_wrong_word_of_a_key_is_told_with_the_words_there_are(name: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_recipe(f"regnety_016,{name}=quick")
    assert f"{name} 'quick' is none of " in str(told.value)
    assert getattr(Recipe(), name) in str(told.value)
