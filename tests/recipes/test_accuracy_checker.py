from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pipeline_twins import Pixels, check_recipe, opencv, read_by_opencv, read_by_pillow, resized

from regcore import Recipe, RegcoreError, UsageError
from regcore.errors import BackendError, DatasetError

RESIZE = {"type": "resize", "size": 256, "aspect_ratio_scale": "greater", "use_pillow": True}
CROP = {"type": "crop", "size": 224, "use_pillow": True}

# As in the guides of OpenVINO, with a second model beside it.
CONFIG = """
models:
  - name: mobilenet-v2-pytorch
    launchers: [{framework: dlsdk, device: CPU, adapter: classification}]
    datasets:
      - name: classification_dataset
        data_source: ./ImageNet
        annotation_conversion: {converter: imagenet, annotation_file: ./ImageNet/val.txt}
        reader: pillow_imread
        preprocessing:
          - {type: resize, size: 256, aspect_ratio_scale: greater, use_pillow: True}
          - {type: crop, size: 224, use_pillow: True}
          - type: bgr_to_rgb
        metrics: [{type: accuracy, top_k: 1}]
  - name: squashed
    datasets:
      - name: other
        preprocessing:
          - {type: resize, dst_width: 231, dst_height: 220, use_pillow: True,
             interpolation: BICUBIC}
          - {type: normalization, mean: "127.5, 127.5, 127.5", std: 127.5}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    path.write_text(CONFIG)
    return path


def scaled(pixels: Pixels) -> Pixels:
    """scale_greater of the square of 256, then Pillow."""
    rows, columns = pixels.shape[:2]
    if rows > columns:
        return resized(pixels, 256, int(256 * rows / columns), Image.Resampling.BILINEAR)
    return resized(pixels, int(256 * columns / rows), 256, Image.Resampling.BILINEAR)


def test_the_guides_configuration(config: Path) -> None:
    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = scaled(read_by_pillow(item))
        left, top = (round((side - 224) / 2.0) for side in (pixels.shape[1], pixels.shape[0]))
        cut = Image.fromarray(pixels).crop((left, top, left + 224, top + 224))
        return np.asarray(cut)[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)

    check_recipe(Recipe.from_accuracy_checker(config, "classification_dataset"), twin)


def test_a_squashed_picture_normalised_in_float64(config: Path) -> None:
    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = resized(read_by_opencv(item), 231, 220, Image.Resampling.BICUBIC)
        values = (pixels - (127.5, 127.5, 127.5)) / (127.5,)
        assert values.dtype == np.float64
        return values.transpose(2, 0, 1).astype(np.float32)

    check_recipe(Recipe.from_accuracy_checker(str(config), dataset="other"), twin)


def test_an_array_is_cut_from_a_pixel_rounded_down() -> None:
    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = scaled(read_by_opencv(item))
        top, left = ((side - 224) // 2 for side in pixels.shape[:2])
        return pixels[top : top + 224, left : left + 224].transpose(2, 0, 1).astype(np.float32)

    check_recipe(Recipe.from_accuracy_checker([RESIZE, {"type": "crop", "size": 224}]), twin)


@pytest.mark.parametrize(
    ("interpolation", "flag"), [(None, "INTER_LINEAR"), ("AREA", "INTER_AREA")]
)
def test_the_default_library_is_opencv(interpolation: str | None, flag: str) -> None:
    cv2 = opencv()

    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = cv2.imdecode(np.frombuffer(item, np.uint8), cv2.IMREAD_COLOR)
        pixels = cv2.resize(pixels, (231, 220), interpolation=getattr(cv2, flag))
        return pixels.astype(np.float32).transpose(2, 0, 1)

    resize: dict[str, Any] = {"type": "resize", "dst_width": 231, "dst_height": 220}
    if interpolation is not None:
        resize["interpolation"] = interpolation
    recipe = Recipe.from_accuracy_checker([resize])
    assert (recipe.flavour, recipe.exif, recipe.channels) == ("opencv", "apply", "bgr")
    check_recipe(recipe, twin)


def test_what_is_not_said_is_as_there() -> None:
    recipe = Recipe.from_accuracy_checker([RESIZE, CROP])
    assert recipe == Recipe(
        resize=256, crop=224, filter="bilinear", exif="apply", channels="bgr", divisor=1,
        mean=(0, 0, 0), std=(1, 1, 1),
    )  # fmt: skip
    dataset = {"reader": {"type": "pillow_imread"}, "preprocessing": [RESIZE, CROP]}
    by_pillow = Recipe.from_accuracy_checker(dataset)
    assert (by_pillow.exif, by_pillow.channels) == ("ignore", "rgb")
    assert Recipe.from_accuracy_checker({"datasets": [dataset]}) == by_pillow


def test_which_dataset(config: Path) -> None:
    with pytest.raises(
        UsageError, match=r"config\.yml: datasets: say which.*\[1\].datasets\[0\] \('other'"
    ):
        Recipe.from_accuracy_checker(config)
    with pytest.raises(UsageError, match="has none called 'absent'"):
        Recipe.from_accuracy_checker(config, "absent")
    by_name = Recipe.from_accuracy_checker(config, "other")
    assert Recipe.from_accuracy_checker(config, "models[1].datasets[0]") == by_name


def test_two_normalisations_are_a_divisor_and_one() -> None:
    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = resized(read_by_opencv(item), 224, 224, Image.Resampling.BILINEAR)
        values = (pixels / (256.0,) - (0.5, 0.25, 0.75)) / (0.5, 0.25, 0.125)
        return values.transpose(2, 0, 1).astype(np.float32)

    squash = {"type": "resize", "size": 224, "use_pillow": True}
    second = {"type": "normalization", "mean": "(0.5, 0.25, 0.75)", "std": [0.5, 0.25, 0.125]}
    recipe = Recipe.from_accuracy_checker([squash, {"type": "normalization", "std": 256}, second])
    assert recipe.divisor == 256
    check_recipe(recipe, twin)


def test_the_usual_means_are_of_float64() -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = resized(read_by_opencv(item), 224, 224, Image.Resampling.BILINEAR)
        return ((pixels / (255.0,) - mean) / std).transpose(2, 0, 1).astype(np.float32)

    squash = {"type": "resize", "size": 224, "use_pillow": True}
    first = {"type": "normalization", "std": 255}
    second = {"type": "normalization", "mean": list(mean), "std": "0.229,0.224,0.225"}
    recipe = Recipe.from_accuracy_checker([squash, first, second])
    assert (recipe.arithmetic, recipe.divisor) == ("float64", 255)
    check_recipe(recipe, twin)
    named = Recipe.from_accuracy_checker([squash, {"type": "normalization", "mean": "imagenet"}])
    assert (named.arithmetic, named.mean[0]) == ("float64", 104.00698793)


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        ([{**RESIZE, "resize_realization": "cv2"}], "preprocessing[0].resize_realization: must be"),
        ([{"type": "resize", "size": 224, "interpolation": "BOX"}], "[0].interpolation: 'BOX' is"),
        ([{**RESIZE, "resize_realization": "tf"}], "preprocessing[0].resize_realization"),
        ([{**RESIZE, "use_tensorflow": True}], "preprocessing[0].use_tensorflow"),
        (
            [{**RESIZE, "aspect_ratio_scale": "fit_to_window"}],
            "preprocessing[0].aspect_ratio_scale",
        ),
        ([{**RESIZE, "factor": 32}], "preprocessing[0].factor: is not understood"),
        ([{**RESIZE, "interpolation": "AREA"}], "preprocessing[0].interpolation: 'AREA'"),
        ([{**RESIZE, "size": "256"}], "preprocessing[0].size: must be"),
        ([{"type": "resize", "use_pillow": True}], "preprocessing[0].dst_height: is missing"),
        ([RESIZE, {"type": "crop", "central_fraction": 0.875}], "[1].central_fraction"),
        ([RESIZE, {"type": "crop", "max_square": True}], "[1].max_square"),
        ([CROP, RESIZE], "preprocessing[1].type: comes after a step that crops"),
        ([RESIZE], "needs a crop"),
        ([{"type": "auto_resize"}], "preprocessing[0].type: 'auto_resize' is no step"),
        ([{"size": 3}], "preprocessing[0].type: is missing"),
        (["resize"], "preprocessing[0]: needs keys"),
        ([RESIZE, CROP, {"type": "normalization", "mean": "a,b"}], "[2].mean: must be numbers"),
        ([RESIZE, CROP, {"type": "normalization", "std": [1, 0, 1]}], "std must be positive"),
        ([{"type": "normalization"}], "preprocessing[0].mean: is missing, and so is std"),
        ([{"type": "normalization", "mean": 128}] * 2, "preprocessing[1].type: normalises once"),
        ([{"type": "normalization", "std": 2}, RESIZE], "preprocessing[1].type: comes after"),
        (
            [{"type": "normalization", "mean": 128}, {"type": "bgr_to_rgb"}],
            "preprocessing[1].type: comes after the normalisation",
        ),
        ({"preprocessing": [RESIZE], "reader": "tf_imread"}, "reader.type: 'tf_imread'"),
        (
            {"preprocessing": [], "reader": {"type": "opencv_imread", "reading_flag": "gray"}},
            "reader.reading_flag",
        ),
        ({"preprocessing": [], "reader": {"type": "pillow_imread", "to_rgb": False}}, "to_rgb"),
        ({"models": [{"name": "m"}]}, "models[0].datasets: is missing"),
        ({"name": "m"}, "preprocessing: is missing"),
        ("none.yml", "none.yml: No such file"),
        (7, "preprocessing: needs a list"),
    ],
)
def test_refusals_name_the_key(steps: Any, named: str) -> None:
    with pytest.raises(RegcoreError, match=re.escape(named)):
        Recipe.from_accuracy_checker(steps)


def test_a_file_is_named_before_the_key(tmp_path: Path) -> None:
    path = tmp_path / "c.yml"
    path.write_text(
        "datasets: [{name: a, preprocessing: [{type: resize, size: 224, interpolation: BOX}]}]"
    )
    with pytest.raises(UsageError) as caught:
        Recipe.from_accuracy_checker(path)
    assert str(caught.value).startswith(f"{path}: datasets[0].preprocessing[0].interpolation: ")
    path.write_text("datasets: [{preprocessing: [{type: resize, size: 224, use_pillow: y}]}]")
    with pytest.raises(UsageError, match="use_pillow: must be true or false, not 'y'"):
        Recipe.from_accuracy_checker(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a: [", "line 1: not YAML"),
        ("a: !!python/object/apply:os.system ['touch escaped']", "not YAML"),
        ("a: 2001-99-99", "not YAML"),
        ("a: !!int ''", "not YAML"),
        ("[" * 5000, "not YAML: nested too deeply"),
        ("? [a]\n: b", "not YAML"),
        ("\0", "not YAML"),
        ("", "preprocessing: is missing"),
        ("- &a [*a]", "needs keys with values|has more than"),
        ("x: &a [*a]", "has more than"),
        (
            "a0: &a0 [1]\n"
            + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)),
            "has more than 200000 values",
        ),
    ],
)
def test_hostile_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yml").write_text(text)
    with pytest.raises((DatasetError, UsageError), match=named):
        Recipe.from_accuracy_checker("c.yml")
    assert not Path("escaped").exists()


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "c.yml"
    path.write_text("a" * ((1 << 20) + 1))
    with pytest.raises(DatasetError, match="larger than"):
        Recipe.from_accuracy_checker(path)


def test_without_pyyaml(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(BackendError, match=r"PyYAML is not installed.*regcore\[recipes\]"):
        Recipe.from_accuracy_checker(config)
