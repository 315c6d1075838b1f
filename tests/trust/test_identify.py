"""Recipes are found again bit by bit, faults are named, and strange tensors are no recipe's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from several_photos import cut_photos

from regcore import Preprocessor, Recipe
from regcore.api.identify import IdentifiedTensor, identify_tensor
from regcore.trust.identify.findings import Outcome

CLIP = {
    "mean": (0.48145466, 0.4578275, 0.40821073),
    "std": (0.26862954, 0.26130258, 0.27577711),
}
BYTES = {"mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375), "divisor": 1.0}
UNIT = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
PILLOW_13: dict[str, Any] = {"pass_order": "pillow13"}

#: One of each kind; all other fields are the default's.
KNOWN: tuple[dict[str, Any], ...] = (
    {},
    {"filter": "bilinear", "resize": 232, **CLIP},
    {"filter": "lanczos", "resize": 249, "crop": 224, "dtype": "bfloat16", "layout": "nhwc"},
    {"filter": "box", "channels": "bgr", "dtype": "float16", "crop_offset": "floor"},
    {"filter": "hamming", "pass_order": "pillow9", "exif": "apply", "arithmetic": "product"},
    {"filter": "nearest", "resize": (224, 224), "crop": None, "arithmetic": "float64"},
    {"flavour": "torch", "filter": "bilinear", "resize": (256, 256), "fit": "outside"},
    {"flavour": "torch_float", "filter": "bicubic", "mean": (0.5,) * 3, "std": (0.5,) * 3},
    {"flavour": "opencv", "filter": "area", "dtype": "uint8", "layout": "nhwc"},
    {"flavour": "opencv", "filter": "lanczos", **BYTES, "crop_offset": "toward_zero"},
    {"flavour": "tensorflow", "filter": "bilinear", "resize": 146, "crop": 128, **BYTES},
    {"flavour": "tensorflow_antialias", "filter": "bicubic", "resize": (224, 224), "crop": None},
    {"channels": "gray", "mean": (0.449,), "std": (0.226,)},
    {"channels": "gray", "dtype": "uint8", "mean": (0.0,), "std": (1.0,)},
    {"resize": 200, "fill": (0, 0, 0)},
    {"resize": (224, 224), "fit": "inside", "fill": (114, 114, 114)},
    {"resize": None, "crop": 224},
    {"dtype": "uint8", "quant_scale": 0.0187, "quant_zero_point": 114},
    {"dtype": "int8", "quant_scale": 1.0, "quant_zero_point": -128, **UNIT, "divisor": 1.0},
    {
        "flavour": "tensorflow_antialias",
        "filter": "bilinear",
        "resize": 255,
        "dtype": "int8",
        "quant_scale": 0.0187,
        "quant_zero_point": -14,
    },
    {"flavour": "tensorflow", "filter": "nearest", "resize": 249, "dtype": "float16"},
    {"std": (0.4914, 0.31234, 0.2222), "mean": (0.1, 0.61, 0.37)},
)


@pytest.fixture(scope="module")
def photos(demo_photos: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Of several ratios, one turned by EXIF, one tall."""
    return cut_photos(demo_photos, tmp_path_factory.mktemp("identify"))


def written(folder: Path, values: NDArray[Any]) -> Path:
    path = folder / "tensor.npy"
    np.save(path, values)
    return path


def identified(folder: Path, recipe: Recipe, photos: list[str], **options: Any) -> IdentifiedTensor:
    """Of plain values, as the guide's scripts leave them."""
    path = folder / "tensor.bin"
    path.write_bytes(Preprocessor(recipe)(photos).tobytes())
    return identify_tensor(path, photos, **options)


@pytest.mark.parametrize("fields", KNOWN, ids=lambda fields: str(fields)[:60])
def test_recipes_are_found_again(fields: dict[str, Any], photos: list[str], tmp_path: Path) -> None:
    recipe = Recipe(**fields)
    found = identified(tmp_path, recipe, photos)
    assert found.recipe is not None
    named = {name: value for one in found.found.alternatives for name, value in one.fields.items()}
    for name, value in recipe.to_dict().items():
        got = found.recipe.to_dict().get(name)
        assert got == value or named.get(name) == getattr(recipe, name), name
    assert found.recipe.dtype == recipe.dtype
    made = Preprocessor(found.recipe)(photos)
    assert made.tobytes() == (tmp_path / "tensor.bin").read_bytes()


