"""torchvision: its transforms on images of Pillow, and its own decoders and resize on tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regcore.frameworks import import_torchvision
from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.peers.protocol import Peer, Pixels, Values, Way
from regcore.trust.doctor.reference import decode as decode_by_pillow


def _ways(recipe: Recipe) -> Sequence[Way]:
    import_torchvision()
    import torch
    from torchvision import transforms
    from torchvision.transforms import v2

    by = getattr(v2.InterpolationMode, recipe.filter.upper())
    crops = v2.Compose(
        [v2.Resize(recipe.resize, interpolation=by, antialias=True), v2.CenterCrop(recipe.crop)]
    )
    scale = v2.Compose(
        [v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(recipe.mean), list(recipe.std))]
    )

    normalize = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize(list(recipe.mean), list(recipe.std))]
    )

    def tensor_of_picture(pixels: Pixels) -> Values:
        return np.asarray(normalize(pixels))

    def tensor_of_tensor(pixels: Pixels) -> Values:
        return np.asarray(scale(v2.functional.to_image(pixels)))

    def crop_of_picture(pixels: Pixels) -> Values:
        from PIL import Image

        return np.asarray(crops(Image.fromarray(pixels)))

    def crop_of_tensor(pixels: Pixels) -> Values:
        given = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
        return np.asarray(crops(given).permute(1, 2, 0))

    return [
        Way("torchvision-pil", decode_by_pillow, crop_of_picture, tensor_of_picture),
        Way("torchvision-tensor", _decode, crop_of_tensor, tensor_of_tensor),
    ]


def _decode(encoded: bytes) -> Pixels:
    import torch
    from torchvision import io

    given = torch.frombuffer(bytearray(encoded), dtype=torch.uint8)
    found = io.decode_image(given, mode=io.ImageReadMode.RGB)
    if found.dtype != torch.uint8:  # of files of 16 bits
        raise ValueError(f"gives {found.dtype}")
    return np.asarray(found.permute(1, 2, 0), np.uint8)


PEER = Peer("torchvision", ("torchvision",), _ways)
