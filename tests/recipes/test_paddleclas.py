from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import assert_same_bytes, photo_like
from PIL import Image
from pipeline_twins import check_recipe, opencv, read_by_opencv, read_by_pillow, resized

from regcore import Preprocessor, Recipe, RegcoreError, UsageError

RESIZE = {
    "ResizeImage": {"resize_short": 256, "interpolation": "bicubic", "backend": "pil"},
}
SQUASH = {"ResizeImage": {"size": [224, 200], "interpolation": "bilinear", "backend": "pil"}}
CROP = {"CropImage": {"size": 224}}
#: A product by a power of two is a quotient, too.
NORMALISE = {
    "NormalizeImage": {"scale": "1.0/256.0", "mean": [0.4, 0.5, 0.6], "std": 0.25, "order": ""}
}

CONFIG = """
Global: {checkpoints: null}
DataLoader:
  Train: {dataset: {transform_ops: [{RandCropImage: {size: 224}}]}}
  Eval:
    dataset:
      name: ImageNetDataset
      transform_ops:
        - DecodeImage: {to_rgb: False, channel_first: False}
        - ResizeImage: {resize_short: 256, interpolation: bicubic, backend: pil}
        - CropImage: {size: 224}
        - NormalizeImage: {scale: 1.0, mean: [123.5, 116.0, 103.25], std: [58.5, 57, 57.5],
                           order: ''}
Infer: {transforms: [{CropImage: {size: 100}}]}
"""


