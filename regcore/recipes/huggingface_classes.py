"""What Hugging Face's image processors do where their configuration does not say it.

transformers 5: the class attributes in models/*/image_processing_pil_*.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_HALF = (0.5, 0.5, 0.5)
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CLIP = (
    (0.48145466, 0.4578275, 0.40821073),
    (0.26862954, 0.26130258, 0.27577711),
)


@dataclass(frozen=True)
class ProcessorClass:
    """The defaults of a class, and what it does in its own way.

    size, crop_size: as in the configuration. filter: Pillow's. square: an int as size means both
    sides. crops: whether the centre is cropped.
    never_crops, normalizes: what the class does, whatever its configuration says of it.
    crop_pct: by which a short side is divided, in whole pixels, before the resize; enlarged: by
    which it is multiplied.
    converts: whether pictures of other modes become RGB, on white.
    warps_from: from this short side on, both sides get it, and nothing is cropped; below it, the
    crop has it. own_keys: those that only this class has, and their defaults.
    """

    size: Mapping[str, int]
    crop_size: Mapping[str, int] | None = None
    filter: str = "bicubic"
    mean: tuple[float, ...] = _HALF
    std: tuple[float, ...] = _HALF
    square: bool = True
    crops: bool = False
    never_crops: bool = False
    normalizes: bool = True
    crop_pct: float | None = None
    enlarged: float = 1.0
    converts: bool = False
    warps_from: int | None = None
    own_keys: Mapping[str, Any] = field(default_factory=dict)


def _square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def _clip(mean: tuple[float, ...] = _CLIP[0], std: tuple[float, ...] = _CLIP[1]) -> ProcessorClass:
    return ProcessorClass(
        {"shortest_edge": 224}, _square(224), mean=mean, std=std, square=False, crops=True,
        converts=True,
    )  # fmt: skip


_MOBILENET = ProcessorClass(
    {"shortest_edge": 256}, _square(224), "bilinear", square=False, crops=True
)

#: By the name in a configuration, without ImageProcessor.
CLASSES = {
    "Beit": ProcessorClass(_square(224), _square(224)),
    "Bit": _clip(),
    "Blip": ProcessorClass(_square(384), mean=_CLIP[0], std=_CLIP[1], converts=True),
    "ChineseCLIP": _clip(),
    "CLIP": _clip(),
    "ConvNext": ProcessorClass(
        {"shortest_edge": 384}, square=False, crop_pct=224 / 256, warps_from=384
    ),
    "DeiT": ProcessorClass(_square(256), _square(224), crops=True),
    "EfficientNet": ProcessorClass(
        _square(346), _square(289), own_keys={"rescale_offset": False, "include_top": True}
    ),
    "Levit": ProcessorClass(
        {"shortest_edge": 224}, _square(224), mean=_IMAGENET[0], std=_IMAGENET[1],
        square=False, crops=True, enlarged=256 / 224,
    ),
    "MobileNetV1": _MOBILENET,
    "MobileNetV2": _MOBILENET,
    "MobileViT": ProcessorClass(
        {"shortest_edge": 224}, _square(256), square=False, crops=True, normalizes=False,
        own_keys={"do_flip_channel_order": True},
    ),
    "PoolFormer": ProcessorClass(
        {"shortest_edge": 224}, _square(224), mean=_IMAGENET[0], std=_IMAGENET[1],
        square=False, crops=True, crop_pct=0.9,
    ),
    "Pvt": ProcessorClass(_square(224), mean=_IMAGENET[0], std=_IMAGENET[1]),
    "Segformer": ProcessorClass(
        _square(512), None, "bilinear", mean=_IMAGENET[0], std=_IMAGENET[1], never_crops=True
    ),
    "Siglip": ProcessorClass(_square(224), square=False, converts=True),
    "ViT": ProcessorClass(_square(224), filter="bilinear"),
}  # fmt: skip