FAULTS = {
    "channels are BGR, not RGB": {"channels": "bgr"},
    "mean and std are swapped": {"mean": (0.229, 0.224, 0.225), "std": (0.485, 0.456, 0.406)},
    "mean and std are in the order of the other channels": {
        "mean": (0.406, 0.456, 0.485),
        "std": (0.225, 0.224, 0.229),
    },
    "the filter is bilinear, not bicubic": {"filter": "bilinear"},
    "photos are turned by their EXIF orientation": {"exif": "apply"},
    "the place of the crop is rounded down (crop_offset floor)": {"crop_offset": "floor"},
    "squashed: both sides to 224 x 224, not short side to 256": {"resize": (224, 224)},
    "the dtype is float16, not float32": {"dtype": "float16"},
    "the layout is NHWC, not NCHW": {"layout": "nhwc"},
    "short side to 232, not short side to 256": {"resize": 232},
    "the resize is that of OpenCV, not of Pillow 13": {"flavour": "opencv"},
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_faults_are_named(sentence: str, photos: list[str], tmp_path: Path) -> None:
    expected = Recipe(**PILLOW_13)
    wrong = replace(expected, **FAULTS[sentence])
    found = identified(tmp_path, wrong, photos, expect=expected)
    assert found.found.outcome is Outcome.FOUND
    assert found.compared is not None
    assert found.compared.differences == (sentence,)
    assert not found.as_expected
    assert identified(tmp_path, expected, photos, expect=expected).as_expected


def plain(photo: str) -> NDArray[np.uint8]:
    with Image.open(photo) as image:
        resized = image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
        return np.asarray(resized)


def normalised(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    mean, std = np.float32(Recipe().mean), np.float32(Recipe().std)
    return (pixels.astype(np.float32) / np.float32(255) - mean) / std


def blurred(photo: str) -> NDArray[np.float32]:
    image = Image.fromarray(plain(photo)).filter(ImageFilter.GaussianBlur(1))
    return normalised(np.asarray(image))


def fused(photo: str) -> NDArray[np.float32]:
    mean, std = np.float64(Recipe().mean), np.float64(Recipe().std)
    scale, start = np.float32(1 / (255 * std)), np.float32(-mean / std)
    return plain(photo).astype(np.float32) * scale + start


STRANGE = {
    "another filter or size": blurred,
    "fused: one multiply and one add": fused,
    "a curve, such as a gamma": lambda photo: np.sqrt(plain(photo).astype(np.float32)),
    "rounded to float16": lambda photo: normalised(plain(photo)).astype(np.float16).astype("f4"),
    "not all channels do": lambda photo: np.asarray(
        Image.fromarray(plain(photo)).convert("YCbCr"), np.float32
    ),
    "shows none of these photos": lambda photo: normalised(plain(photo)[:, ::-1]),
}


@pytest.mark.parametrize("words", STRANGE)
def test_what_no_recipe_gives_is_found_by_none(
    words: str, photos: list[str], tmp_path: Path
) -> None:
    values = np.stack([STRANGE[words](photo) for photo in photos])
    found = identify_tensor(written(tmp_path, values), photos)
    assert found.recipe is None
    assert found.found.outcome is not Outcome.FOUND
    assert any(words in note for note in found.found.notes), found.found.notes


#: Mean, std and divisor that leave the pixels as they are.
PIXELS: dict[str, Any] = {**UNIT, "divisor": 1.0}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"flavour": "torch_float"},
        {"flavour": "tensorflow", "filter": "bilinear"},
        {"resize": (224, 224), "fit": "inside", "fill": (114, 114, 114)},
    ],
    ids=str,
)
@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_of_float64_nothing_contradicts_itself(
    fields: dict[str, Any], mean: float, photos: list[str], tmp_path: Path
) -> None:
    pixels = Preprocessor(Recipe(**fields, **PIXELS))(photos).astype(np.float64)
    found = identify_tensor(written(tmp_path, (pixels / 255 - mean) / 0.3), photos).found
    assert found.outcome is Outcome.NEAREST
    assert found.best is not None
    assert found.best.residual.differing > 0
    assert found.best.residual.largest < 1e-6
    assert found.best.recipe.fill == fields.get("fill")
    assert found.next is None or found.next.residual.largest > found.best.residual.largest
    assert found.notes == (
        "its values are float64 that no float32 holds; recipes give float32 at most",
        "rounded to float32, every value is that of the nearest recipe",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"flavour": "tensorflow", "filter": "bilinear"},
        {"resize": (224, 224), "fit": "inside", "fill": (114, 114, 114)},
    ],
    ids=str,
)
@pytest.mark.parametrize("red", [1, -1])
def test_the_nearest_recipe_is_that_of_the_notes(
    fields: dict[str, Any], red: int, photos: list[str], tmp_path: Path
) -> None:
    """Red may fall while the pixels rise, as no recipe's does."""
    pixels = Preprocessor(Recipe(**fields, **PIXELS))(photos)
    scale = np.float32([red, 1, 1]).reshape(3, 1, 1) * np.float32(0.0171)
    values = pixels * scale - np.float32(2.04)
    found = identify_tensor(written(tmp_path, values), photos).found
    assert found.outcome is Outcome.NEAREST
    assert found.best is not None
    (note,) = found.notes
    assert note.startswith("its pixels are")
    assert "those of the nearest recipe" in note
    named = replace(found.best.recipe, **PIXELS)
    np.testing.assert_array_equal(Preprocessor(named)(photos), pixels)


