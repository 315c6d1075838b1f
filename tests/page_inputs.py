"""What pages take for granted: each function makes it in the current folder.

Where one returns a dict, the page's Python blocks find its names.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from regcore.images.sample_photos import sample_photos

EMULATORS = Path(__file__).resolve().parent / "emulators"


def photos(_: Path) -> None:
    """imagenet/val, with twenty real photos under names of ImageNet's, and val_label.txt."""
    folder = Path("imagenet/val")
    folder.mkdir(parents=True)
    lines = []
    for number, (path, label) in enumerate(zip(*sample_photos(), strict=True), 1):
        name = f"ILSVRC2012_val_{number:08}.JPEG"
        (folder / name).symlink_to(path)
        lines.append(f"{name} {label}\n")
    Path("val_label.txt").write_text("".join(lines))


def model(cache: Path) -> None:
    """model.onnx, a real model that has its recipe inside, and the tag of timm."""
    import onnx

    from regcore.demo import exported_model

    made = onnx.load(exported_model(cache, print))
    for pair in made.metadata_props:
        if pair.value == "tf_efficientnet_lite0":
            pair.value = "tf_efficientnet_lite0.in1k"
    onnx.save(made, "model.onnx")


def bare_model(cache: Path) -> None:
    """theirs.onnx, the same without a recipe."""
    import onnx

    from regcore.demo import exported_model

    made = onnx.load(exported_model(cache, print))
    del made.metadata_props[:]
    onnx.save(made, "theirs.onnx")


def emulated(device: str) -> dict[str, str]:
    """The environment in which a program finds an emulated device of this kind."""
    emulator = {"ascend": "acl_emulator", "tensorrt": "tensorrt_emulator"}.get(device)
    return {"PYTHONPATH": str(EMULATORS / emulator / "on_path")} if emulator else {}


def programs(folder: Path) -> None:
    """Makes stand-ins of the vendors' compilers in `folder`."""
    from vendor_tools import install

    install(folder, "atc", "atc_stand_in.py")
    install(folder, "trtexec", "trtexec_stand_in.py")


def loop(_: Path) -> dict[str, Any]:
    """a.jpg, b.jpg, and what an evaluator of one's own has: paths, labels, model, scores."""
    import torch
    from torch import nn

    paths, labels = sample_photos()
    for name, path in zip(("a.jpg", "b.jpg"), paths, strict=False):
        shutil.copy(path, name)
    torch.manual_seed(0)
    return {
        "paths": paths,
        "labels": labels,
        "scores": torch.randn(20, 1000),
        "model": nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 1000)),
    }


def regnety(_: Path) -> None:
    """regnety_016-54367f74.pth, under the name of the guide's weights: seeded random ones."""
    import timm
    import torch

    torch.manual_seed(0)
    torch.save(timm.create_model("regnety_016").state_dict(), "regnety_016-54367f74.pth")


def twin(_: Path) -> dict[str, Any]:
    """What the definition of exact begins with: a photo, the imports, mean and std."""
    import PIL.Image
    import torchvision
    from torchvision.transforms import InterpolationMode

    return {
        "numpy": np,
        "PIL": PIL,
        "torchvision": torchvision,
        "InterpolationMode": InterpolationMode,
        "path": sample_photos()[0][0],
        "mean": np.float32((0.485, 0.456, 0.406)),
        "std": np.float32((0.229, 0.224, 0.225)),
    }


def run(_: Path) -> None:
    """result, what `regcore run` leaves of photos and model, and names.txt with the classes."""
    import regcore
    from regcore.models.timm.class_names import imagenet_names

    regcore.evaluate_model("model.onnx", "imagenet/val", "val_label.txt", out="result")
    Path("names.txt").write_text("\n".join(imagenet_names()))


def pictures(_: Path) -> dict[str, Any]:
    """a.jpg, b.png, and pictures in every form, with a size for each."""
    from PIL import Image

    images = [Image.open(path).convert("RGB") for path in sample_photos()[0][:2]]
    images[0].save("a.jpg")
    images[1].save("b.png")
    return {
        "Image": Image,
        "images": images,
        "image": images[0],
        "arrays": [np.asarray(image) for image in images],
        "sizes": [(image.width // 2, image.height // 3) for image in images],
        "jpeg_bytes": Path("a.jpg").read_bytes(),
        "width": 300,
        "height": 200,
        "target_width": 448,
        "target_height": 896,
    }
