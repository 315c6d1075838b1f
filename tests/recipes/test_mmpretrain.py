from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pipeline_twins import Pixels, check_recipe, opencv, read_by_opencv, read_by_pillow, resized

from regcore import Recipe, RegcoreError
from regcore.errors import DatasetError, UsageError

LOAD = {"type": "LoadImageFromFile"}
RESIZE = {"type": "ResizeEdge", "scale": 256, "backend": "pillow"}
CROP = {"type": "CenterCrop", "crop_size": 224}
#: Where OpenCV has another name than mmcv.
_INTER = {"bilinear": "INTER_LINEAR", "bicubic": "INTER_CUBIC", "lanczos": "INTER_LANCZOS4"}

DATASET = """
dataset_type = 'ImageNet'
data_preprocessor = dict(
    num_classes=1000,
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
bgr_mean = data_preprocessor['mean'][::-1]
train_pipeline = [
    dict(type='RandAugment', hparams=dict(pad_val=[round(x) for x in bgr_mean])),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackClsInputs'),
]
val_dataloader = dict(
    batch_size=64, dataset=dict(type=dataset_type, data_prefix='val', pipeline=test_pipeline))
test_dataloader = val_dataloader
"""
MODEL = "model = dict(type='ImageClassifier', backbone=dict(type='SwinTransformer'))\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    base = tmp_path / "_base_"
    base.mkdir()
    (base / "imagenet.py").write_text(DATASET)
    (base / "swin.py").write_text(MODEL)
    path = tmp_path / "swin.py"
    path.write_text("_base_ = ['_base_/swin.py', '_base_/imagenet.py']\n")
    return path


def resized_edge(pixels: Pixels, scale: int, method: Image.Resampling) -> Pixels:
    rows, columns = pixels.shape[:2]
    if columns < rows:
        return resized(pixels, scale, int(scale * rows / columns), method)
    return resized(pixels, int(scale * columns / rows), scale, method)


def center_crop(pixels: Pixels, columns: int, rows: int) -> Pixels:
    top = max(0, int(round((pixels.shape[0] - rows) / 2.0)))  # noqa: RUF046
    left = max(0, int(round((pixels.shape[1] - columns) / 2.0)))  # noqa: RUF046
    return pixels[top : top + rows, left : left + columns]


def test_a_file_with_bases(config: Path) -> None:
    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = resized_edge(read_by_opencv(item), 256, Image.Resampling.BICUBIC)
        inputs = center_crop(pixels, 224, 224).transpose(2, 0, 1)[::-1].astype(np.float32)
        mean = np.array([123.675, 116.28, 103.53], np.float32).reshape(-1, 1, 1)
        return (inputs - mean) / np.array([58.395, 57.12, 57.375], np.float32).reshape(-1, 1, 1)

    recipe = Recipe.from_mmpretrain(config)
    assert (recipe.resize, recipe.channels, recipe.exif) == (256, "rgb", "apply")
    check_recipe(recipe, twin)


def test_a_list_of_transforms() -> None:
    def twin(item: bytes) -> NDArray[np.float32]:
        bgr = np.ascontiguousarray(read_by_pillow(item)[:, :, ::-1])
        pixels = resized(bgr, 201, 231, Image.Resampling.BILINEAR)
        inputs = center_crop(pixels, 190, 196).transpose(2, 0, 1).astype(np.float32)
        return (inputs - np.float32(127.5)) / np.float32(127.5)

    pipeline = [
        {"type": "LoadImageFromFile", "color_type": "color_ignore_orientation"},
        {"type": "mmpretrain.Resize", "scale": (201, 231), "backend": "pillow"},
        {"type": "CenterCrop", "crop_size": (190, 196)},
        {"type": "PackInputs"},
    ]
    recipe = Recipe.from_mmpretrain(pipeline, {"mean": [127.5], "std": [127.5]})
    assert (recipe.channels, recipe.exif) == ("bgr", "ignore")
    check_recipe(recipe, twin)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "area", "lanczos"])
def test_the_default_backend_is_opencv(interpolation: str) -> None:
    cv2 = opencv()
    flag = getattr(cv2, _INTER.get(interpolation, f"INTER_{interpolation.upper()}"))

    def twin(item: bytes) -> NDArray[np.float32]:
        pixels = cv2.imdecode(np.frombuffer(item, np.uint8), cv2.IMREAD_COLOR)
        rows, columns = pixels.shape[:2]
        if columns < rows:
            size = (256, int(256 * rows / columns))
        else:
            size = (int(256 * columns / rows), 256)
        pixels = center_crop(cv2.resize(pixels, size, interpolation=flag), 224, 224)
        inputs = pixels.transpose(2, 0, 1)[::-1].astype(np.float32)
        mean = np.array([123.675, 116.28, 103.53], np.float32).reshape(-1, 1, 1)
        return (inputs - mean) / np.array([58.395, 57.12, 57.375], np.float32).reshape(-1, 1, 1)

    resize = {"type": "ResizeEdge", "scale": 256, "edge": "short", "interpolation": interpolation}
    normalisation = {
        "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375], "to_rgb": True,
    }  # fmt: skip
    recipe = Recipe.from_mmpretrain([LOAD, resize, CROP], normalisation)
    assert (recipe.flavour, recipe.exif) == ("opencv", "apply")
    check_recipe(recipe, twin)