@pytest.mark.parametrize("change", ["a bit", "an order", "another photo", "zeros", "GRB"])
def test_a_tensor_that_differs_by_little_is_not_found(
    change: str, photos: list[str], tmp_path: Path
) -> None:
    values = Preprocessor(Recipe())(photos)
    if change == "a bit":
        values.view(np.uint32)[-1, 0, 7, 7] ^= 1
    elif change == "an order":
        values = values[::-1]
    elif change == "another photo":
        values[1] = values[0]
    elif change == "zeros":
        values[:] = 0
    else:
        values = values[:, [1, 0, 2]]
    found = identify_tensor(written(tmp_path, np.ascontiguousarray(values)), photos)
    assert found.recipe is None
    if change == "a bit":
        assert found.found.best is not None
        assert found.found.best.residual.differing == 1


def test_grey_pixels_that_differ_by_little_have_a_nearest_recipe(
    photos: list[str], tmp_path: Path
) -> None:
    grey = Recipe(channels="gray", dtype="uint8", mean=(0.0,), std=(1.0,), **PILLOW_13)
    values = Preprocessor(grey)(photos)
    values[-1, 0, 7, 7] ^= 1
    found = identify_tensor(written(tmp_path, values), photos)
    assert found.recipe is None
    assert found.found.best is not None
    assert found.found.best.residual.differing == 1


def test_what_photos_do_not_tell_is_named(demo_photos: list[str], tmp_path: Path) -> None:
    """They are square and upright, so that squash, size and EXIF are one."""
    found = identified(tmp_path, Recipe(**PILLOW_13), demo_photos[:4])
    assert found.recipe is not None
    told = {name for one in found.found.alternatives for name in one.fields}
    assert told >= {"resize", "exif", "pass_order", "crop_offset"}
    assert all(one.told_by.startswith("a photo") for one in found.found.alternatives)