def ops_on(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """ResizeImage with resize_short and CropImage."""
    rows, columns = pixels.shape[:2]
    percent = float(256) / min(columns, rows)
    size = int(round(columns * percent)), int(round(rows * percent))  # noqa: RUF046
    pixels = resized(pixels, *size, Image.Resampling.BICUBIC)
    left, top = (pixels.shape[1] - 224) // 2, (pixels.shape[0] - 224) // 2
    return pixels[top : top + 224, left : left + 224]


@pytest.mark.parametrize(
    ("short", "size"),
    # Where round(side * (short / other)) is not round(side / (other / short)), and where it is.
    [(232, (119, 112)), (236, (285, 152)), (288, (623, 448)), (320, (500, 375))],
)
@pytest.mark.parametrize("backend", ["pil", "cv2"])
def test_any_short_side(backend: str, short: int, size: tuple[int, int]) -> None:
    for columns, rows in (size, size[::-1]):
        percent = float(short) / min(columns, rows)
        width, height = int(round(columns * percent)), int(round(rows * percent))  # noqa: RUF046
        resize = {"resize_short": short, "interpolation": "bilinear", "backend": backend}
        crop = {"CropImage": {"size": [short, short]}}
        recipe = Recipe.from_paddleclas([{"ResizeImage": resize}, crop, NORMALISE])
        pixels = photo_like(columns, rows)
        if backend == "pil":
            whole = resized(pixels, width, height, Image.Resampling.BILINEAR)
        else:
            whole = opencv().resize(pixels, (width, height))
        left, top = (width - short) // 2, (height - short) // 2
        expected = whole[top : top + short, left : left + short].astype(np.float32)
        mean, std = (np.array(each, np.float32) for each in ([0.4, 0.5, 0.6], [0.25] * 3))
        values = (expected * np.float32(1 / 256) - mean) / std
        result = Preprocessor(recipe, workers=1)([pixels])[0]
        assert_same_bytes(result, np.ascontiguousarray(values.transpose(2, 0, 1)))


def test_a_configuration_for_training(tmp_path: Path) -> None:
    def twin(item: bytes) -> NDArray[np.float32]:
        mean = np.array([123.5, 116.0, 103.25]).reshape(1, 1, 3).astype("float32")
        std = np.array([58.5, 57, 57.5]).reshape(1, 1, 3).astype("float32")
        values = (ops_on(read_by_opencv(item)).astype("float32") * np.float32(1.0) - mean) / std
        return values.transpose((2, 0, 1))

    path = tmp_path / "ResNet50.yaml"
    path.write_text(CONFIG)
    recipe = Recipe.from_paddleclas(path)
    assert (recipe.channels, recipe.exif, recipe.crop_offset) == ("bgr", "apply", "floor")
    check_recipe(recipe, twin)


def test_a_list_for_inference() -> None:
    def twin(item: bytes) -> NDArray[np.float16]:
        pixels = resized(read_by_pillow(item), 224, 200, Image.Resampling.BILINEAR)
        mean, std = (np.array(each, np.float32) for each in ([0.4, 0.5, 0.6], [0.25] * 3))
        values = (pixels.astype("float32") * np.float32(1 / 256) - mean) / std
        return values.transpose((2, 0, 1)).astype("float16")

    decode = {"DecodeImage": {"backend": "pil"}}
    half = {"NormalizeImage": {**NORMALISE["NormalizeImage"], "output_fp16": True}}
    operators = [decode, SQUASH, half, {"ToCHWImage": None}]
    recipe = Recipe.from_paddleclas({"PreProcess": {"transform_ops": operators}})
    assert (recipe.divisor, recipe.dtype, recipe.exif) == (256, "float16", "ignore")
    check_recipe(recipe, twin)


@pytest.mark.parametrize(
    ("scale", "divisor"), [("1.0/255.0", 255), (None, 255), (0.00392157, 1 / 0.00392157)]
)
def test_the_default_scale_is_a_product(scale: Any, divisor: float) -> None:
    factor = np.float32(1 / divisor)

    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = resized(read_by_opencv(item), 224, 200, Image.Resampling.BILINEAR)
        mean, std = (np.array(each, np.float32) for each in ([0.4, 0.5, 0.6], [0.25] * 3))
        return ((pixels.astype("float32") * factor - mean) / std).transpose((2, 0, 1))

    decode = {"DecodeImage": {"to_rgb": False}}
    recipe = Recipe.from_paddleclas([decode, SQUASH, normalise(scale=scale)])
    assert recipe.arithmetic == "product"
    assert recipe.divisor == pytest.approx(divisor)
    check_recipe(recipe, twin)


@pytest.mark.parametrize("interpolation", [None, "bilinear", "area", "bicubic"])
def test_the_default_backend_is_opencv(interpolation: str | None) -> None:
    cv2 = opencv()
    flags = {"area": cv2.INTER_AREA, "bicubic": cv2.INTER_CUBIC}

    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = cv2.imdecode(np.frombuffer(item, np.uint8), 1)[:, :, ::-1]
        rows, columns = pixels.shape[:2]
        percent = float(256) / min(columns, rows)
        size = int(round(columns * percent)), int(round(rows * percent))  # noqa: RUF046
        flag = flags.get(interpolation or "", cv2.INTER_LINEAR)
        pixels = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=flag)
        left, top = (size[0] - 224) // 2, (size[1] - 224) // 2
        pixels = pixels[top : top + 224, left : left + 224]
        mean, std = (np.array(each, np.float32) for each in ([0.4, 0.5, 0.6], [0.25] * 3))
        values = (pixels.astype("float32") * np.float32(1 / 256) - mean) / std
        return values.transpose((2, 0, 1))

    resize: dict[str, Any] = {"resize_short": 256}
    if interpolation is not None:
        resize["interpolation"] = interpolation
    recipe = Recipe.from_paddleclas([{"ResizeImage": resize}, CROP, NORMALISE])
    assert (recipe.flavour, recipe.exif) == ("opencv", "apply")
    check_recipe(recipe, twin)


def test_channels_first_before_the_normalisation() -> None:
    values = {**NORMALISE["NormalizeImage"], "order": "chw"}
    swapped = [SQUASH, {"ToCHWImage": {}}, {"NormalizeImage": values}]
    assert Recipe.from_paddleclas(swapped) == Recipe.from_paddleclas([SQUASH, NORMALISE])