def test_what_a_file_changes_of_its_bases(config: Path) -> None:
    """The pipeline of the dataloader counts; dicts are merged, lists replaced."""
    whole = Recipe.from_mmpretrain(config)
    bases = config.read_text()
    config.write_text(f"{bases}test_pipeline = [dict(type='LoadImageFromFile')]\n")
    assert Recipe.from_mmpretrain(config) == whole
    config.write_text(
        f"{bases}size = 2 * 192\nlast = {{{{_base_.test_pipeline}}}}[3]\n"
        "pipeline = [_base_.test_pipeline[0], dict(type='Resize', scale=size, backend='pillow'), "
        "last]\ntest_dataloader = dict(dataset=dict(pipeline=pipeline))\n"
        "model = dict(data_preprocessor=dict(mean=[0.5 * 255] * 3, std=[255 / 2], to_rgb=False))"
    )
    with pytest.raises(UsageError, match=r"model.data_preprocessor.mean: line 6 computes it"):
        Recipe.from_mmpretrain(config)
    config.write_text(config.read_text().replace("[0.5 * 255] * 3", "(0.5 * 255, 1e2, -(-99))"))
    recipe = Recipe.from_mmpretrain(config)
    assert (recipe.resize, recipe.mean, recipe.std) == ((384, 384), (127.5, 100, 99), (127.5,) * 3)
    assert recipe.channels == "bgr"


def test_a_dict_that_deletes_its_base(config: Path) -> None:
    config.write_text(f"{config.read_text()}data_preprocessor = dict(_delete_=True, to_rgb=True)\n")
    recipe = Recipe.from_mmpretrain(config)
    assert (recipe.mean, recipe.std, recipe.channels) == ((0,) * 3, (1,) * 3, "rgb")


def test_a_mapping_is_what_a_file_holds(config: Path) -> None:
    pipeline = [LOAD, {**RESIZE, "interpolation": "bicubic"}, CROP]
    preprocessor = {
        "type": "ClsDataPreprocessor", "to_rgb": True, "num_classes": 1000,
        "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375],
    }  # fmt: skip
    given = {"test_pipeline": pipeline, "data_preprocessor": preprocessor}
    assert Recipe.from_mmpretrain(given) == Recipe.from_mmpretrain(config)


@pytest.mark.parametrize(
    ("pipeline", "named"),
    [
        ([LOAD, {**RESIZE, "backend": "tensorflow"}], "pipeline[1].backend: 'tensorflow' is none"),
        (
            [LOAD, {"type": "Resize", "scale": 224, "interpolation": "box"}],
            "pipeline[1].interpolation: 'box' is none of nearest, bilinear, bicubic, area",
        ),
        ([LOAD, {**RESIZE, "edge": "long"}], "pipeline[1].edge: 'long'"),
        ([LOAD, {**RESIZE, "interpolation": "area"}], "pipeline[1].interpolation: 'area'"),
        ([LOAD, {**RESIZE, "scale": (256, -1)}], "pipeline[1].scale: must be"),
        (
            [LOAD, {"type": "Resize", "scale": 224, "keep_ratio": True, "backend": "pillow"}],
            "pipeline[1].keep_ratio",
        ),
        ([LOAD, {"type": "Resize", "scale_factor": 0.5}], "pipeline[1].scale: is missing"),
        ([LOAD, RESIZE, {**CROP, "auto_pad": True}], "pipeline[2].auto_pad"),
        ([LOAD, RESIZE, {**CROP, "crop_size": 257}], "needs 1 <= crop <= resize"),
        ([LOAD, RESIZE], "needs a crop"),
        ([RESIZE, CROP], "LoadImageFromFile: is missing"),
        ([RESIZE, LOAD], "pipeline[1].type: comes after a step that resizes"),
        ([LOAD, LOAD], "pipeline[1].type: comes after a step that decodes"),
        ([{**LOAD, "to_float32": True}], "pipeline[0].to_float32"),
        ([{**LOAD, "color_type": "grayscale"}], "pipeline[0].color_type: 'grayscale'"),
        ([{**LOAD, "imdecode_backend": "turbojpeg"}], "pipeline[0].imdecode_backend"),
        ([LOAD, {"type": "EfficientNetCenterCrop"}], "'EfficientNetCenterCrop' is no step"),
        ([LOAD, {"type": "PackInputs", "input_key": "depth"}], "pipeline[1].input_key"),
        ([{**LOAD, "mirror": True}], "pipeline[0].mirror: is not understood"),
        ([{"type": int}], "pipeline[0].type: must be a text"),
        ([7], "pipeline[0]: needs keys"),
        (7, "pipeline: needs a list"),
        ({"test_dataloader": {}}, "test_dataloader.dataset: is missing"),
        ({"model": {}}, "test_dataloader: is missing, and so is a test_pipeline"),
        ("absent.py", "absent.py: No such file"),
    ],
)
def test_refusals_name_the_key(pipeline: Any, named: str) -> None:
    with pytest.raises(RegcoreError, match=re.escape(named)):
        Recipe.from_mmpretrain(pipeline)


