"""Hugging Face's image processors: recipes, refusals, and pixels by transformers itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import assert_same_bytes, jpeg, open_rgb, photo_like
from PIL import Image

from regcore import Preprocessor, Recipe, RegcoreError, UsageError
from regcore.frameworks import import_torchvision
from regcore.recipes.huggingface import BACKENDS
from regcore.recipes.huggingface_classes import CLASSES

CLIP_VALUES = {
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}

#: Pillow's numbers of filters that torch does not have: box, hamming.
UNKNOWN_TO_TORCH = (4, 5)
#: As on the hub; the last ones are made, so that every key counts.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "clip": {
        "crop_size": 224, "do_center_crop": True, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor", "resample": 3, "size": 224, **CLIP_VALUES,
    },
    "vit": {
        "do_normalize": True, "do_resize": True, "image_processor_type": "ViTImageProcessor",
        "size": 224, **HALF,
    },
    "vit of 384": {
        "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 2,
        "rescale_factor": 0.00392156862745098, "size": {"height": 384, "width": 384},
        "image_processor_type": "ViTImageProcessorFast", **HALF,
    },
    "deit": {
        "crop_size": 224, "do_center_crop": True, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "DeiTFeatureExtractor", "resample": 3, "size": 256, **IMAGENET,
    },
    "beit": {
        "crop_size": 224, "do_center_crop": False, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "BeitFeatureExtractor", "resample": 2, "size": 224, **HALF,
    },
    "convnext": {
        "crop_pct": 0.875, "do_normalize": True, "do_resize": True, "resample": 3, "size": 224,
        "feature_extractor_type": "ConvNextFeatureExtractor", **IMAGENET,
    },
    "convnext of 384": {
        "crop_pct": None, "do_normalize": True, "do_resize": True, "resample": 3,
        "size": {"shortest_edge": 384}, "image_processor_type": "ConvNextImageProcessor",
        **IMAGENET,
    },
    "siglip": {
        "do_normalize": True, "do_rescale": True, "do_resize": True, "processor_class": "Siglip",
        "image_processor_type": "SiglipImageProcessor", "resample": 3,
        "rescale_factor": 0.00392156862745098, "size": {"height": 224, "width": 224}, **HALF,
    },
    "efficientnet": {
        "crop_size": {"height": 289, "width": 289}, "do_center_crop": False, "do_normalize": True,
        "do_rescale": True, "do_resize": True, "image_mean": [0.485, 0.456, 0.406],
        "image_processor_type": "EfficientNetImageProcessor", "include_top": True,
        "image_std": [0.47853944, 0.4732864, 0.47434163], "resample": 0,
        "rescale_factor": 0.00392156862745098, "rescale_offset": False,
        "size": {"height": 224, "width": 224},
    },
    "mobilevit": {
        "crop_size": 256, "do_center_crop": True, "do_flip_channel_order": True, "do_resize": True,
        "feature_extractor_type": "MobileViTFeatureExtractor", "resample": 2, "size": 288,
    },
    "swin": {
        "do_normalize": True, "do_resize": True, "feature_extractor_type": "ViTFeatureExtractor",
        "resample": 3, "size": 224, **IMAGENET,
    },
    "dinov2": {
        "crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_convert_rgb": True,
        "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 3,
        "image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 256}, **IMAGENET,
    },
    "mobilenet v2": {
        "crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_resize": True,
        "image_processor_type": "MobileNetV2ImageProcessor", "size": {"shortest_edge": 256}, **HALF,
    },
    "levit": {
        "do_center_crop": True, "do_resize": True, "resample": 3,
        "feature_extractor_type": "LevitFeatureExtractor", "size": {"shortest_edge": 224},
        **IMAGENET,
    },
    "poolformer": {
        "crop_pct": 0.95, "crop_size": 224, "do_resize_and_center_crop": True, "resample": 3,
        "image_processor_type": "PoolFormerImageProcessor", "size": 224, **IMAGENET,
    },
    "pvt": {"image_processor_type": "PvtImageProcessor", "size": {"height": 224, "width": 224}},
    "blip": {"image_processor_type": "BlipImageProcessor", "do_pad": None},
    "chinese clip": {"image_processor_type": "ChineseCLIPImageProcessor"},
    "mobilenet v1": {"image_processor_type": "MobileNetV1ImageProcessor"},
    "segformer": {
        "do_normalize": True, "do_resize": True, "reduce_labels": False, "resample": 2, "size": 96,
        "feature_extractor_type": "SegformerFeatureExtractor", **IMAGENET,
    },
    "segformer never crops": {
        "image_processor_type": "SegformerImageProcessor", "do_center_crop": True, "crop_size": 50,
        "size": 70,
    },
    "mobilevit never normalises": {
        "image_processor_type": "MobileViTImageProcessor", "do_normalize": True,
        "do_rescale": False, "size": 70, "crop_size": 60, **IMAGENET,
    },
    "a crop that pads": {
        "image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 51},
        "crop_size": {"height": 70, "width": 57},
    },
    "no resize": {
        "image_processor_type": "CLIPImageProcessor", "do_resize": False, "crop_size": 101,
    },
    "no resize by a part": {
        "image_processor_type": "PoolFormerImageProcessor", "do_resize": False, "crop_pct": 0.5,
        "crop_size": 90,
    },
    "no normalise": {"image_processor_type": "ViTImageProcessor", "do_normalize": False},
    "no rescale": {
        "image_processor_type": "ViTImageProcessor", "do_rescale": False,
        "image_mean": [123.0, 116.5, 103.25], "image_std": [58.0, 57.0, 57.5],
    },
    "tf's values": {
        "image_processor_type": "EfficientNetImageProcessor", "rescale_offset": True,
        "rescale_factor": 0.00784313725490196, "do_normalize": False, "include_top": False,
    },
    "a rectangle": {
        "image_processor_type": "ViTImageProcessor", "size": {"height": 40, "width": 97},
        "resample": 1,
    },
    "poolformer of a rectangle": {
        "image_processor_type": "PoolFormerImageProcessor", "size": {"height": 40, "width": 97},
        "crop_size": {"height": 31, "width": 90},
    },
    "nulls as the fast processors of transformers 4 wrote them": {
        "crop_size": None, "data_format": "channels_first", "default_to_square": True,
        "device": None, "disable_grouping": None, "do_center_crop": None, "do_convert_rgb": None,
        "do_normalize": True, "do_pad": None, "do_rescale": True, "do_resize": True,
        "image_processor_type": "DeiTImageProcessorFast", "input_data_format": None,
        "pad_size": None, "resample": 2, "rescale_factor": 0.00392156862745098,
        "return_tensors": None, "size": {"height": 90, "width": 80}, **HALF,
    },
    "switches that are null": {
        "image_processor_type": "EfficientNetImageProcessor", "include_top": None, "size": 60,
        "do_normalize": None, "image_mean": None, "image_std": None, "rescale_offset": None,
    },
    "poolformer without crop_pct": {
        "image_processor_type": "PoolFormerImageProcessor", "crop_pct": None, "size": 70,
    },
    "crop of a square": {
        "image_processor_type": "ViTImageProcessor", "do_center_crop": True, "crop_size": 61,
        "size": 71, "resample": 5,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def photos(labelled_photos: Any) -> list[Any]:
    sizes = [(1, 1), (50, 333), (333, 51), (223, 224), (301, 402), (640, 427), (90, 190)]
    made = [jpeg(photo_like(*size, seed=i)) for i, size in enumerate(sizes)]
    return [*made, *map(str, sorted(labelled_photos.folder.iterdir()))]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_pixels_are_those_of_the_backend(name: str, backend: str, photos: list[Any]) -> None:
    configuration = CONFIGURATIONS[name]
    processor = processor_of(configuration, backend)
    if backend == "torchvision" and configuration.get("resample") in UNKNOWN_TO_TORCH:
        with pytest.raises(UsageError, match="flavour torch has no filter"):
            Recipe.from_huggingface(configuration, backend=backend)
        return
    ours = Preprocessor(Recipe.from_huggingface(configuration, backend=backend))(photos)
    for photo, values in zip(photos, ours, strict=True):
        theirs = processor(open_rgb(photo), return_tensors="np")["pixel_values"][0]
        assert_same_bytes(values, np.ascontiguousarray(theirs))


def processor_of(configuration: dict[str, Any], backend: str) -> Any:
    """The image processor of transformers' backend."""
    import_torchvision()  # which transformers imports, too, beside whatever torch there is
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    kind = configuration.get("image_processor_type", configuration.get("feature_extractor_type"))
    for suffix in ("Fast", "ImageProcessor", "FeatureExtractor"):
        kind = str(kind).removesuffix(suffix)
    suffix = "Pil" if backend == "pil" else ""
    return getattr(transformers, f"{kind}ImageProcessor{suffix}")(**configuration)