def normalise(**changes: Any) -> dict[str, Any]:
    return {"NormalizeImage": {**NORMALISE["NormalizeImage"], **changes}}


@pytest.mark.parametrize(
    ("operators", "named"),
    [
        (
            [{"ResizeImage": {"size": 224, "backend": "tf"}}],
            "[0].ResizeImage.backend: 'tf' is none",
        ),
        (
            [{"ResizeImage": {"size": 224, "interpolation": "box"}}],
            "[0].ResizeImage.interpolation: 'box' is none of nearest, bilinear, bicubic, area",
        ),
        ([{"ResizeImage": {"size": 224, "backend": "pil"}}], "ResizeImage.interpolation: is miss"),
        (
            [{"ResizeImage": {"size": 224, "backend": "pil", "interpolation": "random"}}],
            "ResizeImage.interpolation: 'random' is none of",
        ),
        ([{"ResizeImage": {**RESIZE["ResizeImage"], "keep": 1}}], "keep: is not understood"),
        ([RESIZE, NORMALISE], "CropImage: is missing"),
        ([RESIZE, CROP], "NormalizeImage: is missing"),
        ([CROP, RESIZE], "[1].ResizeImage.resize_short: comes after a step that crops"),
        ([RESIZE, {"CropImage": {"size": 300}}, NORMALISE], "needs 1 <= crop <= resize"),
        ([RESIZE, {"RandFlipImage": {}}], "[1]: 'RandFlipImage' is no step"),
        ([SQUASH, normalise(order="chw")], "[1].NormalizeImage.order: 'chw'"),
        ([SQUASH, {"NormalizeImage": None}], "[1].NormalizeImage.order: 'chw'"),
        ([SQUASH, {"ToCHWImage": None}, NORMALISE], "[2].NormalizeImage.order: ''"),
        ([SQUASH, {"ToCHWImage": None}, {"ToCHWImage": None}], "comes a second time"),
        ([SQUASH, normalise(channel_num=4)], "channel_num"),
        ([SQUASH, normalise(channel_num=[])], "channel_num"),
        ([SQUASH, normalise(scale="__import__('os').system('touch escaped')")], "scale: must be"),
        ([SQUASH, normalise(scale="1/0")], "scale: must be"),
        ([SQUASH, normalise(scale=float("nan"))], "scale: must be"),
        ([SQUASH, normalise(mean=[1, 2])], "mean: must be one number or three"),
        ([SQUASH, normalise(mean=[10**400, 1, 1])], "mean: must be"),
        ([SQUASH, normalise(std=0)], "std must be positive"),
        ([{"DecodeImage": {"channel_first": True}}], "[0].DecodeImage.channel_first"),
        ([{"DecodeImage": {"to_rgb": "no"}}], "to_rgb: must be true or false"),
        ([{"DecodeImage": {}, "CropImage": {}}], "[0]: must be the name of one operator"),
        ([["DecodeImage"]], "[0]: must be the name of one operator"),
        ([{7: None}], "[0]: 7 is no step"),
        ([{"CropImage": 3}], "[0].CropImage: needs keys"),
        ({"Global": {}}, "has none of DataLoader.Eval.dataset.transform_ops, Eval"),
        ({"Eval": 1}, "Eval: needs keys"),
        ({"PreProcess": {"transform_ops": 3}}, "PreProcess.transform_ops: needs a list"),
        (None, "transform_ops: needs a list"),
        ("none.yml", "none.yml: No such file"),
    ],
)
def test_refusals_name_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operators: Any, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegcoreError, match=re.escape(named)):
        Recipe.from_paddleclas(operators)
    assert not Path("escaped").exists()


def test_a_file_is_named_before_the_key(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("PreProcess: {transform_ops: [{ResizeImage: {size: 224, backend: tf}}]}")
    with pytest.raises(UsageError) as caught:
        Recipe.from_paddleclas(path)
    where = "PreProcess.transform_ops[0].ResizeImage.backend: "
    assert str(caught.value).startswith(f"{path}: {where}")