def test_forms_of_files(photos: list[str], tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    values = Preprocessor(Recipe(filter="bilinear"))(photos)
    raw = tmp_path / "input.pb"
    raw.write_bytes(onnx.numpy_helper.from_array(values).SerializeToString())
    listed = onnx.helper.make_tensor("x", 1, values.shape, values.ravel().tolist())
    (tmp_path / "listed.pb").write_bytes(listed.SerializeToString())
    np.save(tmp_path / "wide.npy", values.astype(np.float64))
    np.save(tmp_path / "fortran.npy", np.asfortranarray(values))
    for name in ("input.pb", "listed.pb", "wide.npy", "fortran.npy"):
        found = identify_tensor(tmp_path / name, photos)
        assert found.recipe is not None, name
        assert found.recipe.filter == "bilinear"


def test_plain_values_that_are_not_square(photos: list[str], tmp_path: Path) -> None:
    recipe = Recipe(resize=256, crop=(160, 224), filter="bilinear")
    assert identified(tmp_path, recipe, photos, size=(160, 224)).recipe is not None


def command(*arguments: object, code: int = 0) -> str:
    asked = regcore("identify", *arguments)
    assert asked.exit_code == code, asked.output
    return asked.stdout or asked.stderr


def test_the_command(photos: list[str], tmp_path: Path) -> None:
    recipe = Recipe(channels="bgr", **PILLOW_13)
    path = written(tmp_path, Preprocessor(recipe)(photos))
    out = tmp_path / "recipe.json"
    told = command(path, *photos, "-o", out)
    assert "FOUND" in told
    assert "channels are BGR, not RGB" in told
    assert Recipe.from_file(out) == recipe
    found = json.loads(command(path, *photos, "--expect", out, "--json"))
    assert found["expected"] is True
    assert found["best"]["differing"] == 0
    command(path, *photos, "--expect", "regnety_016", code=5)
    np.save(path, np.random.default_rng(0).normal(size=(4, 3, 64, 64)).astype(np.float32))
    found = json.loads(command(path, *photos, "--json", code=5))
    assert found["outcome"] == "unknown"
    assert found["best"] is None


@pytest.mark.parametrize(
    ("name", "content", "words", "code"),
    [
        ("empty.bin", b"", "is empty", 3),
        ("odd.bin", b"x" * 1001, "--size", 3),
        ("bad.npy", b"\x93NUMPY", "no .npy file", 3),
        ("bad.pb", b"\xff\xff", "no TensorProto", 3),
        ("packed.npz", b"PK\3\4" + bytes(1000), "is a zip archive, as NumPy's .npz", 3),
    ],
)
def test_files_that_are_no_tensors(
    name: str, content: bytes, words: str, code: int, photos: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    asked = regcore("identify", tmp_path / name, *photos)
    assert asked.exit_code == code
    assert words in asked.stderr
    assert len(asked.stderr.splitlines()) == 1


def test_a_tensor_of_other_kinds_is_refused(photos: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, np.zeros((4, 3, 32, 32), np.int64))
    assert "int64" in regcore("identify", path, *photos).stderr
    path = written(tmp_path, np.full((4, 3, 32, 32), np.nan, np.float32))
    assert "it holds NaN" in regcore("identify", path, *photos).stderr
    path = written(tmp_path, np.zeros((3, 3, 32, 32), np.float32))
    assert "is not that of 4 images" in regcore("identify", path, *photos).stderr


def folder_of(tmp_path: Path, sources: list[str], recipe: Recipe) -> tuple[Path, Path]:
    """A folder of photos, and one of their .bin files by hands unknown."""
    photos = tmp_path / "photos"
    names = cut_photos(sources, photos)
    made = tmp_path / "bins"
    made.mkdir()
    for name, values in zip(names, Preprocessor(recipe)(names), strict=True):
        (made / f"{Path(name).stem}.bin").write_bytes(values.tobytes())
    return photos, made


def test_a_folder_is_adopted(demo_photos: list[str], tmp_path: Path) -> None:
    recipe = Recipe(filter="bilinear", dtype="float16", **PILLOW_13)
    photos, bins = folder_of(tmp_path, demo_photos, recipe)
    before = {path.name: path.read_bytes() for path in bins.iterdir()}
    found = json.loads(command(bins, photos, "--adopt", "--json"))
    assert found["adopted"] == 4
    assert {name: (bins / name).read_bytes() for name in before} == before
    manifest = json.loads((bins / "manifest.json").read_text())
    assert manifest["recipe"]["filter"] == "bilinear"
    verified = regcore("verify", bins)
    assert verified.exit_code == 0
    assert verified.stdout == "4 of 4 images compared: 0 differ\n"
    assert regcore("verify", "--ledger", bins).exit_code == 0
    # A store again: nothing is made anew.
    again = regcore("preprocess", photos, bins, "--recipe", bins / "manifest.json", "--json")
    assert json.loads(again.stdout)["kept"] == 4
    assert "is a store" in command(bins, photos, code=2)


@pytest.mark.parametrize("fault", ["a byte", "a surplus file", "a missing file", "a size"])
def test_nothing_else_is_adopted(fault: str, photos: list[str], tmp_path: Path) -> None:
    """The faulty file is none of those that are looked at first."""
    source = tmp_path / "photos"
    source.mkdir()
    for number in range(9):
        (source / f"p{number}.jpg").symlink_to(photos[number % len(photos)])
    names = sorted(map(str, source.iterdir()))
    bins = tmp_path / "bins"
    bins.mkdir()
    for name, values in zip(names, Preprocessor(Recipe())(names), strict=True):
        (bins / f"{Path(name).stem}.bin").write_bytes(values.tobytes())
    wrong = bins / "p1.bin"
    if fault == "a byte":
        content = bytearray(wrong.read_bytes())
        content[1000] ^= 1
        wrong.write_bytes(content)
    elif fault == "a size":
        wrong.write_bytes(wrong.read_bytes()[:-4])
    elif fault == "a missing file":
        wrong.unlink()
    else:
        (bins / "more.bin").write_bytes(wrong.read_bytes())
    before = sorted(path.name for path in bins.iterdir())
    code = {"a byte": 5, "a surplus file": 2, "a missing file": 3, "a size": 3}[fault]
    told = command(bins, source, "--adopt", code=code)
    assert ("more.bin" if fault == "a surplus file" else "p1.bin") in told
    assert sorted(path.name for path in bins.iterdir()) == before