SIDES = st.one_of(st.integers(1, 120), st.sampled_from([150, 383, 384, 390]))
PAIRS = st.fixed_dictionaries({"height": SIDES, "width": SIDES})
SIZES = st.one_of(PAIRS, SIDES, st.lists(SIDES, min_size=2, max_size=2))
MEANS = st.sampled_from([IMAGENET["image_mean"], [0.5] * 3, 0.5, 0, [123.675, 116.28, 103.53]])
STDS = st.sampled_from([IMAGENET["image_std"], [0.5] * 3, 0.5, 1, [58.395, 57.12, 57.375]])
FACTORS = st.sampled_from([1 / 255, 1 / 127.5, 1.0, 1, 1 / 256, 1 / 254, 0.0078])
OPTIONS = {
    "size": st.one_of(SIZES, st.fixed_dictionaries({"shortest_edge": SIDES})),
    "crop_size": SIZES,
    "resample": st.integers(0, 5),
    "rescale_factor": FACTORS,
    "image_mean": MEANS,
    "image_std": STDS,
    "crop_pct": st.sampled_from([None, 0.875, 0.9, 0.3, 1.0, 1]),
    "data_format": st.sampled_from(["channels_first", "channels_last"]),
}
FLAGS = """
    do_resize do_center_crop do_rescale do_normalize default_to_square rescale_offset include_top
    do_flip_channel_order do_reduce_labels do_pad
"""
ALL_OPTIONS = OPTIONS | {flag: st.booleans() for flag in FLAGS.split()}
OWN = {key for kind in CLASSES.values() for key in kind.own_keys} | {"crop_pct", "do_pad"}
ARRAYS = [photo_like(*size, seed=size[0]) for size in ((1, 1), (50, 133), (133, 51), (90, 19))]


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Of a class, mostly with keys that it has."""
    name = draw(st.sampled_from(sorted(CLASSES)))
    own = set(CLASSES[name].own_keys) | ({"crop_pct"} if CLASSES[name].crop_pct else set())
    known = {key: value for key, value in ALL_OPTIONS.items() if key not in OWN - own}
    said = draw(st.fixed_dictionaries({}, optional=known))
    nulls = draw(st.sets(st.sampled_from(sorted(known)), max_size=2))
    return {
        "image_processor_type": f"{name}ImageProcessor", **said, **dict.fromkeys(nulls),
    }  # fmt: skip


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(configuration=configurations(), backend=st.sampled_from(BACKENDS))
def test_what_is_not_refused_is_equal(configuration: dict[str, Any], backend: str) -> None:
    try:
        recipe = Recipe.from_huggingface(configuration, backend=backend)
    except UsageError:
        return
    assert_equal_of_arrays(recipe, processor_of(configuration, backend))


def assert_equal_of_arrays(recipe: Recipe, processor: Any) -> None:
    for pixels, values in zip(ARRAYS, Preprocessor(recipe)(ARRAYS), strict=True):
        try:
            theirs = processor(Image.fromarray(pixels), return_tensors="np")["pixel_values"][0]
        except RuntimeError as error:
            if "INTERNAL ASSERT" not in str(error):  # torch's own, of results of a single pixel
                raise
            continue
        assert_same_bytes(values, np.ascontiguousarray(theirs))


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CLASSES)
def test_defaults_are_those_of_the_class(name: str, backend: str, tmp_path: Path) -> None:
    configuration = {"image_processor_type": f"{name}ImageProcessor"}
    processor = processor_of(configuration, backend)
    recipe = Recipe.from_huggingface(configuration, backend=backend)
    assert_equal_of_arrays(recipe, processor)
    processor.save_pretrained(tmp_path)
    assert Recipe.from_huggingface(tmp_path, backend=backend) == recipe


def test_recipes_of_some() -> None:
    values = {"mean": tuple(CLIP_VALUES["image_mean"]), "std": tuple(CLIP_VALUES["image_std"])}
    clip = Recipe.from_huggingface(CONFIGURATIONS["clip"])
    assert clip == Recipe(resize=224, crop=224, crop_offset="floor", **values)
    vit = Recipe.from_huggingface(CONFIGURATIONS["vit"])
    assert (vit.resize, vit.size, vit.filter) == ((224, 224), (224, 224), "bilinear")
    mobilevit = Recipe.from_huggingface(CONFIGURATIONS["mobilevit"])
    assert (mobilevit.channels, mobilevit.mean, mobilevit.std) == ("bgr", (0, 0, 0), (1, 1, 1))
    assert Recipe.from_huggingface(CONFIGURATIONS["tf's values"]).divisor == 127.5


def test_a_class_that_never_normalises_gives_pixels_where_it_does_not_rescale() -> None:
    configuration = {"image_processor_type": "MobileViTImageProcessor", "do_rescale": False}
    assert Recipe.from_huggingface({**configuration, "do_normalize": True}).dtype == "uint8"
    assert Recipe.from_huggingface(configuration).dtype == "uint8"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"do_center_crop": True}, "crop_size: is missing; do_center_crop needs it"),
        ({"size": None}, "size: is missing; do_resize needs it"),
        ({"resample": None}, "resample: is missing; do_resize needs it"),
        ({"rescale_factor": None}, "rescale_factor: is missing; do_rescale needs it"),
        ({"image_std": None}, "image_std: is missing; do_normalize needs it"),
        (
            {"image_processor_type": "ConvNextImageProcessor", "crop_pct": None},
            "crop_pct: is missing; the size needs it",
        ),
        ({"do_flip_channel_order": True}, "do_flip_channel_order: cannot be expressed"),
        ({"image_processor_type": None}, "image_processor_type: is missing"),
        ({"image_processor_type": "SamImageProcessor"}, "'SamImageProcessor' is none of"),
        ({"do_pad": True}, "do_pad: cannot be expressed"),
        ({"resample": 9}, "resample: must be Pillow's"),
        ({"resample": "bicubic"}, "resample: must be Pillow's"),
        ({"rescale_factor": 0.0123}, "rescale_factor: 0.0123: no division"),
        ({"rescale_factor": "1/255"}, "rescale_factor: must be 1e-06 to 1"),
        ({"rescale_factor": 5e-324}, "rescale_factor: must be 1e-06 to 1"),
        ({"rescale_factor": 1e-40}, "rescale_factor: must be 1e-06 to 1"),
        ({"image_processor_type": "ConvNextImageProcessor", "crop_pct": 5e-324}, "crop_pct: must"),
        ({"do_resize_and_center_crop": False}, "do_resize_and_center_crop: is do_resize and"),
        ({"size": {"longest_edge": 224}}, "size.height: is missing"),
        ({"size": {"shortest_edge": 224, "longest_edge": 448}}, "size.longest_edge: is not under"),
        ({"size": {"shortest_edge": 224}}, "do_center_crop: is off"),
        ({"size": {"height": 0, "width": 3}}, "size.height: must be 1 to"),
        ({"size": "224"}, "size: needs keys"),
        ({"do_resize": False}, "do_center_crop: is off"),
        ({"do_normalise": True}, "do_normalise: is not understood"),
        ({"image_mean": [0.5]}, "image_mean: must be one number, not in a list, or three"),
        ({"image_mean": [0.5, 0.5]}, "image_mean: must be one number or three"),
        ({"image_mean": [127.5, 127.5, 127.5]}, "mean (127.5, 127.5, 127.5) is on the scale"),
        ({"do_resize": "yes"}, "do_resize: must be true or false"),
    ],
)
def test_refusals_name_file_and_key(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = tmp_path / "preprocessor_config.json"
    path.write_text(json.dumps({**CONFIGURATIONS["vit"], **change}))
    with pytest.raises(UsageError) as error:
        Recipe.from_huggingface(tmp_path)
    assert words in str(error.value)
    assert str(error.value).startswith(f"{path}: ")


def test_one_number_is_for_all_channels() -> None:
    one = Recipe.from_huggingface({**CONFIGURATIONS["vit"], "image_mean": 0.5, "image_std": 0.5})
    assert one == Recipe.from_huggingface(CONFIGURATIONS["vit"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"do_pad": True}, "image_processor.do_pad: cannot be expressed"),
        ({"image_mean": 127.5}, "image_processor: recipe: mean (127.5, 127.5, 127.5) is on the"),
    ],
)
def test_refusals_within_processor_config(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = tmp_path / "processor_config.json"
    path.write_text(json.dumps({"image_processor": {**CONFIGURATIONS["vit"], **change}}))
    with pytest.raises(UsageError) as error:
        Recipe.from_huggingface(tmp_path)
    assert str(error.value).startswith(f"{path}: {words}")


def test_folders_and_files(tmp_path: Path) -> None:
    vit, clip = (Recipe.from_huggingface(CONFIGURATIONS[name]) for name in ("vit", "clip"))
    inner, outer = tmp_path / "preprocessor_config.json", tmp_path / "processor_config.json"
    inner.write_text(json.dumps(CONFIGURATIONS["clip"]))
    outer.write_text(json.dumps({"processor_class": "CLIPProcessor"}))
    assert Recipe.from_huggingface(str(tmp_path)) == clip
    outer.write_text(json.dumps({"image_processor": CONFIGURATIONS["vit"], "processor_class": "X"}))
    assert Recipe.from_huggingface(tmp_path) == vit
    assert Recipe.from_huggingface(outer) == vit
    assert Recipe.from_huggingface(inner) == clip
    assert Recipe.parse(f"hf:{tmp_path}") == vit


@pytest.mark.slow
def test_transformers_takes_the_same_of_two_files(tmp_path: Path) -> None:
    processor = type(processor_of(CONFIGURATIONS["vit"], "pil"))
    for name, key, size in (("preprocessor", None, 64), ("processor", "image_processor", 96)):
        said = {**CONFIGURATIONS["vit"], "size": size}
        text = json.dumps({key: said} if key else said)
        (tmp_path / f"{name}_config.json").write_text(text)
    theirs = processor.from_pretrained(tmp_path).size
    assert Recipe.from_huggingface(tmp_path).size == (theirs.height, theirs.width) == (96, 96)


def test_other_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(RegcoreError, match=r"has no preprocessor_config\.json"):
        Recipe.from_huggingface(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="of a model of timm's, say timm:"):
        Recipe.from_huggingface(tmp_path)
    config = tmp_path / "config.json"
    config.write_text('{"pretrained_cfg": {}}')
    with pytest.raises(UsageError, match=r"config\.json: pretrained_cfg: is of a model of timm's"):
        Recipe.from_huggingface(config)
