"""The image processor of Qwen-VL with regcore's resize: the same values, all pictures at once.

    pip install 'regcore[demo]' 'transformers>=5.24'
    python examples/qwen_vl_processor.py

The processor resizes one picture after the other by Pillow, on one core. Here a whole request is
resized by one call, on all cores. The photos are the demo's; put your own in their place.
"""

from typing import Any

import numpy as np
from PIL import Image
from transformers.models.qwen2_vl import image_processing_pil_qwen2_vl as qwen2_vl

import regcore
from regcore.images.sample_photos import sample_photos


class RegcoreImageProcessor(qwen2_vl.Qwen2VLImageProcessorPil):
    """Qwen2-VL's, which Qwen2.5-VL and Qwen3-VL use too, with one step by regcore."""

    def _preprocess(self, images: list[np.ndarray], **options: Any) -> Any:
        if not options["do_resize"]:
            return super()._preprocess(images, **options)
        sizes = []
        for image in images:  # channels first
            height, width = qwen2_vl.smart_resize(
                *image.shape[-2:],
                factor=options["patch_size"] * options["merge_size"],
                min_pixels=options["size"].shortest_edge,
                max_pixels=options["size"].longest_edge,
            )
            sizes.append((width, height))
        pixels = [image.transpose(1, 2, 0) for image in images]
        resized = regcore.resize(pixels, sizes, filter=options["resample"])
        options["do_resize"] = False
        return super()._preprocess([image.transpose(2, 0, 1) for image in resized], **options)


paths, _ = sample_photos()
images = [Image.open(path).convert("RGB") for path in paths[:6]]
# Pictures of other shapes, as users send them.
images += [image.crop((0, 0, 512, 200)) for image in images[:2]]
images += [image.resize((2000, 700)) for image in images[:2]]

expected = qwen2_vl.Qwen2VLImageProcessorPil()(images, return_tensors="np")
actual = RegcoreImageProcessor()(images, return_tensors="np")
same = all(np.array_equal(actual[name], expected[name]) for name in expected)
print(f"{len(images)} pictures, {len(actual['pixel_values'])} patches")
print(f"equal to the processor's own: {same}")
