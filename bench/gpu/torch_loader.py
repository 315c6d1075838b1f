"""regcore.torch's loader onto the GPU: the same bytes as on the CPU, and at the same rate."""

from __future__ import annotations

from itertools import cycle, islice
from time import perf_counter

import torch
from gpu.check import Check, run

from regcore import Recipe
from regcore.torch import ImageLoader

IMAGES = 6400
BATCH = 64
TARGET = 0.9  # of the rate at which batches come to the CPU


def step(check: Check) -> None:
    photos = list(islice(cycle(check.photos), IMAGES))
    recipe = Recipe.preset("regnety_016")
    rates = {}
    sums: dict[str, torch.Tensor] = {}
    for device in ("cpu", "cuda", "cpu", "cuda"):
        loader = ImageLoader(photos, None, recipe, BATCH, device=device)
        parts = []
        start = perf_counter()
        for images, _ in loader:
            # Integers, so that the order of the additions cannot matter.
            parts.append(images.view(torch.int32).sum(dim=(1, 2, 3)) if device == "cuda" else None)
        torch.cuda.synchronize()
        rates[device] = max(rates.get(device, 0.0), IMAGES / (perf_counter() - start))
        sums[device] = torch.cat(parts).cpu() if parts[0] is not None else torch.empty(0)
    on_cpu = [
        images.view(torch.int32).sum(dim=(1, 2, 3))
        for images, _ in ImageLoader(photos, None, recipe, BATCH, device="cpu")
    ]
    equal = torch.equal(torch.cat(on_cpu), sums["cuda"])
    check.ok(equal, f"{IMAGES} images on the GPU have the sums of those on the CPU")
    check.ok(
        rates["cuda"] >= TARGET * rates["cpu"],
        f"batches of {BATCH} onto the GPU: {rates['cuda']:,.0f} images/s, to the CPU "
        f"{rates['cpu']:,.0f}",
        **rates,
    )


if __name__ == "__main__":
    run("regcore.torch's loader", step)
