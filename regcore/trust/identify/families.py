"""The means and stds that are in use, on the scale 0 to 1, red, green and blue."""

from __future__ import annotations

from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD

Triple = tuple[float, float, float]

#: Mean and std by the name under which people know them.
FAMILIES: dict[str, tuple[Triple, Triple]] = {
    "ImageNet": (IMAGENET_MEAN, IMAGENET_STD),
    "Inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "0 to 1": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "OpenAI CLIP": (
        (0.48145466, 0.4578275, 0.40821073),
        (0.26862954, 0.26130258, 0.27577711),
    ),
    "DPN": (
        (124 / 255, 117 / 255, 104 / 255),
        (1 / (0.0167 * 255), 1 / (0.0167 * 255), 1 / (0.0167 * 255)),
    ),
    "CIFAR-10": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.201)),
    "ImageNet, mean alone": (IMAGENET_MEAN, (1.0, 1.0, 1.0)),
}

#: The same on the scale 0 to 255, where the numbers are not 255 times those above.
BYTE_FAMILIES: dict[str, tuple[Triple, Triple]] = {
    "pixels as they are": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "Caffe": ((123.68, 116.779, 103.939), (1.0, 1.0, 1.0)),
    "MLPerf": ((123.68, 116.78, 103.94), (1.0, 1.0, 1.0)),
    "ImageNet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "127.5": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "128": ((128.0, 128.0, 128.0), (128.0, 128.0, 128.0)),
    "127 and 128": ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0)),
}


def family_name(mean: tuple[float, ...], std: tuple[float, ...], divisor: float) -> str | None:
    """The name of a mean and std, in this order or turned round, None where nobody knows them."""
    known = BYTE_FAMILIES if divisor == 1 else FAMILIES
    for name, pair in known.items():
        if (mean, std) in (pair, (pair[0][::-1], pair[1][::-1])):
            return name
    return None
