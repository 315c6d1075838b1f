"""Recipes of timm's configurations give what timm's own transform gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regcore import Preprocessor, Recipe, UsageError
from regcore.errors import DatasetError
from regcore.frameworks import import_timm, import_torch

# More pixels than this on a side, and one photo has to do.
_LARGE = 256


@pytest.fixture(scope="module")
def timm() -> Any:
    if not all(map(find_spec, ("torch", "torchvision", "timm"))):
        pytest.skip("needs pip install 'regcore[export]'")
    return import_timm()


def tags_with_a_classifier(timm: Any) -> Iterator[tuple[str, Any]]:
    for tag in timm.list_pretrained():
        config = timm.models.get_pretrained_cfg(tag)
        if config.num_classes:
            yield tag, config


def transform(timm: Any, config: Any, *, test_size: bool = False, **options: Any) -> Any:
    fields = config if isinstance(config, dict) else config.to_dict()
    wanted = timm.data.resolve_data_config(pretrained_cfg=fields, use_test_size=test_size)
    return timm.data.create_transform(**wanted, **options)


def same(recipe: Recipe, paths: list[str], expected: list[Any]) -> bool:
    batch = Preprocessor(recipe)(paths)
    return all(
        ours.tobytes() == theirs.numpy().tobytes()
        for ours, theirs in zip(batch, expected, strict=True)
    )


def test_every_tag_with_a_classifier_has_a_recipe_equal_to_timms_transform(
    timm: Any, pictures: list[str], opened: list[Image.Image]
) -> None:
    seen: set[Recipe] = set()
    differing = []
    for tag, config in tags_with_a_classifier(timm):
        for test_size in (False, True):
            recipe = Recipe.from_timm(tag, test_size=test_size)
            assert Recipe.from_timm(config, test_size=test_size) == recipe
            if recipe in seen:
                continue
            seen.add(recipe)
            count = 1 if max(recipe.size) > _LARGE else len(pictures)
            first = len(seen) % 2 if count == 1 else 0
            steps = transform(timm, config, test_size=test_size)
            expected = [steps(image) for image in opened[first : first + count]]
            if not same(recipe, pictures[first : first + count], expected):
                differing.append((tag, recipe))
    assert len(seen) > 100
    assert differing == []


CONFIGS: dict[str, dict[str, Any]] = {
    "nothing said": {"num_classes": 1000},
    "no square": {"input_size": [3, 160, 224], "crop_pct": 0.9, "interpolation": "bilinear"},
    "no square, larger crop": {"input_size": (3, 90, 60), "crop_pct": 1.1},
    "squash": {"input_size": (3, 96, 128), "crop_mode": "squash", "crop_pct": 0.95},
    "squash, larger crop": {"input_size": (3, 96, 96), "crop_mode": "squash", "crop_pct": 1.2},
    "border": {"input_size": (3, 224, 224), "crop_mode": "border", "crop_pct": 1.0},
    "border, cut": {
        "input_size": (3, 96, 160),
        "crop_mode": "border",
        "crop_pct": 0.8,
        "mean": (0.48145466, 0.4578275, 0.40821073),
        "std": (0.26862954, 0.26130258, 0.27577711),
    },
    "border, larger crop": {"input_size": (3, 97, 64), "crop_mode": "border", "crop_pct": 1.3},
    "larger crop": {"input_size": (3, 224, 224), "crop_pct": 1.15, "interpolation": "lanczos"},
    "nearest": {"input_size": (3, 64, 64), "interpolation": "nearest"},
    "box": {"input_size": (3, 64, 64), "interpolation": "box", "crop_mode": None, "crop_pct": 0},
    "hamming": {"input_size": (3, 64, 64), "interpolation": "hamming", "mean": (0, 0, 0)},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configurations_of_ones_own(
    timm: Any, name: str, pictures: list[str], opened: list[Image.Image]
) -> None:
    steps = transform(timm, CONFIGS[name])
    expected = [steps(image) for image in opened]
    assert same(Recipe.from_timm(CONFIGS[name]), pictures, expected)


@pytest.mark.parametrize("name", ["nothing said", "border, cut", "hamming"])
def test_the_values_of_the_prefetcher(
    timm: Any, name: str, pictures: list[str], opened: list[Image.Image]
) -> None:
    torch = import_torch()
    steps = transform(timm, CONFIGS[name], use_prefetcher=True)
    batch = torch.stack([steps(image) for image in opened])
    wanted = timm.data.resolve_data_config(pretrained_cfg=CONFIGS[name])
    loader = timm.data.loader.PrefetchLoader(
        [(batch, torch.zeros(len(batch)))],
        mean=wanted["mean"],
        std=wanted["std"],
        device=torch.device("cpu"),
    )
    ((expected, _),) = loader
    recipe = Recipe.from_timm(CONFIGS[name], prefetcher=True)
    assert (recipe.divisor, recipe.dtype) == (1, "float32")
    assert same(recipe, pictures, list(expected))
    plain = Preprocessor(Recipe.from_timm(CONFIGS[name]))(pictures)
    np.testing.assert_allclose(expected.numpy(), plain, atol=1e-5)


def test_one_tag_from_everywhere(timm: Any, tmp_path: Path) -> None:
    recipe = Recipe.from_timm("test_vit.r160_in1k")
    model = timm.create_model("test_vit.r160_in1k")
    config = timm.models.get_pretrained_cfg("test_vit.r160_in1k")
    assert Recipe.from_timm(model) == recipe
    assert Recipe.from_timm(model.pretrained_cfg) == recipe
    assert Recipe.from_timm(config) == recipe
    file = tmp_path / "config.json"
    for content in (
        {"architecture": "test_vit", "pretrained_cfg": config.to_dict()},
        {"architecture": "test_vit", **config.to_dict()},
    ):
        file.write_text(json.dumps(content))
        for path in (file, str(file), tmp_path, str(tmp_path)):
            assert Recipe.from_timm(path) == recipe


@pytest.mark.usefixtures("timm")
def test_the_test_size() -> None:
    recipe = Recipe.from_timm("resnet18.a1_in1k", test_size=True)
    assert (recipe.resize, recipe.crop) == (288, 288)
    assert Recipe.from_timm("resnet18.a1_in1k").crop == 224
    assert Recipe.from_timm({"test_crop_pct": 0.5}, test_size=True).resize == 448


@pytest.mark.usefixtures("timm")
def test_a_bare_name_is_taken_as_by_export() -> None:
    assert Recipe.from_timm("regnety_016") == replace(Recipe(), resize=256)
    with pytest.raises(UsageError, match="resnet50 has tags that want different images"):
        Recipe.from_timm("resnet50")
    with pytest.raises(UsageError, match="timm has no model 'regnety_16'"):
        Recipe.from_timm("regnety_16")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"interpolation": "random"}, "interpolation 'random' is none of box, bilinear"),
        ({"interpolation": 3}, "interpolation 3 is none of"),
        ({"crop_mode": "middle"}, "crop_mode 'middle' is none of center, squash, border"),
        ({"input_size": (1, 28, 28)}, "input_size of 1 channel:"),
        ({"input_size": (224, 224)}, "input_size needs channels, rows, columns"),
        ({"input_size": (3, 224, 0)}, "input_size needs channels, rows, columns"),
        ({"crop_pct": "large"}, "crop_pct must be a positive number"),
        ({"crop_pct": -1}, "crop_pct must be a positive number"),
        ({"crop_pct": 1e-9}, "recipe: resize must be 1 to 16384"),
        ({"mean": (0.5,)}, "mean needs three finite numbers"),
        ({"mean": (123.7, 116.3, 103.5)}, r"mean .* is on the scale 0 to 255"),
        ({"std": (0.5, 0.5, 0)}, "std must be positive"),
        ({"std": 0.5}, "std must be numbers for each channel"),
        ({"naflex": True}, "naflex has images of no fixed size"),
        (5, "pretrained_cfg must be a dataclass or a dict of its fields, not 5"),
        (None, "pretrained_cfg must be a dataclass or a dict of its fields, not None"),
    ],
)
def test_what_no_recipe_describes_is_refused_by_name(config: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Recipe.from_timm(config)


def test_naflex_with_a_size() -> None:
    recipe = Recipe.from_timm({"naflex": True, "input_size": (3, 384, 384), "crop_pct": 1.0})
    assert (recipe.resize, recipe.crop) == (384, 384)


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    with pytest.raises(DatasetError, match=r"config\.json"):
        Recipe.from_timm(tmp_path)
    for text, words in (
        ("{", "damaged, not a JSON text"),
        ("{}", "needs the pretrained_cfg of a timm model"),
        ('{"pretrained_cfg": 5}', "needs the pretrained_cfg of a timm model"),
        ('{"pretrained_cfg": {"crop_mode": "x"}}', f"{file}: crop_mode 'x' is none of"),
    ):
        file.write_text(text)
        with pytest.raises((DatasetError, UsageError)) as caught:
            Recipe.from_timm(file)
        assert words in str(caught.value)


def test_a_file_needs_neither_timm_nor_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"pretrained_cfg": {"crop_pct": 0.9}}')
    monkeypatch.setattr("regcore.recipes.timm.import_timm", None)
    assert Recipe.from_timm(tmp_path).resize == 248
