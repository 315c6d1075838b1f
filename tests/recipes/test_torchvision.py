"""Recipes of torchvision's weights and transforms give what these give for PIL images."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

import pytest
from PIL import Image

from regcore import Preprocessor, Recipe, UsageError
from regcore.frameworks import import_torch, import_torchvision

_LARGE = 256


@pytest.fixture(scope="module")
def torchvision() -> Any:
    if not all(map(find_spec, ("torch", "torchvision"))):
        pytest.skip("needs pip install 'regcore[export]'")
    return import_torchvision()


def same(recipe: Recipe, paths: list[str], expected: list[Any]) -> bool:
    batch = Preprocessor(recipe)(paths)
    return all(
        ours.tobytes() == theirs.numpy().tobytes() and ours.shape == tuple(theirs.shape)
        for ours, theirs in zip(batch, expected, strict=True)
    )


def test_every_weight_of_a_classifier(
    torchvision: Any, pictures: list[str], opened: list[Image.Image]
) -> None:
    models = torchvision.models
    seen: set[Recipe] = set()
    differing = []
    for name in models.list_models(module=models):
        for weights in models.get_model_weights(name):
            preset = weights.transforms()
            recipe = Recipe.from_torchvision(weights)
            assert Recipe.from_torchvision(str(weights)) == recipe
            assert Recipe.from_torchvision(f"{name}.{weights.name}") == recipe
            assert Recipe.from_torchvision(preset) == recipe
            if recipe in seen:
                continue
            seen.add(recipe)
            count = 1 if max(recipe.size) > _LARGE else len(pictures)
            expected = [preset(image) for image in opened[:count]]
            if not same(recipe, pictures[:count], expected):
                differing.append((str(weights), recipe))
    assert len(seen) > 20
    assert differing == []


def test_weights_of_tensors(
    torchvision: Any, pictures: list[str], opened: list[Image.Image]
) -> None:
    to_tensor = torchvision.transforms.PILToTensor()
    for weights in ("ResNet50_Weights.IMAGENET1K_V2", "ConvNeXt_Tiny_Weights.IMAGENET1K_V1"):
        recipe = Recipe.from_torchvision(weights, tensors=True)
        assert recipe == Recipe.parse(f"torchvision:{weights}@tensor")
        assert recipe.flavour == "torch_float"
        preset = torchvision.models.get_weight(weights).transforms()
        assert same(recipe, pictures, [preset(to_tensor(image)) for image in opened])
    with pytest.raises(UsageError, match="tensors is for weights"):
        Recipe.from_torchvision(torchvision.transforms.Compose([to_tensor]), tensors=True)


def composes(t: Any, v2: Any, float32: Any, uint8: Any) -> dict[str, Any]:
    """Lists of steps of which each is a recipe."""
    half = ((0.5,) * 3, (0.25, 0.5, 0.75))
    nearest = t.InterpolationMode.NEAREST_EXACT
    return {
        "classic": [t.Resize(256), t.CenterCrop(224), t.ToTensor(), t.Normalize(*half)],
        "pair": [t.Resize((96, 128)), t.ToTensor(), t.Normalize(*half)],
        "pair, cut": [t.Resize([96, 128]), t.CenterCrop((90, 100)), t.ToTensor()],
        "pair, larger crop": [t.Resize((80, 50)), t.CenterCrop((77, 61)), t.ToTensor()],
        "larger crop": [t.Resize([200]), t.CenterCrop([224]), t.ToTensor(), t.Normalize(*half)],
        "no resize": [t.CenterCrop(224), t.PILToTensor(), t.ConvertImageDtype(float32)],
        "pixels": [t.Resize(64, t.InterpolationMode.LANCZOS), t.CenterCrop(60), t.PILToTensor()],
        "a PIL image always has antialias": [
            *(t.Resize(96, antialias=False), t.CenterCrop(90), t.ToTensor()),
        ],
        "tensor without antialias": [
            *(v2.ToImage(), v2.Resize(96, antialias=False), v2.CenterCrop(90)),
            *(v2.ToDtype(float32, scale=True), v2.Normalize(*half)),
        ],
        "nearest": [t.Resize(64, nearest), t.CenterCrop(64), t.ToTensor()],
        "a number": [t.Resize(64, 4), t.CenterCrop(64), t.ToTensor(), t.Normalize([0.5], [0.5])],
        "gray": [
            *(t.Grayscale(), t.Resize(64), t.CenterCrop(64), t.ToTensor()),
            t.Normalize(0.1307, 0.3081),
        ],
        "nested": [t.Compose([t.Resize(64), t.CenterCrop(48)]), t.ToTensor()],
        "v2": [
            *(v2.Resize(256, "bicubic"), v2.CenterCrop(224), v2.ToImage()),
            *(v2.ToDtype(float32), v2.Normalize((123.675, 116.28, 103.53), (58.4, 57.1, 57.4))),
        ],
        "v2 scaled": [
            *(v2.Resize(256), v2.CenterCrop(224), v2.ToImage(), v2.ToDtype(float32, scale=True)),
            v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ],
        "v2 converted": [
            *(v2.Resize(64), v2.CenterCrop(60), v2.PILToTensor(), v2.ConvertImageDtype()),
            v2.Normalize(*half),
        ],
        "v2 pixels": [v2.Resize(70), v2.CenterCrop((64, 80)), v2.PILToTensor()],
        "v2 of tensors": [
            *(v2.ToImage(), v2.ToDtype(uint8, scale=True), v2.Resize(256), v2.CenterCrop(224)),
            *(v2.ToDtype(float32, scale=True), v2.Normalize(*half)),
        ],
        "v2 of tensors by bicubic": [
            *(v2.PILToTensor(), v2.Resize((96, 128), "bicubic"), v2.ToDtype(float32)),
        ],
        "of tensors": [
            *(t.PILToTensor(), t.Resize(256), t.CenterCrop(224), t.ConvertImageDtype(float32)),
        ],
        "v2 gray": [v2.Grayscale(1), v2.Resize((32, 32)), v2.ToImage(), v2.ToDtype(float32)],
    }


@pytest.mark.filterwarnings("ignore:Anti-alias option is always applied for PIL")
def test_composes(torchvision: Any, pictures: list[str], opened: list[Image.Image]) -> None:
    from torchvision.transforms import v2

    t, torch = torchvision.transforms, import_torch()
    for name, steps in composes(t, v2, torch.float32, torch.uint8).items():
        lists = [t.Compose(steps)]
        if name.startswith("v2"):
            lists = [v2.Compose(steps), torch.nn.Sequential(*steps)]
        for each in lists:
            recipe = Recipe.from_torchvision(each)
            assert same(recipe, pictures, [each(image) for image in opened]), name


def refused(t: Any, v2: Any, torch: Any) -> dict[str, list[Any]]:
    """By the words of the refusal."""
    resize, crop, tensor = t.Resize(256), t.CenterCrop(224), t.ToTensor()
    normalize = t.Normalize([0.5], [0.5])
    return {
        "no recipe has a step torchvision.transforms.transforms.Pad": [resize, t.Pad(4)],
        "step torchvision.transforms.transforms.RandomHorizontalFlip": [t.RandomHorizontalFlip()],
        "step torch.nn.modules.linear.Identity": [resize, torch.nn.Identity()],
        "no recipe has a step torchvision.transforms.functional.hflip": [
            *(resize, t.functional.hflip),
        ],
        "v2._geometry.RandomResizedCrop": [v2.RandomResizedCrop(224)],
        "Resize: no recipe has a max_size, here 300": [t.Resize(256, max_size=300), crop],
        "Resize: antialias False of tensors by way of": [
            *(t.PILToTensor(), t.Resize(256, antialias=False), crop),
        ],
        "Grayscale: num_output_channels 3": [t.Grayscale(3), resize, crop, tensor],
        "Resize after CenterCrop: a recipe has": [crop, resize, tensor],
        "Resize after Resize": [resize, resize, crop, tensor],
        "CenterCrop after ToTensor": [resize, tensor, crop],
        "Resize after ToDtype": [v2.ToImage(), v2.ToDtype(torch.float32), v2.Resize(256), crop],
        "flavour torch has no filter box": [v2.ToImage(), v2.Resize(256, 4), crop],
        "CenterCrop after ToTensor: a recipe": [resize, tensor, crop, v2.ToImage()],
        "Grayscale after Resize": [resize, t.Grayscale(), crop, tensor],
        "needs a CenterCrop, or a Resize to rows and columns": [resize, tensor],
        "needs ToTensor, PILToTensor or ToImage": [resize, crop],
        "Normalize needs a conversion to float32": [crop, t.PILToTensor(), normalize],
        "ConvertImageDtype: dtype torch.float16": [
            *(resize, crop, t.PILToTensor(), t.ConvertImageDtype(torch.float16)),
        ],
        "recipe: mean needs three finite numbers": [
            *(resize, crop, tensor, t.Normalize([0.5, 0.5], [0.5, 0.5])),
        ],
        "is on the scale 0 to 255": [
            *(resize, crop, tensor, t.Normalize([123.7, 116.3, 103.5], [58, 57, 57])),
        ],
    }


def test_what_no_recipe_describes_is_refused_by_name(torchvision: Any) -> None:
    from torchvision.transforms import v2

    t, torch = torchvision.transforms, import_torch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = refused(t, v2, torch)
    for words, steps in cases.items():
        with pytest.raises(UsageError) as caught:
            Recipe.from_torchvision(t.Compose(steps))
        assert words in str(caught.value)


def test_a_class_of_ones_own_is_refused(torchvision: Any) -> None:
    class Resize(torchvision.transforms.Resize):  # type: ignore[misc]
        pass

    with pytest.raises(UsageError, match=r"no recipe has a step .*<locals>\.Resize"):
        Recipe.from_torchvision(torchvision.transforms.Compose([Resize(4)]))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("resnet5", r"no weights of 'resnet5'; near it are resnet50"),
        ("ResNet50_Weight.DEFAULT", "near it are .*ResNet50_Weights"),
        ("ResNet50_Weights.V3", "no ResNet50_Weights.V3; there are ResNet50_Weights.IMAGENET1K_V1"),
        ("resnet50", "weights that want different images, name yours: ResNet50_Weights"),
        ("DeepLabV3_ResNet50_Weights.DEFAULT", "SemanticSegmentation is neither weights"),
        (5, "int says nothing of the images"),
        (None, "NoneType says nothing"),
    ],
)
@pytest.mark.usefixtures("torchvision")
def test_sources_that_are_none(source: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Recipe.from_torchvision(source)


@pytest.mark.usefixtures("torchvision")
def test_names() -> None:
    recipe = Recipe.from_torchvision("ResNet50_Weights.IMAGENET1K_V2")
    assert (recipe.resize, recipe.crop, recipe.filter) == (232, 224, "bilinear")
    assert Recipe.from_torchvision("resnet50.DEFAULT") == recipe
    assert Recipe.from_torchvision("ResNet50_Weights.DEFAULT") == recipe
    assert Recipe.from_torchvision("resnet18").resize == 256