@pytest.mark.parametrize(
    ("preprocessor", "named"),
    [
        ({"type": "SelfSupDataPreprocessor"}, "data_preprocessor.type"),
        ({"mean": [1, 2, 3]}, "data_preprocessor.std: is missing"),
        ({"pad_size_divisor": 32}, "data_preprocessor.pad_size_divisor"),
        ({"pad_size_divisor": []}, "data_preprocessor.pad_size_divisor"),
        ({"bgr_to_rgb": True}, "data_preprocessor.bgr_to_rgb: is not understood"),
        ({"mean": [0.4, 0.4, 0.4], "std": [0.2, 0.2, 0.2]}, "on the scale 0 to 1"),
        ("mean", "data_preprocessor: needs keys"),
    ],
)
def test_refused_preprocessors_name_the_key(preprocessor: Any, named: str) -> None:
    with pytest.raises(UsageError, match=re.escape(named)):
        Recipe.from_mmpretrain([LOAD, RESIZE, CROP], preprocessor)


@pytest.mark.parametrize(
    "statement",
    [
        "test_pipeline[1]['scale'] = 300",
        "test_pipeline.append(dict(type='Pad'))",
        "for step in test_pipeline: step['scale'] = 300",
        "changed = change(test_pipeline)",
        "def dict(**k): return 1\nother = dict(x=test_pipeline)",
        "if True: val_dataloader = None",
        "other = [(test_pipeline := [])]",
        "test_dataloader += 1",
        "exec('test_dataloader = 1')",
    ],
)
def test_what_may_change_a_value_leaves_it_unread(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "c.py"
    path.write_text(f"{DATASET}\n{statement}\n")
    with pytest.raises(UsageError, match=r"test_dataloader: line \d+ computes it"):
        Recipe.from_mmpretrain(path)


def test_a_value_that_is_made_later_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.py"
    path.write_text(f"import os\nwork_dir = os.path.join('a', 'b')\n'text'\n{DATASET}")
    assert Recipe.from_mmpretrain(path).resize == 256


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x = (", "line 1: not Python"),
        ("x = \0", "not Python"),
        ("from base import *", "line 1: import \\*"),
        ("x = " + "-" * 100_000 + "1", "not Python|nested too deeply"),
        ("x = " + "[" * 150 + "]" * 150, "is missing"),
        ("x = " + "+".join(["1"] * 50_000), "nested too deeply|not Python"),
        ("__import__('os').system('touch escaped')", "is missing"),
        ("test_pipeline = __import__('os').system('touch escaped')", "line 1 computes it"),
        ("_base_ = 'c.py'", "more than 64 files"),
        ("_base_ = 'absent.py'", "absent.py: No such file"),
        ("_base_ = 7", "_base_: must be the names of files"),
        ("_base_ = 'mmdet::a.py'", "of another package"),
        ("_base_ = '/dev/zero'", "is a device"),
        ("_base_ = ['a.py', 'a.py']", "two of its files have 'y'"),
        ("x = 9 ** 9 ** 9 ** 9\ntest_pipeline = x", "line 1 computes it"),
        ("x = 1 / 0\ntest_pipeline = x", "line 1 computes it"),
        ("test_pipeline = ['a'] * 999999999", "line 1 computes it"),
        ("test_pipeline = dict(**7)", "line 1 computes it"),
        ("test_pipeline = {{}: 1}", "line 1 computes it"),
        ("test_pipeline = [*x]", "line 1 computes it"),
        ("test_pipeline = '{{ fileDirname }}'", "line 1 computes it"),
        (
            "a0 = [1]\n"
            + "".join(f"a{i} = [{', '.join([f'a{i - 1}'] * 9)}]\n" for i in range(1, 12)),
            "has more than 200000 values",
        ),
    ],
)
def test_hostile_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("y = 1")
    Path("c.py").write_text(text)
    with pytest.raises((DatasetError, UsageError), match=named):
        Recipe.from_mmpretrain("c.py")
    assert not Path("escaped").exists()


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "c.py"
    path.write_text("#" * ((1 << 20) + 1))
    with pytest.raises(DatasetError, match="larger than"):
        Recipe.from_mmpretrain(path)
