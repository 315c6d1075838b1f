"""The image processor against transformers' own, by its PIL backend."""

from __future__ import annotations

import io
import json
import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes, jpeg, photo_like
from PIL import Image

from regcore import DecodeError, RegcoreError, UsageError
from regcore.frameworks import import_torchvision
from regcore.huggingface import ImageProcessor

CLIP = {"image_processor_type": "CLIPImageProcessor", "size": 70, "crop_size": 61}
VIT = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": 40, "width": 50},
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.5, 0.6, 0.7],
}
CONVNEXT = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 64}}
CONFIGURATIONS = {"clip": CLIP, "vit": VIT, "convnext": CONVNEXT}


def theirs(configuration: dict[str, Any]) -> Any:
    import_torchvision()  # which transformers imports, too, beside whatever torch there is
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    name = configuration["image_processor_type"] + "Pil"
    return getattr(transformers, name)(**configuration)


def opened(encoded: bytes) -> Image.Image:
    return Image.open(io.BytesIO(encoded))


def png(mode: str) -> Image.Image:
    file = io.BytesIO()
    picture = Image.fromarray(photo_like(90, 80)).convert("RGBA")
    picture.putalpha(Image.fromarray(photo_like(90, 80, 3)[..., 1]))
    picture.convert(mode).save(file, "PNG")
    return opened(file.getvalue())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The second one has an orientation, the third one transparency."""
    folder = tmp_path_factory.mktemp("files")
    exif = Image.Exif()
    exif[0x0112] = 6
    (folder / "0.jpg").write_bytes(jpeg(photo_like(120, 90)))
    (folder / "1.jpg").write_bytes(jpeg(photo_like(100, 130, 1), exif=exif.tobytes()))
    png("RGBA").save(folder / "2.png")
    return [str(folder / name) for name in ("0.jpg", "1.jpg", "2.png")]


def inputs(files: list[str]) -> dict[str, Any]:
    torch = pytest.importorskip("torch")
    pixels = photo_like(77, 88, 5)
    pair = np.stack([pixels, pixels[::-1]])
    return {
        "a path": files[1],
        "paths": files,
        "an image": opened(jpeg(photo_like(99, 111))),
        "images": [Image.open(path).convert("RGB") for path in files],
        "turned": opened(Path(files[1]).read_bytes()),
        "nested": [[opened(jpeg(photo_like(99, 80)))], [opened(jpeg(photo_like(80, 99)))]],
        "array": pixels,
        "channels first": np.ascontiguousarray(pixels.transpose(2, 0, 1)),
        "arrays": [pixels, photo_like(66, 99)],
        "a batch": pair,
        "int32": pixels.astype(np.int32),
        "tensor": torch.from_numpy(pixels).permute(2, 0, 1),
        "tensors": [torch.from_numpy(pixels)] * 2,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_values_are_theirs_of_whatever_is_given(name: str, files: list[str]) -> None:
    ours, reference = ImageProcessor(CONFIGURATIONS[name]), theirs(CONFIGURATIONS[name])
    for images in inputs(files).values():
        expected = np.stack(reference(images)["pixel_values"])
        found = ours(images, return_tensors="np").pixel_values
        assert_same_bytes(found, expected)
        listed = ours(images=images)["pixel_values"]
        assert isinstance(listed, list)
        assert_same_bytes(np.stack(listed), expected)
        tensor = ours.preprocess(images, return_tensors="pt").pixel_values
        assert_same_bytes(tensor.numpy(), expected)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_other_modes_are_put_on_white(mode: str) -> None:
    image = png(mode)
    expected = theirs(CLIP)(image, return_tensors="np")["pixel_values"]
    assert_same_bytes(ImageProcessor(CLIP)(image, "np").pixel_values, expected)
    with pytest.raises(UsageError, match=f"mode {mode} needs do_convert_rgb"):
        ImageProcessor(VIT)(image)
    expected = theirs(VIT)(image, return_tensors="np", do_convert_rgb=True)["pixel_values"]
    assert_same_bytes(ImageProcessor(VIT)(image, "np", do_convert_rgb=True).pixel_values, expected)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 4])
def test_arrays_of_other_channels(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (80, 90, channels), np.uint8)
    for array in (pixels, pixels.transpose(2, 0, 1)):
        expected = theirs(CLIP)(array, return_tensors="np")["pixel_values"]
        assert_same_bytes(ImageProcessor(CLIP)(array, "np").pixel_values, expected)


OVERRIDES: list[dict[str, Any]] = [
    {"size": 90},
    {"size": {"shortest_edge": 64}, "crop_size": {"height": 30, "width": 62}},
    {"do_normalize": False},
    {"do_center_crop": False, "size": {"height": 33, "width": 44}},
    {"image_mean": 0.5, "image_std": [0.3, 0.2, 0.1]},
    {"do_rescale": False, "do_normalize": False},
    {"resample": Image.Resampling.LANCZOS},
    {"input_data_format": "channels_last"},
]


@pytest.mark.slow
@pytest.mark.parametrize("change", OVERRIDES, ids=str)
def test_overrides_for_a_call_and_for_good(change: dict[str, Any], tmp_path: Path) -> None:
    pixels = photo_like(120, 100)
    ours, reference = ImageProcessor(CLIP), theirs(CLIP)
    before = ours(pixels, "np").pixel_values
    expected = reference(pixels, return_tensors="np", **change)["pixel_values"]
    assert_same_bytes(ours(pixels, "np", **change).pixel_values, expected)
    assert_same_bytes(ours(pixels, "np").pixel_values, before)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(CLIP))
    again = ImageProcessor.from_pretrained(tmp_path, **change)
    assert_same_bytes(again(pixels, "np").pixel_values, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_fields_are_theirs(name: str, tmp_path: Path) -> None:
    reference = theirs(CONFIGURATIONS[name])
    reference.save_pretrained(tmp_path)
    for ours in (ImageProcessor(CONFIGURATIONS[name]), ImageProcessor.from_pretrained(tmp_path)):
        assert ours.size == dict(reference.size)
        assert bool(ours.do_center_crop) == bool(reference.do_center_crop)
        if ours.do_center_crop:
            assert ours.crop_size == dict(reference.crop_size)
        assert ours.resample == reference.resample
        assert ours.crop_pct == getattr(reference, "crop_pct", None)
        assert tuple(ours.image_mean) == tuple(reference.image_mean)
        assert ours.model_input_names == tuple(reference.model_input_names)
        assert ours.do_rescale is reference.do_rescale is True


@pytest.mark.slow
def test_imagenet_photos(imagenet_photos: list[str]) -> None:
    configuration = {"image_processor_type": "CLIPImageProcessor"}
    reference = theirs(configuration)
    found = ImageProcessor(configuration)(imagenet_photos[::4], "np").pixel_values
    expected = np.stack(reference(imagenet_photos[::4])["pixel_values"])
    assert_same_bytes(found, expected)


def test_features_are_a_dict_of_tensors() -> None:
    torch = pytest.importorskip("torch")
    features = ImageProcessor(CLIP)(photo_like(80, 80), return_tensors="pt")
    assert list(features) == ["pixel_values"]
    assert features.to(torch.float16) is features
    assert features.pixel_values.dtype == torch.float16
    features["labels"] = torch.zeros(1, dtype=torch.int64)
    features["name"] = "a"
    assert features.to("meta", torch.float32).labels.device.type == "meta"
    assert (features.labels.dtype, features.pixel_values.dtype) == (torch.int64, torch.float32)
    with pytest.raises(AttributeError, match="no 'other'; there are pixel_values"):
        _ = features.other


@pytest.mark.slow
@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_it_works_after_a_fork_and_in_another_process(context: str, files: list[str]) -> None:
    processor = ImageProcessor(VIT)
    expected = processor(files, return_tensors="np").pixel_values
    assert_same_bytes(pickle.loads(pickle.dumps(processor))(files, "np").pixel_values, expected)  # noqa: S301
    with ProcessPoolExecutor(1, mp_context=get_context(context)) as pool:
        far = pool.submit(processor, files, "np").result(timeout=60)
    assert_same_bytes(far["pixel_values"], expected)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"do_pad": True}, "do_pad: cannot be expressed"),
        ({"segmentation_maps": []}, "segmentation_maps: is not understood"),
        ({"size": {"longest_edge": 9}}, "size.height: is missing"),
        ({"return_tensors": "tf"}, "return_tensors is pt, np or None, not 'tf'"),
        ({"input_data_format": "hwc"}, "input_data_format 'hwc' is neither"),
        ({"images": "https://example.org/a.jpg"}, "regcore fetches nothing"),
        ({"images": photo_like(9, 9).astype(np.float32)}, "integers of 0 to 255, not float32"),
        ({"images": np.full((9, 9, 3), 256)}, "must be 0 to 255, not 256 to 256"),
        ({"images": photo_like(90, 90)[..., 0]}, r"\(90, 90\) is not RGB"),
        ({"images": photo_like(90, 90)[..., :2]}, "no 1, 3 or 4 channels"),
        ({"images": 3}, "an image cannot be 3"),
        ({"images": [None]}, "an image cannot be None"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(options: dict[str, Any], words: str) -> None:
    images = np.full((90, 90, 3), 255, np.uint8)
    with pytest.raises(UsageError, match=words):
        ImageProcessor(CLIP)(**{"images": images, **options})


def test_folders_and_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "preprocessor_config.json"
    path.write_text(json.dumps({**VIT, "do_pad": True}))
    with pytest.raises(UsageError) as error:
        ImageProcessor.from_pretrained(tmp_path)
    assert str(error.value).startswith(f"{path}: do_pad")
    processor = ImageProcessor.from_pretrained(tmp_path, do_pad=False, workers=1)
    assert repr(processor) == f"<ImageProcessor: 40 x 50, recipe {processor.recipe.identity}>"
    assert (processor.size, processor.backend) == ({"height": 40, "width": 50}, "regcore")
    assert processor.to_dict() == {**VIT, "do_pad": False}
    with pytest.raises(DecodeError, match="none"):
        processor(os.fspath(tmp_path / "none.jpg"))
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        _ = processor.colour
    with pytest.raises(RegcoreError, match="workers must be"):
        ImageProcessor(VIT, workers=0)
