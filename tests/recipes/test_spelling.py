"""Recipes as text and in files: all of them survive, and mistakes are named."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from any_recipe import recipes
from hypothesis import given, settings

from regcore import Recipe, RegcoreError, UsageError
from regcore.recipes.spelling import SOURCES, parse_recipe, recipe_text
from regcore.recipes.words import difference, in_words

FIELDS = "resize=232,crop=224,filter=bilinear,mean=0.485,0.456,0.406,std=0.229,0.224,0.225"
RECIPE = Recipe(resize=232, filter="bilinear")


def test_fields_presets_and_their_names() -> None:
    assert parse_recipe(FIELDS).recipe == RECIPE
    assert parse_recipe(" resize = 232 , crop=224," + FIELDS[20:]).recipe == RECIPE
    assert parse_recipe("regnety_016").recipe == Recipe.preset("regnety_016")
    assert parse_recipe("regnety_016").name == "regnety_016"
    assert Recipe.parse(FIELDS) == RECIPE


def test_fields_after_a_recipe_take_the_place_of_its_own(tmp_path: Path) -> None:
    other = parse_recipe("regnety_016,exif=apply,mean=0.5,0.5,0.5")
    assert other.recipe == replace(Recipe(), exif="apply", mean=(0.5, 0.5, 0.5))
    assert other.name == "regnety_016,exif=apply,mean=0.5,0.5,0.5"
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(RECIPE.to_dict()))
    assert Recipe.parse(f"{path},crop=200").crop == 200
    keras = "keras:tf,size=40x50,filter=box"
    assert Recipe.parse(f"{keras},layout=nchw") == replace(Recipe.parse(keras), layout="nchw")
    with pytest.raises(UsageError, match=r"no key 'exiv' \(is it exif\?\)"):
        parse_recipe("regnety_016,exiv=apply")
    odd = tmp_path / "runs,lr=1"
    odd.mkdir()
    with pytest.raises(RegcoreError, match=r"has no preprocessor_config\.json"):
        parse_recipe(f"hf:{odd}")
    odd = tmp_path / "a,crop=3.json"
    odd.write_text(json.dumps(RECIPE.to_dict()))
    assert Recipe.parse(str(odd)) == RECIPE


@pytest.mark.slow
def test_a_bare_architecture_is_named_by_the_tag_that_it_means() -> None:
    if not all(map(find_spec, ("torch", "torchvision", "timm"))):
        pytest.skip("needs pip install 'regcore[export]'")
    named = parse_recipe("timm:regnety_016@test")
    assert named.name == "timm:regnety_016.pycls_in1k@test"
    assert named.recipe == Recipe.from_timm("regnety_016.pycls_in1k", test_size=True)
    with pytest.raises(UsageError, match="has tags that want different images"):
        parse_recipe("timm:resnet50")


def test_sizes_and_choices() -> None:
    text = "resize=20x31,filter=nearest,mean=0,0,0,std=1,1,1,channels=bgr,divisor=1,layout=nhwc"
    expected = Recipe(
        resize=(20, 31), crop=None, filter="nearest", mean=(0, 0, 0), std=(1, 1, 1),
        channels="bgr", divisor=1, layout="nhwc",
    )  # fmt: skip
    assert Recipe.parse(text) == expected
    bordered = Recipe.parse(f"{FIELDS.replace('232', '224x224')},fit=inside,fill=1,2,3")
    assert (bordered.fit, bordered.fill) == ("inside", (1, 2, 3))
    assert Recipe.parse(FIELDS.replace("232", "none")).resize is None


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(recipe=recipes())
def test_any_recipe_survives_as_text_and_as_json(recipe: Recipe) -> None:
    assert Recipe.parse(recipe_text(recipe)) == recipe
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert (again, again.identity) == (recipe, recipe.identity)
    assert not difference(recipe, again).fields
    assert in_words(recipe)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("resize=232,crop=224", "does not say filter, mean, std"),
        (FIELDS.replace("filter=bilinear,", ""), "does not say filter"),
        ("reize=256", "no key 'reize' (is it resize?)"),
        (FIELDS + ",resize=3", "says resize twice"),
        ("224," + FIELDS, "no recipe '224'"),
        (FIELDS.replace("232", "big"), "resize 'big' is not pixels"),
        (FIELDS.replace("232", "2x3x4"), "resize must be pixels, or rows and columns"),
        (FIELDS.replace("232", "9" * 5000), "is not pixels"),
        (FIELDS.replace("0.485", "red"), "mean 'red,0.456,0.406' is not numbers"),
        (FIELDS.replace("0.485", "123"), "on the scale 0 to 255"),
        (FIELDS + ",divisor=1", "on the scale 0 to 1"),
        (FIELDS.replace("bilinear", "cubic"), "filter 'cubic' is none of box, bilinear"),
        (FIELDS + ",fill=red", "fill 'red' is not red, green and blue"),
        (FIELDS.replace("232", "100"), "or a fill around what is smaller"),
        (".", "'.': is a folder; say whose: hf:. or timm:."),
        ("tim:resnet50", "no source of recipes 'tim' (is it timm?)"),
        ("timm:", "needs more, as in timm:resnet50"),
        ("timm:resnet50.a1_in1k@train", "after @ comes only test"),
        ("keras:caffe", "does not say size and filter"),
        ("keras:caffe,size=224,filtre=box", "no key 'filtre' (is it filter?)"),
        ("mlperf:resnet50-tg", "there are resnet50-pytorch"),
        ("regnety_16", "no recipe 'regnety_16' (is it regnety_016?)"),
        ("", "no recipe ''"),
    ],
)
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_recipe(text)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_every_source_has_a_constructor_and_an_example() -> None:
    for prefix, source in SOURCES.items():
        assert source.example.startswith(f"{prefix}:")
        assert source.contents


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(RECIPE.to_dict()))
    assert parse_recipe(str(path)).recipe == RECIPE
    assert parse_recipe(str(path)).name == "recipe.json"
    less = {k: v for k, v in RECIPE.to_dict().items() if k not in ("dtype", "layout", "pass_order")}
    path.write_text(json.dumps({"format": {}, "recipe": less}))
    assert Recipe.from_file(path) == RECIPE
    path.write_text(json.dumps({**less, "resize": [20, 31], "crop": [20, 30]}))
    assert Recipe.from_file(path) == Recipe(resize=(20, 31), crop=(20, 30), filter="bilinear")


def test_toml(tmp_path: Path) -> None:
    pytest.importorskip("tomllib", reason="TOML needs Python 3.11")
    path = tmp_path / "recipe.toml"
    path.write_text(
        'resize = 232\ncrop = 224\nfilter = "bilinear"\n'
        "mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"
    )
    assert Recipe.from_file(path) == RECIPE
    path.write_text("resize = = 3")
    with pytest.raises(RegcoreError, match=r"recipe\.toml: is no TOML"):
        Recipe.from_file(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"resize": 256}', "does not say crop, filter, mean, std"),
        ('{"image_processor_type": "ViTImageProcessor"}', "say hf:"),
        ('{"pretrained_cfg": {}}', "say timm:"),
        ('{"recipe": 3}', "needs fields with names"),
        ("[]", "recipe.json"),
        ("{", "recipe.json"),
    ],
)
def test_files_of_others_and_half_ones_are_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(content)
    with pytest.raises(RegcoreError) as error:
        Recipe.from_file(path)
    assert words in str(error.value)
    assert str(path) in str(error.value)


def test_an_unknown_field_of_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({**RECIPE.to_dict(), "colour": "red"}))
    with pytest.raises(UsageError, match=r"recipe\.json: .*unknown fields: 'colour'"):
        Recipe.from_file(path)


def test_words_and_differences() -> None:
    assert in_words(Recipe(pass_order="pillow13")) == (  # noqa: S106
        "short side to 256 by bicubic as in Pillow 13, 224 x 224 from the centre, "
        "(u8 / 255 - 0.485 0.456 0.406) / 0.229 0.224 0.225, float32 NCHW RGB"
    )
    other = Recipe(crop=200, mean=(0.5, 0.456, 0.406))
    found = difference(Recipe(), other)
    assert found.fields == {
        "crop": (224, 200),
        "mean": ((0.485, 0.456, 0.406), (0.5, 0.456, 0.406)),
    }
    assert found.differing_values == 256
    assert found.largest == pytest.approx(0.015 / 0.229, rel=1e-5)
    assert difference(Recipe(), Recipe(dtype="uint8")).differing_values is None
