"""The pipelines on torch: torchvision after Pillow's decode, and after TorchCodec's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines import CROP, MEAN, RESIZE, STD, Array, Item, Pass, each, file_of


def _import_torchvision() -> None:
    """Its wheel is for the CUDA build of torch; beside a CPU build it misses these names."""
    import torch

    try:
        import torchvision
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision  # noqa: F401  # while the names are there


def torchvision(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    import torch
    from PIL import Image

    _import_torchvision()
    from torchvision import transforms

    torch.set_num_threads(1)
    steps = transforms.Compose(
        [
            transforms.Resize(RESIZE, transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(CROP),
            transforms.ToTensor(),
            transforms.Normalize(MEAN.tolist(), STD.tolist()),
        ]
    )

    def one(item: Item, slot: Array) -> None:
        slot[...] = steps(Image.open(file_of(item)).convert("RGB")).numpy()

    return each(one, items)


def torchcodec(items: Sequence[Item], threads: int, folder: Path) -> Pass:  # noqa: ARG001
    """TorchCodec decodes only; torchvision's transforms of tensors do the rest."""
    import torch
    from torchcodec.decoders import decode_jpeg

    _import_torchvision()
    from torchvision.transforms import v2

    torch.set_num_threads(1)
    steps = v2.Compose(
        [
            v2.Resize(RESIZE, v2.InterpolationMode.BICUBIC, antialias=True),
            v2.CenterCrop(CROP),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(MEAN.tolist(), STD.tolist(), inplace=True),
        ]
    )

    def one(item: Item, slot: Array) -> None:
        torch.from_numpy(slot).copy_(steps(decode_jpeg(item, mode="RGB")))

    return each(one, items)
